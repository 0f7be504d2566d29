internal import GRDB
package import WebhookCore

/// A store in a file that is copied. One connection reads in a transaction of its own; another sees whether somebody writes.
package final class SQLiteCopySource: StoreCopySource {
    package let name: String
    package let identity: Int64
    package let tables = StoredTable.all + StoredTable.platform
    private let lock: DispatcherLock
    private let prefix: TablePrefix
    private let reader: DatabaseQueue
    private let watcher: DatabaseQueue
    /// SQLite's number for what others have written, when the view began.
    private var version: Int64 = 0

    /// Opens a store that is there, and holds it against dispatchers.
    ///
    /// - Throws: ``StoreError``: `missing`, `locked` naming the dispatcher, or why it can't be opened.
    package init(path: String, _ prefix: TablePrefix = .standard) throws(StoreError) {
        let files = StoreFiles(path, prefix)
        if let absence = files.absence() { throw absence }
        try OpenedFiles.vet(files)
        let hadLock = FileIdentity(files.lock) != nil
        lock = try DispatcherLock.acquire(path: path, prefix, role: "copy")
        (name, self.prefix) = (files.path, prefix)
        do {
            reader = try Connection.openReader(files)
            watcher = try Connection.openWriter(files, role: .writer, busyWait: BusyWait())
            identity = try reader.read { db in try StoreIdentity.read(StoreDatabase(db, prefix))?.value ?? 0 }
        } catch {
            if !hadLock { lock.discard() }
            throw StoreError(error, path: files.path)
        }
    }

    package func beginView() throws(StoreError) {
        try access(watcher) { db in
            try db.execute(sql: "BEGIN IMMEDIATE")
            defer { try? db.execute(sql: "ROLLBACK") }
            self.version = try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0
            try self.reader.writeWithoutTransaction { [prefix] view in
                let view = StoreDatabase(view, prefix)
                if view.isInsideTransaction { try view.execute(sql: "ROLLBACK") }
                try view.execute(sql: "BEGIN")
                try CopiedTable.countBodies(view)
            }
        }
    }

    package func rows(
        of table: StoredTable,
        in range: KeyRange,
        limit: PageLimit
    ) throws(StoreError) -> [CopiedRow] {
        try access(reader) { try CopiedTable(table: table, side: .source).rows($0, in: range, limit: limit) }
    }

    package func marks() throws(StoreError) -> StoreMarks {
        try access(reader) { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT max(last_event, coalesce((SELECT max(id) FROM webhooks_events), 0)),
                        max(last_delivery, coalesce((SELECT max(id) FROM webhooks_deliveries), 0))
                    FROM webhooks_schema
                    """
            )
            return StoreMarks(event: row?[0] ?? 0, delivery: row?[1] ?? 0)
        }
    }

    package func whileUnchanged(_ body: () throws(StoreError) -> Void) throws(StoreError) -> Bool {
        try access(watcher) { db in
            try db.execute(sql: "BEGIN IMMEDIATE")
            defer { try? db.execute(sql: "ROLLBACK") }
            guard try Int64.fetchOne(db, sql: "PRAGMA data_version") == self.version else { return false }
            try body()
            return true
        }
    }

    package func close() {
        try? reader.close()
        try? watcher.close()
        lock.release()
    }

    private func access<Value>(
        _ queue: DatabaseQueue,
        _ body: (StoreDatabase) throws -> Value
    ) throws(StoreError) -> Value {
        do {
            return try queue.writeWithoutTransaction { try body(StoreDatabase($0, prefix)) }
        } catch {
            throw StoreError(error, path: name)
        }
    }
}
