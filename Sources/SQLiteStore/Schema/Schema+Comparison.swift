internal import GRDB
internal import WebhookCore

/// A file's tables and indexes beside those that this program makes.
///
/// Ours is what has one of our names, and what hangs on one of our tables under a name that begins with `webhooks_`.
/// What a host adds to our tables under other names is the host's own: its triggers run within our transactions.
extension Schema {
    /// A table, index, trigger or view as SQLite keeps it.
    private struct Entry: Hashable {
        var type: String
        var table: String
        /// Its SQL; empty for the indexes that SQLite makes itself.
        var sql: String
    }

    /// What this program makes, by name: made by the migrations themselves, in memory, so that nothing is written twice.
    private static let expected: Result<[String: Entry], any Error> = Result {
        let queue = try DatabaseQueue()
        defer { try? queue.close() }
        return try queue.write { db in
            try make(db)
            return try entries(db)
        }
    }

    /// Throws where a table or index of ours is missing, is something else, or is not as this program makes it.
    ///
    /// - Throws: ``StoreError`` with `damaged`.
    static func compare(_ db: Database) throws {
        let expected = try expected.get()
        let found = try entries(db).filter { name, entry in
            expected[name] != nil || (name.hasPrefix("webhooks_") && expected[entry.table] != nil)
        }
        guard found != expected else { return }
        let problems = expected.keys.sorted().compactMap { name -> String? in
            guard let entry = expected[name], entry != found[name] else { return nil }
            guard let other = found[name] else { return "\(entry.type) \(name) is missing" }
            return other.type == entry.type ? "\(entry.type) \(name) is another" : "\(name) is a \(other.type)"
        }
        let unknown = found.keys.filter { expected[$0] == nil }.sorted()
            .map { "\(found[$0]?.type ?? "") \($0) is not ours" }
        let all = problems + unknown
        let words = all.prefix(3).joined(separator: ", ") + (all.count > 3 ? ", …" : "")
        throw StoreError.damaged("its schema is not what this program makes: \(words); restore it from a backup")
    }

    /// Triggers on our tables that somebody else has added, by name.
    static func foreignTriggers(_ db: Database) throws -> [String] {
        let expected = try expected.get()
        return try entries(db).filter { name, entry in
            entry.type == "trigger" && expected[name] == nil && expected[entry.table] != nil
        }
        .keys.sorted()
    }

    private static func entries(_ db: Database) throws -> [String: Entry] {
        let rows = try RawStatement(
            db,
            """
            SELECT name, type, tbl_name, coalesce(sql, '') FROM sqlite_schema
            WHERE tbl_name LIKE 'webhooks$_%' ESCAPE '$' OR name LIKE 'webhooks$_%' ESCAPE '$'
            """
        )
        var entries: [String: Entry] = [:]
        while try rows.next() {
            let entry = Entry(type: rows.text(1), table: rows.text(2).lowercased(), sql: rows.text(3))
            entries[rows.text(0).lowercased()] = entry
        }
        return entries
    }
}
