internal import GRDB
internal import Synchronization
package import WebhookCore

/// The beginning of the names that our tables, indexes and savepoints have in a database. A host may choose it: two of them
/// in one database are two stores.
package struct TablePrefix: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// `nil`: statements are as they are written.
    private let renamed: RenamedStatements?

    /// The prefix that statements are written with: `webhooks_`.
    package static let standard = TablePrefix()

    private init() { (description, renamed) = (Self.written, nil) }

    /// - Throws: ``StoreError`` with `refused` for what is no such prefix.
    package init(_ text: String) throws(StoreError) {
        if text == Self.written {
            self = .standard
            return
        }
        guard StoreLocation.isTablePrefix(text) else {
            throw StoreError(
                .refused,
                """
                the table prefix \(text.prefix(64).debugDescription) must be 2 to 32 lower-case letters, digits and underscores, begin \
                with a letter and end with an underscore, such as lms_hooks_; `sqlite_` is SQLite's
                """
            )
        }
        description = text
        renamed = RenamedStatements(text)
    }

    package var isStandard: Bool { renamed == nil }

    /// The prefix without its end, as a name: `webhooks`.
    package var name: String { String(description.dropLast()) }

    /// A statement with the names that our tables have here. The one place where they get them.
    func sql(_ statement: String) -> String { renamed?.sql(statement) ?? statement }

    package static func == (a: TablePrefix, b: TablePrefix) -> Bool { a.description == b.description }
    package func hash(into hasher: inout Hasher) { hasher.combine(description) }

    fileprivate static let written = StoreLocation.standardPrefix
}

/// Statements with other names in them, each made once.
private final class RenamedStatements: Sendable {
    /// Searches are put together; what is left of them is made again.
    private static let most = 2000
    private let prefix: String
    private let known = Mutex<[String: String]>([:])

    init(_ prefix: String) { self.prefix = prefix }

    func sql(_ statement: String) -> String {
        if let sql = known.withLock({ $0[statement] }) { return sql }
        let sql = statement.replacing(TablePrefix.written, with: prefix)
        known.withLock { known in
            if known.count >= Self.most { known.removeAll() }
            known[statement] = sql
        }
        return sql
    }
}

/// A connection, and what our tables are called in its database: every statement about them goes through here.
struct StoreDatabase {
    let connection: Database
    let prefix: TablePrefix

    init(_ connection: Database, _ prefix: TablePrefix) { (self.connection, self.prefix) = (connection, prefix) }

    func execute(sql: String, arguments: StatementArguments = StatementArguments()) throws {
        try connection.execute(sql: prefix.sql(sql), arguments: arguments)
    }

    func cachedStatement(sql: String) throws -> Statement { try connection.cachedStatement(sql: prefix.sql(sql)) }

    var sqliteConnection: OpaquePointer? { connection.sqliteConnection }
    var isInsideTransaction: Bool { connection.isInsideTransaction }
    var lastInsertedRowID: Int64 { connection.lastInsertedRowID }
    var changesCount: Int { connection.changesCount }

    func rollback() throws { try connection.rollback() }
    func commit() throws { try connection.commit() }
    func endStatements() { connection.endStatements() }
    func endReading() { connection.endReading() }

    func erasing<Value>(_ work: () throws -> Value) throws -> Value { try connection.erasing(work) }
}

extension Row {
    static func fetchOne(
        _ db: StoreDatabase,
        sql: String,
        arguments: StatementArguments = StatementArguments()
    ) throws -> Row? {
        try fetchOne(db.connection, sql: db.prefix.sql(sql), arguments: arguments)
    }

    static func fetchAll(
        _ db: StoreDatabase,
        sql: String,
        arguments: StatementArguments = StatementArguments()
    ) throws -> [Row] {
        try fetchAll(db.connection, sql: db.prefix.sql(sql), arguments: arguments)
    }

    static func fetchCursor(
        _ db: StoreDatabase,
        sql: String,
        arguments: StatementArguments = StatementArguments()
    ) throws -> RowCursor {
        try fetchCursor(db.connection, sql: db.prefix.sql(sql), arguments: arguments)
    }
}

extension DatabaseValueConvertible {
    static func fetchOne(
        _ db: StoreDatabase,
        sql: String,
        arguments: StatementArguments = StatementArguments()
    ) throws -> Self? {
        try fetchOne(db.connection, sql: db.prefix.sql(sql), arguments: arguments)
    }

    static func fetchAll(
        _ db: StoreDatabase,
        sql: String,
        arguments: StatementArguments = StatementArguments()
    ) throws -> [Self] {
        try fetchAll(db.connection, sql: db.prefix.sql(sql), arguments: arguments)
    }
}
