internal import Dispatch
internal import Logging
internal import Synchronization
internal import WebhookCore
internal import WebhooksSQLite

/// Opens the store when it is needed, and in the way it is needed.
final class StoreConnections: Sendable {
    let location: StoreLocation?
    /// A database that a host has opened, in place of the location.
    let host: HostDatabase?
    /// The log of whoever works with the store.
    let lines: BoundedLogger
    private let opened = Mutex(Opened())
    private let announcement: Mutex<@Sendable (String) -> Void>
    /// Opening may wait for a disk or a network, which no thread of the concurrency pool should.
    private let queue = DispatchQueue(label: "webhooks.stores")

    #if PostgreSQL
        private let notices: ServerNoticeLog?
    #endif

    private struct Opened {
        var reader: (any WebhookStore)?
        var writer: (any WebhookStore)?
    }

    /// - Parameters:
    ///   - location: the configured one.
    ///   - host: a database to use in its place.
    ///   - logger: for what a server says beside its answers, and everybody else.
    ///   - onNew: told the name of a store that was made.
    init(
        location: StoreLocation?,
        host: HostDatabase? = nil,
        logger: Logger? = nil,
        onNew: @escaping @Sendable (String) -> Void
    ) {
        self.location = location
        self.host = host
        lines = BoundedLogger(logger ?? Logger(label: "webhooks"))
        announcement = Mutex(onNew)
        #if PostgreSQL
            notices = logger.map(ServerNoticeLog.init)
        #endif
    }

    /// Sets the callback that is told from now on that a store was made.
    func onNew(_ tell: @escaping @Sendable (String) -> Void) { announcement.withLock { $0 = tell } }

    /// Says that a store was made, where it was.
    func announce(_ store: any WebhookStore) {
        if store.isNew { announcement.withLock(\.self)(store.name) }
    }

    /// The kind of store that is configured.
    func access() throws(StoreError) -> any StoreAccess {
        if let host { return HostAccess(host: host) }
        guard let location else {
            throw StoreError(
                .missing,
                "no store is configured",
                remedy: .nameStore
            )
        }
        let access = try location.access()
        #if PostgreSQL
            if let notices, let server = access as? PostgresAccess { return server.logging(to: notices) }
        #endif
        return access
    }

    /// The beginning of the names of the store's tables, where it is on SQLite.
    func tablePrefix() throws(WebhooksError) -> TablePrefix {
        do throws(StoreError) {
            switch try access() {
            case let file as SQLiteAccess: return file.prefix
            case let access as HostAccess: return access.host.prefix
            default: return .standard
            }
        } catch {
            throw WebhooksError(error)
        }
    }

    /// The store's name for people.
    var name: String { (try? access().name) ?? "no store" }

    /// The file that the store is in.
    ///
    /// - Parameter what: what needs one, for the message.
    func path(for what: String) throws(StoreError) -> String {
        switch try access() {
        case let file as SQLiteAccess: return file.path
        case let host as HostAccess:
            guard let path = host.host.path else { throw StoreError(.unavailable, "a database in memory has no file") }
            return path
        case let other: throw StoreError(.refused, "\(what) needs a store in a file, and \(other.name) is none")
        }
    }

    /// The store for appending beside a dispatcher; makes the store where there is none.
    func writer() async throws(StoreError) -> any WebhookStore {
        if let writer = opened.withLock(\.writer) { return writer }
        return try await onQueue { [self] () throws(StoreError) in
            if let writer = opened.withLock(\.writer) { return writer }
            let writer = try access().open(.writer)
            announce(writer)
            opened.withLock { $0.writer = writer }
            return writer
        }
    }

    /// The store for changing what is there; an error where there is no store.
    func existingWriter() async throws(StoreError) -> any WebhookStore {
        _ = try await reader()
        return try await writer()
    }

    /// For reading; an error where there is no store.
    func reader() async throws(StoreError) -> any WebhookStore {
        // A host's tables are there, and it has one connection.
        if host != nil { return try await writer() }
        if let store = opened.withLock({ $0.writer ?? $0.reader }) { return store }
        return try await onQueue { [self] () throws(StoreError) in
            if let store = opened.withLock({ $0.writer ?? $0.reader }) { return store }
            let reader = try access().open(.reader)
            opened.withLock { $0.reader = reader }
            return reader
        }
    }

    /// Takes the right to be the store's dispatcher.
    ///
    /// - Throws: ``StoreError`` with `locked`, naming the holder, or why there can be none.
    func lock(_ role: DispatcherRole) async throws(StoreError) -> any StoreLock {
        let access = try access()
        return try await onQueue { () throws(StoreError) in try access.lock(role.rawValue) }
    }

    /// Opens the store for delivering.
    ///
    /// - Parameter lock: its own.
    func dispatcher(_ lock: any StoreLock) async throws(StoreError) -> OpenedDispatcher {
        let access = try access()
        return try await onQueue { () throws(StoreError) in try access.openDispatcher(lock) }
    }

    /// Looks at the server that the store is on; nothing where it is on none.
    func serverFindings() async throws(StoreError) -> [DoctorFinding] {
        let access = try access()
        return try await onQueue { () throws(StoreError) in try access.serverFindings() }
    }

    /// The process that holds the store's lock; `nil`: nobody does, or it can't be told.
    func holder() async -> DispatcherRecord? {
        guard let access = try? access() else { return nil }
        return try? await access.dispatcher { [self] () async throws(StoreError) in try await reader() }
    }

    private func onQueue<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(StoreError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}

/// The purpose for which a process holds a store's dispatcher lock.
package enum DispatcherRole: String, Sendable, Hashable {
    /// It delivers everything.
    case run
    /// It delivers what it emits, and ends.
    case emit
    /// It sends a test, and ends.
    case test
    /// It sends again what it was asked to, and ends.
    case retrigger
}
