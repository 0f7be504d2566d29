internal import GRDB
internal import WebhookCore

/// The mark of a store that is an unfinished copy: a table that is there until the copy is complete.
enum UnfinishedCopy {
    static let table = "webhooks_copy"

    /// The store that is being copied; `nil`: this is no unfinished copy.
    static func origin(_ db: StoreDatabase) throws -> CopyOrigin? {
        let exists = try PreparedStatement(db, "SELECT 1 FROM sqlite_schema WHERE name = '\(table)'")
        guard try exists.next() else { return nil }
        exists.reset()
        let select = try PreparedStatement(db, "SELECT identity, name FROM \(table)")
        defer { select.reset() }
        guard try select.next() else { return nil }
        return CopyOrigin(identity: select.int64(0), name: select.text(1))
    }

    /// Throws where the store is an unfinished copy: half of it is missing, and what is added would be in the way.
    ///
    /// - Throws: ``StoreError`` with `unavailable`.
    static func refuse(_ db: StoreDatabase, path: String) throws {
        guard let origin = try origin(db) else { return }
        throw StoreError.unfinishedCopy(path, of: origin)
    }

    /// Sets the mark.
    static func mark(_ db: StoreDatabase, _ origin: CopyOrigin) throws {
        try db.execute(
            sql: "CREATE TABLE IF NOT EXISTS \(table) (identity INTEGER NOT NULL, name TEXT NOT NULL) STRICT"
        )
        try db.execute(sql: "DELETE FROM \(table)")
        try db.execute(sql: "INSERT INTO \(table) VALUES (?, ?)", arguments: [origin.identity, origin.name])
    }

    /// Takes the mark away.
    static func unmark(_ db: StoreDatabase) throws { try db.execute(sql: "DROP TABLE \(table)") }
}
