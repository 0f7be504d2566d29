internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import WebhookCore

/// A prepared statement of a connection's cache, bound and stepped without detours: what every delivery goes through.
///
/// Use it on the connection's queue, within one access; bind every parameter, in order, then ``run()`` or ``next()``.
final class PreparedStatement {
    private let statement: Statement
    private let handle: OpaquePointer
    private let connection: OpaquePointer?
    private var parameter: Int32 = 0
    /// Blobs are bound without a copy and must outlive the execution.
    private var held: [ByteString] = []
    /// Texts are bound from here: SQLite's own copy of each would be an allocation.
    private let texts = TextBuffer()

    /// A statement about our tables.
    convenience init(_ db: StoreDatabase, _ sql: String) throws {
        try self.init(db.connection, db.prefix.sql(sql))
    }

    /// A statement as it stands: one that names none of our tables.
    init(_ db: Database, _ sql: String) throws {
        statement = try db.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        connection = db.sqliteConnection
        sqlite3_reset(handle)
    }

    // MARK: Binding

    func bind(_ value: Int64) throws {
        parameter += 1
        try check(sqlite3_bind_int64(handle, parameter, value))
    }

    func bindNull() throws {
        parameter += 1
        try check(sqlite3_bind_null(handle, parameter))
    }

    func bind(_ value: Int) throws { try bind(Int64(value)) }

    func bind(_ value: Int64?) throws {
        if let value { try bind(value) } else { try bindNull() }
    }

    func bind(_ value: Bool) throws { try bind(value ? 1 : 0 as Int64) }

    func bind(_ value: Int?) throws {
        if let value { try bind(value) } else { try bindNull() }
    }

    func bind(_ value: Timestamp?) throws {
        if let value { try bind(value.milliseconds) } else { try bindNull() }
    }

    /// In microseconds, rounded down.
    func bind(_ value: Duration?) throws {
        if let value { try bind(value.wholeMicroseconds) } else { try bindNull() }
    }

    func bind(_ value: String?) throws {
        guard var value else { return try bindNull() }
        parameter += 1
        try checkSize(value.utf8.count)
        let code = value.withUTF8 { bytes in
            if let text = texts.copy(bytes) {
                sqlite3_bind_text(handle, parameter, text, Int32(bytes.count), nil)
            } else {
                bytes.withMemoryRebound(to: CChar.self) { text in
                    sqlite3_bind_text(handle, parameter, text.baseAddress, Int32(text.count), Self.copying)
                }
            }
        }
        try check(code)
    }

    func bind(_ value: ByteString) throws {
        parameter += 1
        try checkSize(value.count)
        held.append(value)
        try check(value.withUnsafeBytes { sqlite3_bind_blob(handle, parameter, $0.baseAddress, Int32($0.count), nil) })
    }

    /// SQLite takes the size as a 32-bit number.
    private func checkSize(_ count: Int) throws {
        guard count <= Int32.max else {
            throw DatabaseError(resultCode: .SQLITE_TOOBIG, message: "string or blob too big")
        }
    }

    // MARK: Executing

    /// Executes to the end and makes ready for the next execution.
    /// - Returns: how many rows changed.
    @discardableResult
    func run() throws -> Int {
        defer { reset() }
        while try step() {}
        return Int(sqlite3_changes(connection))
    }

    /// Goes to the next row; behind the last one it makes ready for the next execution and returns `false`.
    func next() throws -> Bool {
        do {
            if try step() { return true }
        } catch {
            reset()
            throw error
        }
        reset()
        return false
    }

    /// Makes ready for the next execution.
    func reset() {
        // Both codes repeat what `step` has reported.
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        parameter = 0
        held.removeAll(keepingCapacity: true)
        texts.clear()
    }

    private func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        case let code: throw failure(code)
        }
    }

    private func check(_ code: Int32) throws {
        if code != SQLITE_OK { throw failure(code) }
    }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: sqlite3_errmsg(connection).map { String(cString: $0) }
        )
    }

    // MARK: Columns

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func int(_ column: Int32) -> Int { Int(int64(column)) }

    func bool(_ column: Int32) -> Bool { int64(column) != 0 }

    func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

    func optionalInt(_ column: Int32) -> Int? { isNull(column) ? nil : int(column) }

    func timestamp(_ column: Int32) -> Timestamp { Timestamp(milliseconds: int64(column)) }

    func optionalTimestamp(_ column: Int32) -> Timestamp? { isNull(column) ? nil : timestamp(column) }

    func optionalDuration(_ column: Int32) -> Duration? { isNull(column) ? nil : .microseconds(int64(column)) }

    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func bytes(_ column: Int32) -> ByteString { withBytes(column) { ByteString(copying: $0) } }

    /// Calls `body` with a column's bytes, which stay until the next step.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        // In this order: the size is that of the value as it was read last.
        let bytes = sqlite3_column_blob(handle, column)
        return body(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
    }

    // MARK: Constants of SQLite's that are macros

    /// SQLITE_TRANSIENT: SQLite copies at once.
    private static let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

/// Room for the texts of one execution; what finds none is for SQLite to copy.
private final class TextBuffer {
    private static let capacity = 512
    private var bytes: UnsafeMutablePointer<CChar>?
    private var used = 0

    deinit { bytes?.deallocate() }

    /// Copies a text; an empty one gets an address, too, for SQLite would take none for NULL.
    ///
    /// - Returns: where it stands until ``clear()``; `nil` where there is no room.
    func copy(_ text: UnsafeBufferPointer<UInt8>) -> UnsafePointer<CChar>? {
        guard text.count <= Self.capacity - used else { return nil }
        let start = bytes ?? .allocate(capacity: Self.capacity + 1)
        bytes = start
        defer { used += text.count }
        if let source = text.baseAddress { memcpy(start + used, source, text.count) }
        return UnsafePointer(start + used)
    }

    func clear() { used = 0 }
}

extension Database {
    /// Ends the statements that were not stepped to their end, at the end of an access: each would go on holding the
    /// state that it has read from, and the write-ahead log can't restart.
    func endStatements() {
        // What was asked for before the connection was closed may come to its turn afterwards.
        guard let connection = sqliteConnection else { return }
        var statement = sqlite3_next_stmt(connection, nil)
        while let current = statement {
            if sqlite3_stmt_busy(current) != 0 { sqlite3_reset(current) }
            statement = sqlite3_next_stmt(connection, current)
        }
    }

    /// Ends a transaction that has read, however that goes: GRDB ends the process where an access to a host's connection
    /// leaves one open.
    func endReading() {
        endStatements()
        if isInsideTransaction { _ = try? PreparedStatement(self, "COMMIT").run() }
        if isInsideTransaction { _ = try? rollback() }
    }
}

extension Duration {
    /// The duration in microseconds, rounded down: the precision of the store.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
