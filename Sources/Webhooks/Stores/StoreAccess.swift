internal import WebhookCore
internal import WebhooksSQLite

/// A kind of store: the way to open it, and to be its dispatcher. May block; not for a thread of the concurrency pool.
protocol StoreAccess: Sendable {
    /// The place for people: a path or a URL, never with a password.
    var name: String { get }

    /// True where several dispatchers may run at the same time; a command that delivers keeps all of them out.
    var isShared: Bool { get }

    /// Opens it for appending and changing, or for reading alone.
    ///
    /// - Throws: ``StoreError``: `missing` where it isn't there and the role doesn't make it.
    func open(_ role: StoreRole) throws(StoreError) -> any WebhookStore

    /// Takes the right to be its dispatcher, or fails at once. It ends with the object.
    ///
    /// - Parameter role: what for, in one word.
    /// - Throws: ``StoreError`` with `locked`, naming the holder, or why there can be none.
    func lock(_ role: String) throws(StoreError) -> any StoreLock

    /// Opens it for delivering.
    ///
    /// - Parameter lock: its own.
    func openDispatcher(_ lock: any StoreLock) throws(StoreError) -> OpenedDispatcher

    /// The process that holds the lock; `nil`: nobody does, or it can't be told.
    ///
    /// - Parameter reader: opens the store for reading, where that has to be asked.
    func dispatcher(_ reader: () async throws(StoreError) -> any WebhookStore) async throws(StoreError)
        -> DispatcherRecord?

    /// Opens it to be copied, and holds it against dispatchers.
    ///
    /// - Throws: ``StoreError``: `locked`, naming the dispatcher, or why it can't be opened.
    func copySource() throws(StoreError) -> any StoreCopySource

    /// Opens it to become a copy, and holds it against dispatchers.
    ///
    /// - Throws: ``StoreError``, as ``copySource()``.
    func copyTarget() throws(StoreError) -> any StoreCopyTarget

    /// Makes sure that it can still be used, where that may have changed since it was opened.
    func verify() async throws(StoreError)

    /// Looks at the server that it is on; nothing where it is on none.
    ///
    /// - Throws: ``StoreError``: why the server can't be used.
    func serverFindings() throws(StoreError) -> [DoctorFinding]
}

extension StoreAccess {
    var isShared: Bool { false }
    func serverFindings() throws(StoreError) -> [DoctorFinding] { [] }
    func verify() async throws(StoreError) {}
}

/// A store opened for delivering.
struct OpenedDispatcher: Sendable {
    var store: any WebhookStore
    var lock: any StoreLock
    var mark: any RenderingMark = NoRenderingMark()
    /// The leases, if other dispatchers may work beside this one; `nil`: it is alone.
    var leases: (any LeaseStore)?

    /// Lets go of everything.
    func close() {
        store.close()
        mark.close(removing: true)
        lock.release()
    }
}

extension StoreLocation {
    /// The way to open a store of this kind.
    func access() throws(StoreError) -> any StoreAccess {
        switch self {
        case .sqlite(let path, let prefix): return SQLiteAccess(path: path, prefix: try TablePrefix(prefix))
        case .postgres(let url, let schema, let password):
            #if PostgreSQL
                return try PostgresAccess(url: url, schema: schema, password: password)
            #else
                throw StoreError(
                    .unavailable,
                    "\(self) is on PostgreSQL, and this program is built without: turn on the trait `PostgreSQL`"
                )
            #endif
        }
    }
}
