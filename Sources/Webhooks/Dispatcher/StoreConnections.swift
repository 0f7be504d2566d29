internal import Synchronization
internal import WebhookCore
internal import WebhooksSQLite

/// Opens the store when it is needed, and in the way it is needed.
final class StoreConnections: Sendable {
    let location: StoreLocation?
    /// A database that a host has opened, in place of the location.
    let host: HostDatabase?
    private let opened = Mutex(Opened())
    private let announcement: Mutex<@Sendable (String) -> Void>

    private struct Opened {
        var reader: SQLiteStore?
        var writer: SQLiteStore?
    }

    /// - Parameters:
    ///   - location: the configured one.
    ///   - host: a database to use in its place.
    ///   - onNew: told the path of a store that was made.
    init(location: StoreLocation?, host: HostDatabase? = nil, onNew: @escaping @Sendable (String) -> Void) {
        self.location = location
        self.host = host
        announcement = Mutex(onNew)
    }

    /// Sets the callback that is told from now on that a store was made.
    func onNew(_ tell: @escaping @Sendable (String) -> Void) { announcement.withLock { $0 = tell } }

    /// Says that a store was made, where it was.
    func announce(_ store: SQLiteStore) {
        if store.isNew { announcement.withLock(\.self)(store.path) }
    }

    /// The file that the store is in; `nil`: a host's in memory.
    func file() throws(StoreError) -> String? {
        if let host { return host.path }
        return try configuredFile()
    }

    /// The file that the store is in, for what needs one.
    func path() throws(StoreError) -> String {
        guard let file = try file() else { throw StoreError(.unavailable, "a database in memory has no file") }
        return file
    }

    /// Stores other than SQLite's are not built yet.
    private func configuredFile() throws(StoreError) -> String {
        switch location {
        case .sqlite(let path): return path
        case .postgres:
            throw StoreError(.unavailable, "PostgreSQL stores are not supported yet: use `store: sqlite:PATH`")
        case nil:
            throw StoreError(
                .missing,
                "no store is configured: set `store: sqlite:PATH` in the configuration, or pass --store"
            )
        }
    }

    /// For appending beside a dispatcher; makes the file where there is none.
    func writer() throws(StoreError) -> SQLiteStore {
        return try opened.withLock { opened throws(StoreError) in
            if let writer = opened.writer { return writer }
            let writer: SQLiteStore
            if let host {
                writer = try SQLiteStore(sharing: host, role: .writer)
            } else {
                writer = try SQLiteStore.open(path: configuredFile(), role: .writer)
                announce(writer)
            }
            opened.writer = writer
            return writer
        }
    }

    /// For changing what is there; an error where there is no file.
    func existingWriter() throws(StoreError) -> SQLiteStore {
        _ = try reader()
        return try writer()
    }

    /// For reading; an error where there is no file.
    func reader() throws(StoreError) -> SQLiteStore {
        if host != nil { return try writer() }
        let path = try configuredFile()
        return try opened.withLock { opened throws(StoreError) in
            if let store = opened.writer ?? opened.reader { return store }
            let reader = try SQLiteStore.open(path: path, role: .reader)
            opened.reader = reader
            return reader
        }
    }
}

/// The right to be a store's one dispatcher: a lock on its file, or, in memory, a claim within this process.
struct DispatchRight: Sendable {
    var lock: DispatcherLock?
    var claim: HostDatabase.Claim?

    func release() {
        lock?.release()
        claim?.release()
    }
}

extension StoreConnections {
    /// Takes the right to be the store's dispatcher.
    ///
    /// - Throws: ``StoreError`` with `locked`, naming the holder, or why there can be none.
    func takeRight(_ role: DispatcherRole) throws(StoreError) -> DispatchRight {
        if let file = try file() {
            return DispatchRight(lock: try DispatcherLock.acquire(path: file, role: role.rawValue))
        }
        return DispatchRight(claim: try host?.claim(role: role.rawValue))
    }

    /// The holder of that right; `nil`: nobody, or somebody who doesn't say.
    func lockHolder() -> DispatcherLock.Holder? {
        guard let file = try? file() else { return host?.claimHolder }
        return DispatcherLock.holder(path: file)
    }

    /// Opens the store for a dispatcher, which holds the lock; `nil` where there is no file to lock.
    func dispatcher(_ lock: DispatcherLock?) throws(StoreError) -> SQLiteStore {
        if let host { return try SQLiteStore(sharing: host, role: .dispatcher, lock: lock) }
        return try SQLiteStore.open(path: configuredFile(), role: .dispatcher, lock: lock)
    }
}

/// Why a process holds a store's dispatcher lock.
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
