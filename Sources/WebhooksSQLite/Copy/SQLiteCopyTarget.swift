internal import GRDB
package import WebhookCore

/// A store in a file that becomes a copy.
package final class SQLiteCopyTarget: StoreCopyTarget {
    package let name: String
    package let identity: Int64
    package let tables = StoredTable.all + StoredTable.platform
    private let lock: DispatcherLock
    private let store: SQLiteStore

    /// Opens a store, makes it where it is missing, and holds it against dispatchers.
    ///
    /// - Throws: ``StoreError``: `locked` naming the dispatcher, or why it can't be opened.
    package init(path: String, _ prefix: TablePrefix = .standard) throws(StoreError) {
        let hadLock = FileIdentity(StoreFiles(path, prefix).lock) != nil
        lock = try DispatcherLock.acquire(path: path, prefix, role: "copy")
        do throws(StoreError) {
            store = try SQLiteStore.open(path: path, prefix, role: .dispatcher, lock: lock, isCopying: true)
        } catch {
            if !hadLock { lock.discard() }
            throw error
        }
        name = store.path
        var found: StoreIdentity?
        do {
            found = try store.reader.read { try StoreIdentity.read(StoreDatabase($0, prefix)) }
        } catch {
            throw StoreError(error, path: store.path)
        }
        identity = found?.value ?? 0
    }

    package func state() throws(StoreError) -> CopyTargetState {
        try transaction { db in
            if let origin = try UnfinishedCopy.origin(db) { return .unfinished(origin) }
            for table in self.tables where try Self.holdsRows(db, table) {
                return .occupied("a store (its \(table.name))")
            }
            return .empty
        }
    }

    private static func holdsRows(_ db: StoreDatabase, _ table: StoredTable) throws -> Bool {
        try !CopiedTable(table: table, side: .target).rows(db, in: KeyRange(), limit: PageLimit(rows: 1, bytes: 1))
            .isEmpty
    }

    package func begin(_ origin: CopyOrigin, emptied: Bool) throws(StoreError) {
        try transaction { db in
            if emptied {
                for table in self.tables { try CopiedTable(table: table, side: .target).delete(db, KeyRange()) }
            }
            try UnfinishedCopy.mark(db, origin)
        }
    }

    package func rows(
        of table: StoredTable,
        in range: KeyRange,
        limit: PageLimit
    ) throws(StoreError) -> [CopiedRow] {
        do {
            return try store.reader.read { db in
                try CopiedTable(table: table, side: .target).rows(
                    StoreDatabase(db, store.prefix),
                    in: range,
                    limit: limit
                )
            }
        } catch {
            throw StoreError(error, path: name)
        }
    }

    package func replace(_ range: KeyRange, of table: StoredTable, with rows: [CopiedRow]) throws(StoreError) {
        let copied = CopiedTable(table: table, side: .target)
        try transaction { db in
            try copied.delete(db, range)
            try copied.insert(db, rows)
        }
    }

    package func finish(_ marks: StoreMarks) throws(StoreError) {
        try transaction { db in
            try db.execute(
                sql: """
                    UPDATE webhooks_schema
                    SET last_event = max(last_event, ?), last_delivery = max(last_delivery, ?)
                    """,
                arguments: [marks.event, marks.delivery]
            )
            try UnfinishedCopy.unmark(db)
        }
    }

    package func settle() throws(StoreError) { store.indexNewRowsNow(batches: .max) }

    package func close() {
        store.close()
        lock.release()
    }

    private func transaction<Value>(_ body: (StoreDatabase) throws -> Value) throws(StoreError) -> Value {
        guard let writer = store.writer else { throw StoreError(.readOnly, "\(name) was opened for reading") }
        return try writer.writeWithoutTransaction { db in
            store.transaction(StoreDatabase(db, store.prefix)) { try body($0.db) }
        }.get()
    }
}
