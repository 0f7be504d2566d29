internal import GRDB
internal import WebhookCore

/// Our tables, beside whatever else the file holds. Their version is kept in a table of our own: `user_version` and
/// GRDB's migrations may be the host's.
enum Schema {
    /// The version that this program reads and writes.
    static let version = migrations.count

    /// Each brings the tables from its index to the next version. May be applied to its own half-finished work.
    private static let migrations: [String] = [version1 + platform + subscriptions]

    /// The version in a file; 0: none of our tables, or none that were finished.
    ///
    /// - Throws: ``StoreError`` with `damaged` where the version is none that a program of ours has written.
    static func version(of db: StoreDatabase) throws -> Int {
        let kind = try PreparedStatement(db, "SELECT type FROM sqlite_schema WHERE lower(name) = 'webhooks_schema'")
        guard try kind.next() else { return 0 }
        let type = kind.text(0)
        kind.reset()
        guard type == "table" else { throw StoreError.damaged("\(db.prefix)schema is a \(type), not a table") }
        // Whatever is found is judged, not converted: -1, NULL and "one" alike.
        let rows: PreparedStatement
        do {
            rows = try PreparedStatement(db, "SELECT typeof(version), version FROM webhooks_schema LIMIT 2")
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            throw StoreError.damaged("its table \(db.prefix)schema is another")
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
    ///
    /// - Parameter version: the one to bring them to; defaults to the newest.
    static func migrate(_ db: StoreDatabase, path: String, to version: Int = version) throws {
        let found = try self.version(of: db)
        try check(found, path: path)
        if found < version {
            try apply(migrations[found..<version], to: db)
            try db.execute(
                sql: """
                    INSERT INTO webhooks_schema (id, version, identity) VALUES (1, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET version = excluded.version
                    """,
                arguments: [version, StoreIdentity.random().value]
            )
        }
        if version == self.version { try compare(db) }
    }

    /// Makes every table of the newest version.
    static func make(_ db: StoreDatabase) throws {
        try apply(migrations[...], to: db)
    }

    private static func apply(_ migrations: ArraySlice<String>, to db: StoreDatabase) throws {
        for migration in migrations { try db.execute(sql: migration) }
    }
}

/// A file's tables and indexes beside those that this program makes.
///
/// Ours is what has one of our names, and what hangs on one of our tables under a name that begins with our prefix.
/// Anything that a host adds to our tables under other names is the host's own: its triggers run within our
/// transactions.
extension Schema {
    /// A table, index, trigger or view as SQLite keeps it.
    private struct Entry: Hashable {
        var type: String
        var table: String
        /// Its SQL; empty for the indexes that SQLite makes itself.
        var sql: String
    }

    /// The schema that this program makes, by name: made by the migrations themselves, in memory, so that nothing is
    /// written twice.
    private static let written: Result<[String: Entry], any Error> = Result {
        let queue = try DatabaseQueue()
        defer { try? queue.close() }
        return try queue.write { db in
            let db = StoreDatabase(db, .standard)
            try make(db)
            return try entries(db)
        }
    }

    /// The schema with the names that it has in a database.
    private static func expected(_ prefix: TablePrefix) throws -> [String: Entry] {
        let written = try written.get()
        if prefix.isStandard { return written }
        return Dictionary(
            written.map { name, entry in
                let entry = Entry(type: entry.type, table: prefix.sql(entry.table), sql: prefix.sql(entry.sql))
                return (prefix.sql(name), entry)
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Throws where a table or index of ours is missing, is something else, or is not as this program makes it.
    ///
    /// - Throws: ``StoreError`` with `damaged`.
    static func compare(_ db: StoreDatabase) throws {
        let expected = try expected(db.prefix)
        let found = try entries(db).filter { name, entry in
            expected[name] != nil || (name.hasPrefix(db.prefix.description) && expected[entry.table] != nil)
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
        let terms = all.prefix(3).joined(separator: ", ") + (all.count > 3 ? ", …" : "")
        throw StoreError.damaged("its schema is not what this program makes: \(terms); restore it from a backup")
    }

    /// Triggers on our tables that somebody else has added, by name.
    static func hostTriggers(_ db: StoreDatabase) throws -> [String] {
        let expected = try expected(db.prefix)
        return try entries(db).filter { name, entry in
            entry.type == "trigger" && expected[name] == nil && expected[entry.table] != nil
        }
        .keys.sorted()
    }

    private static func entries(_ db: StoreDatabase) throws -> [String: Entry] {
        // An underscore in a pattern is any character, and the prefix has none but such.
        let pattern = db.prefix.description.replacing("_", with: "$_") + "%"
        let rows = try PreparedStatement(
            db.connection,
            """
            SELECT name, type, tbl_name, coalesce(sql, '') FROM sqlite_schema
            WHERE tbl_name LIKE '\(pattern)' ESCAPE '$' OR name LIKE '\(pattern)' ESCAPE '$'
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
