#if PostgreSQL
    internal import WebhookCore
    internal import WebhooksPostgres

    /// A store in a schema of a PostgreSQL database.
    struct PostgresAccess: StoreAccess {
        private var target: PostgresTarget

        init(url: Secret, schema: String, password: Secret?) throws(StoreError) {
            guard let schema = SchemaName(schema) else {
                throw StoreError(.unavailable, "the store's schema can't have that name: a-z, 0-9 and _")
            }
            target = try PostgresTarget(url: url, password: password, schema: schema)
        }

        var name: String { target.description }
        var isShared: Bool { true }

        /// The same store, with what its server says beside its answers in a log.
        func logging(to log: ServerNoticeLog) -> PostgresAccess {
            var access = self
            access.target.onNotice = { [name] in log.write($0, from: name) }
            return access
        }

        func open(_ role: StoreRole) throws(StoreError) -> any WebhookStore {
            try PostgresStore.open(target, role: role == .reader ? .reader : .writer)
        }

        func lock(_ role: String) throws(StoreError) -> any StoreLock {
            // Who runs shares the store with others who do; a command that delivers has it for itself, for a moment.
            let isNode = role == DispatcherRole.run.rawValue
            return PostgresLock(try PostgresStore.open(target, role: isNode ? .node : .dispatcher, purpose: role))
        }

        func openDispatcher(_ lock: any StoreLock) throws(StoreError) -> OpenedDispatcher {
            guard let lock = lock as? PostgresLock else {
                throw StoreError(.unavailable, "the lock is another store's")
            }
            let leases = lock.store.role == .node ? lock.store : nil
            return OpenedDispatcher(store: lock.store, lock: lock, leases: leases)
        }

        func dispatcher(_ reader: () async throws(StoreError) -> any WebhookStore) async throws(StoreError)
            -> DispatcherRecord?
        {
            guard let store = try await reader() as? PostgresStore else { return nil }
            return try await store.dispatcher()
        }

        func serverFindings() throws(StoreError) -> [DoctorFinding] {
            let facts = try ServerFacts.read(target, patience: ServerFindings.patience)
            return ServerFindings.findings(facts, name)
        }

        func copySource() throws(StoreError) -> any StoreCopySource { try PostgresCopySource(target) }

        func copyTarget() throws(StoreError) -> any StoreCopyTarget { try PostgresCopyTarget(target) }
    }

    /// The right to deliver, which the session of the dispatcher's own store has.
    private final class PostgresLock: StoreLock {
        let store: PostgresStore

        init(_ store: PostgresStore) { self.store = store }

        deinit { release() }

        func release() { store.close() }
        func noteStopping() { store.note(.stopping) }
        func noteAlive() { store.note(.alive) }
        func note(trouble: StoreError?) { store.note(.trouble(trouble?.code.rawValue)) }
        func note(_ unusable: UnusableSubscriptions) { store.note(.unusable(unusable)) }
        func note(refusedProblems: Int) { store.note(.refused(refusedProblems)) }
    }
#endif
