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
    ///
    /// - Throws: ``StoreError`` with `damaged` where the version is none that a program of ours has written.
    static func version(of db: Database) throws -> Int {
        let kind = try RawStatement(db, "SELECT type FROM sqlite_schema WHERE lower(name) = 'webhooks_schema'")
        guard try kind.next() else { return 0 }
        let type = kind.text(0)
        kind.reset()
        guard type == "table" else { throw StoreError.damaged("webhooks_schema is a \(type), not a table") }
        // Whatever is found is judged, not converted: -1, NULL and "one" alike.
        let rows: RawStatement
        do {
            rows = try RawStatement(db, "SELECT typeof(version), version FROM webhooks_schema LIMIT 2")
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            throw StoreError.damaged("its table webhooks_schema is another")
        }
        defer { rows.reset() }
        guard try rows.next() else { return 0 }
        let (found, version) = (rows.text(0), rows.int64(1))
        guard found == "integer" else { throw StoreError.damaged("its schema's version is \(found), not a number") }
        guard version > 0 else { throw StoreError.damaged("no program writes schema \(version)") }
        guard try !rows.next() else { throw StoreError.damaged("its schema has two versions") }
        return Int(version)
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

    /// Brings the tables up to date within the transaction that is open, and makes sure that they are what they should.
    static func migrate(_ db: Database, path: String) throws {
        let found = try version(of: db)
        try check(found, path: path)
        if found < version {
            try apply(migrations[found...], to: db)
            try db.execute(
                sql: """
                    INSERT INTO webhooks_schema (id, version, identity) VALUES (1, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET version = excluded.version
                    """,
                arguments: [version, StoreIdentity.random().value]
            )
        }
        try compare(db)
    }

    /// Makes every table of the newest version.
    static func make(_ db: Database) throws {
        try apply(migrations[...], to: db)
    }

    private static func apply(_ migrations: ArraySlice<String>, to db: Database) throws {
        for migration in migrations { try db.execute(sql: migration) }
    }
}
