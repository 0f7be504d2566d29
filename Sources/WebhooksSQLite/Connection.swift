internal import CWebhooksSQLite
internal import GRDB
internal import Glibc
package import WebhookCore

/// Opens connections with the settings that the store relies on.
enum Connection {
    /// The size that is kept of the write-ahead log's file once it is empty, in bytes.
    static let keptWAL = 64 * 1024 * 1024
    /// The longest time to try to make a store that others are making as well.
    static let setUpLimit: Duration = .seconds(20)

    /// Opens the writing connection and brings the schema up to date. Any number of processes may do so at once.
    ///
    /// - Parameter isCopying: whether the store may be an unfinished copy.
    static func openWriter(
        _ files: StoreFiles,
        role: SQLiteStore.Role,
        busyWait: BusyWait,
        isCopying: Bool = false
    ) throws -> DatabaseQueue {
        let deadline = ContinuousClock.now + setUpLimit
        while true {
            do {
                return try tryToOpenWriter(files, role: role, busyWait: busyWait, isCopying: isCopying)
            } catch let error as DatabaseError where error.isBusy && ContinuousClock.now < deadline {
                // The change to the write-ahead log is refused at once, without a wait, while another connection reads
                // or changes as well: two that waited for each other would wait for ever.
                usleep(500)
            }
        }
    }

    private static func tryToOpenWriter(
        _ files: StoreFiles,
        role: SQLiteStore.Role,
        busyWait: BusyWait,
        isCopying: Bool
    ) throws -> DatabaseQueue {
        // Before the store is looked at: who makes it writes this down afterwards.
        let remembered = StoreIdentity.remembered(in: files.lock)
        let queue = try DatabaseQueue(path: files.path, configuration: configuration(busyWait))
        do {
            try queue.writeWithoutTransaction { db in
                let tables = StoreDatabase(db, files.prefix)
                try files.verifyLog(tables)
                if let problem = files.strangeness(of: try StoreIdentity.read(tables), remembered: remembered) {
                    throw StoreError(.replaced, problem)
                }
                // Before anything is changed: a newer program's file stays as it is.
                try Schema.check(Schema.version(of: tables), path: files.path)
                try setUpWAL(db, path: files.path)
                try db.inTransaction(.immediate) {
                    try Schema.migrate(tables, path: files.path)
                    return .commit
                }
                if !isCopying { try UnfinishedCopy.refuse(tables, path: files.path) }
                guard let connection = db.sqliteConnection.map({ UnsafeMutableRawPointer($0) }) else { return }
                try check(webhooks_sqlite_gather_wal_writes(connection))
                if role == .dispatcher { try check(webhooks_sqlite_enable_checkpoint_on_close(connection)) }
            }
        } catch {
            try? queue.close()
            throw error
        }
        return queue
    }

    /// Opens the reading connection of a store that is there.
    ///
    /// - Parameter isCopying: whether the store may be an unfinished copy.
    static func openReader(_ files: StoreFiles, isCopying: Bool = false) throws -> DatabaseQueue {
        var configuration = configuration(BusyWait(), label: "reader")
        configuration.readonly = true
        let queue = try DatabaseQueue(path: files.path, configuration: configuration)
        do {
            try queue.read { db in
                let db = StoreDatabase(db, files.prefix)
                try files.verifyLog(db)
                let version = try Schema.version(of: db)
                try Schema.check(version, path: files.path)
                guard version == Schema.version else {
                    throw StoreError(.missing, "there is no store in \(files.path)")
                }
                try Schema.compare(db)
                if !isCopying { try UnfinishedCopy.refuse(db, path: files.path) }
            }
        } catch {
            try? queue.close()
            throw error
        }
        return queue
    }

    /// Opens a second connection to a dispatcher's store, which moves the log and writes nothing itself.
    static func openMover(_ files: StoreFiles) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: files.path, configuration: configuration(BusyWait(), label: "mover"))
        // It opens the log with the first read.
        try queue.read { db in _ = try Schema.version(of: StoreDatabase(db, files.prefix)) }
        return queue
    }

    private static func configuration(_ busyWait: BusyWait, label: String = "writer") -> Configuration {
        var configuration = Configuration()
        configuration.label = "webhooks.store.\(label)"
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .callback { busyWait.looksAgain(after: $0) }
        // GRDB stops the process when an access leaves a transaction open. That a rollback fails is for us to handle.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            // Durable at commit; GRDB would set NORMAL if it turned the write-ahead log on itself.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA mmap_size = 0")
            try db.execute(sql: "PRAGMA cache_size = -16384")
            // What is deleted or written over leaves nothing in the pages, so that it can be erased for good.
            try db.execute(sql: "PRAGMA secure_delete = ON")
            // Only a dispatcher checkpoints, and only when it is safe: see `Checkpointer`.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            guard let connection = db.sqliteConnection.map({ UnsafeMutableRawPointer($0) }) else { return }
            try check(webhooks_sqlite_distrust_schema(connection))
            // A dispatcher's may, once it has turned out that log and database belong together.
            try check(webhooks_sqlite_disable_checkpoint_on_close(connection))
        }
        return configuration
    }

    private static func check(_ code: Int32) throws {
        if code != 0 { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }

    private static func setUpWAL(_ db: Database, path: String) throws {
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
            throw StoreError(.unavailable, "\(path): the file system lacks what SQLite's write-ahead log needs")
        }
        try db.execute(sql: "PRAGMA journal_size_limit = \(keptWAL)")
        // 2 is FULL. A store that merely seems durable must not open.
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
            throw StoreError(.unavailable, "\(path): SQLite does not write durably")
        }
    }
}

extension DatabaseError {
    /// Another connection was in the way; the same may work a moment later.
    var isBusy: Bool { [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL].contains(resultCode) }
}

extension SQLiteStore {
    /// The part that a process plays beside the store; a dispatcher is the only one that checkpoints.
    package typealias Role = StoreRole
}
