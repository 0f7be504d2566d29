internal import GRDB

/// The rows of subscriptions by name, so that a hot statement needs no look-up.
///
/// Rows are never deleted, so what was once committed stays true. Unchecked, because it is touched on the writing
/// connection's queue only, within its accesses.
final class SubscriptionRowCache: @unchecked Sendable {
    private var rows: [String: Int64] = [:]
    /// Inserted by the transaction that is open.
    private var uncommitted: [String] = []

    /// A subscription's row, inserted where it is missing.
    func row(of name: String, _ db: StoreDatabase) throws -> Int64 {
        if let row = try knownRow(of: name, db) { return row }
        try db.execute(sql: "INSERT INTO webhooks_subscriptions (name) VALUES (?)", arguments: [name])
        rows[name] = db.lastInsertedRowID
        uncommitted.append(name)
        return db.lastInsertedRowID
    }

    /// A subscription's row, where there is one.
    func knownRow(of name: String, _ db: StoreDatabase) throws -> Int64? {
        if let row = rows[name] { return row }
        let sql = "SELECT id FROM webhooks_subscriptions WHERE name = ?"
        guard let row = try Int64.fetchOne(db, sql: sql, arguments: [name]) else { return nil }
        rows[name] = row
        return row
    }

    /// The transaction is durable.
    func commit() { uncommitted.removeAll() }

    /// The transaction never was.
    func rollback() { rollback(to: 0) }

    /// The tables are others than those that the rows were read from.
    func forget() {
        rows = [:]
        uncommitted = []
    }

    /// The number of rows that the transaction has inserted so far.
    var uncommittedCount: Int { uncommitted.count }

    /// Forgets the rows that were inserted after the first `count`.
    func rollback(to count: Int) {
        for name in uncommitted[count...] { rows[name] = nil }
        uncommitted.removeSubrange(count...)
    }
}
