internal import CSQLiteShim
internal import GRDB
internal import WebhookCore

/// Opens connections with the settings that the store relies on.
enum Connection {
    /// How long to wait for another process's transaction, in seconds.
    static let busyTimeout = 5.0
    /// A dispatcher moves the log into the database whenever it has grown by so many pages (of 4 KiB).
    static let checkpointPages = 4_000
    /// What is kept of the log's file once it is empty, in bytes.
    static let keptLog = 64 * 1024 * 1024

    /// Opens the writing connection and brings the schema up to date.
    static func openWriter(_ files: StoreFiles, role: SQLiteStore.Role, foreignWrites: ForeignWrites) throws
        -> DatabaseQueue
    {
        let queue = try DatabaseQueue(path: files.path, configuration: configuration(role))
        do {
            try queue.writeWithoutTransaction { db in
                // Before anything is changed: a newer program's file stays as it is.
                try Schema.check(Schema.version(of: db), path: files.path)
                try setUpLog(db, path: files.path)
                try db.inTransaction(.immediate) {
                    try Schema.migrate(db, path: files.path)
                    return .commit
                }
                _ = try foreignWrites.check(db)
            }
        } catch {
            try? queue.close()
            throw error
        }
        return queue
    }

    /// Opens the reading connection of a store that is there.
    static func openReader(_ files: StoreFiles) throws -> DatabaseQueue {
        var configuration = configuration(.reader)
        configuration.readonly = true
        let queue = try DatabaseQueue(path: files.path, configuration: configuration)
        do {
            let version = try queue.read { try Schema.version(of: $0) }
            try Schema.check(version, path: files.path)
            guard version == Schema.version else {
                throw StoreError(.missing, "there is no store in \(files.path): a command that writes makes it")
            }
        } catch {
            try? queue.close()
            throw error
        }
        return queue
    }

    private static func configuration(_ role: SQLiteStore.Role) -> Configuration {
        var configuration = Configuration()
        configuration.label = "webhooks.store.\(role)"
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(busyTimeout)
        // GRDB stops the process when an access leaves a transaction open. That a rollback fails is for us to handle.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            // Durable at commit; GRDB would set NORMAL if it turned the write-ahead log on itself.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA mmap_size = 0")
            try db.execute(sql: "PRAGMA cache_size = -16384")
            // Below 3.51.3, SQLite may damage the file when two connections checkpoint and commit at once: one alone
            // may.
            let pages = role == .dispatcher ? checkpointPages : 0
            try db.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)")
            if role != .dispatcher, let connection = db.sqliteConnection {
                _ = webhooks_sqlite_disable_checkpoint_on_close(UnsafeMutableRawPointer(connection))
            }
        }
        return configuration
    }

    private static func setUpLog(_ db: Database, path: String) throws {
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
            throw StoreError(.unavailable, "\(path): the file system lacks what SQLite's write-ahead log needs")
        }
        try db.execute(sql: "PRAGMA journal_size_limit = \(keptLog)")
        // 2 is FULL. A store that merely seems durable must not open.
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
            throw StoreError(.unavailable, "\(path): SQLite does not write durably")
        }
    }
}
