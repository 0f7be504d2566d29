internal import GRDB
internal import WebhookCore

/// Our tables, beside whatever else the file holds. Their version is kept in a table of our own: `user_version` and
/// GRDB's migrations may be the host's.
enum Schema {
    /// The version that this program reads and writes.
    static let version = migrations.count

    /// Each brings the tables from its index to the next version. May be applied to its own half-finished work.
    private static let migrations: [String] = [version1]

    /// The version in a file; 0: none of our tables, or none that were finished.
    static func version(of db: Database) throws -> Int {
        guard try db.tableExists("webhooks_schema") else { return 0 }
        return try Int.fetchOne(db, sql: "SELECT version FROM webhooks_schema") ?? 0
    }

    /// Throws where a newer program has changed the tables.
    static func check(_ version: Int, path: String) throws(StoreError) {
        if version > Self.version {
            throw StoreError(
                .newerSchema,
                "\(path) has schema \(version), and this program knows \(Self.version): use the newer program"
            )
        }
    }

    /// Brings the tables up to date within the transaction that is open.
    static func migrate(_ db: Database, path: String) throws {
        let found = try version(of: db)
        try check(found, path: path)
        guard found < version else { return }
        for migration in migrations[found...] { try db.execute(sql: migration) }
        try db.execute(
            sql: """
                INSERT INTO webhooks_schema (id, version) VALUES (1, ?)
                ON CONFLICT (id) DO UPDATE SET version = excluded.version
                """,
            arguments: [version]
        )
    }
}
