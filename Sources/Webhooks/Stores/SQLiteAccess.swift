internal import WebhookCore
internal import WebhooksSQLite

/// A store in an SQLite file of its own.
struct SQLiteAccess: StoreAccess {
    let path: String
    let prefix: TablePrefix

    var name: String { path }

    func open(_ role: StoreRole) throws(StoreError) -> any WebhookStore {
        try SQLiteStore.open(path: path, prefix, role: role)
    }

    func lock(_ role: String) throws(StoreError) -> any StoreLock {
        try DispatcherLock.acquire(path: path, prefix, role: role)
    }

    func openDispatcher(_ lock: any StoreLock) throws(StoreError) -> OpenedDispatcher {
        let store = try SQLiteStore.open(path: path, prefix, role: .dispatcher, lock: lock as? DispatcherLock)
        return OpenedDispatcher(store: store, lock: lock, mark: RenderingMarkFile(storePath: path, prefix))
    }

    func dispatcher(_ reader: () async throws(StoreError) -> any WebhookStore) async throws(StoreError)
        -> DispatcherRecord?
    {
        DispatcherRecord(path: path, prefix)
    }

    func copySource() throws(StoreError) -> any StoreCopySource { try SQLiteCopySource(path: path, prefix) }

    func copyTarget() throws(StoreError) -> any StoreCopyTarget { try SQLiteCopyTarget(path: path, prefix) }
}

/// A store in a database that a host has opened: a file, or memory.
struct HostAccess: StoreAccess {
    let host: HostDatabase

    var name: String { host.path ?? "a database in memory" }

    func open(_ role: StoreRole) throws(StoreError) -> any WebhookStore {
        try SQLiteStore(sharing: host, role: .writer)
    }

    func lock(_ role: String) throws(StoreError) -> any StoreLock {
        guard let path = host.path else { return try host.claim(role: role) }
        return try DispatcherLock.acquire(path: path, host.prefix, role: role, connection: host.connection)
    }

    func openDispatcher(_ lock: any StoreLock) throws(StoreError) -> OpenedDispatcher {
        let store = try SQLiteStore(sharing: host, role: .dispatcher, lock: lock as? DispatcherLock)
        guard let path = host.path else { return OpenedDispatcher(store: store, lock: lock) }
        return OpenedDispatcher(store: store, lock: lock, mark: RenderingMarkFile(storePath: path, host.prefix))
    }

    func dispatcher(_ reader: () async throws(StoreError) -> any WebhookStore) async throws(StoreError)
        -> DispatcherRecord?
    {
        guard let path = host.path else { return host.claimHolder.map { DispatcherRecord($0) } }
        return DispatcherRecord(path: path, host.prefix)
    }

    func verify() async throws(StoreError) { try await host.verify() }

    func copySource() throws(StoreError) -> any StoreCopySource { throw isHosts }

    func copyTarget() throws(StoreError) -> any StoreCopyTarget { throw isHosts }

    private var isHosts: StoreError {
        StoreError(.refused, "\(name) is open in a host: copy it when the host has ended")
    }
}
