internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import WebhookCore

/// The identity of the store in a file: a number that is drawn when its tables are made, and stays.
///
/// The lock's file has a copy of it (``remembered(in:)``), so that a store that is missing, or another one in its
/// place, is noticed while nothing is lost yet.
package struct StoreIdentity: Sendable, Hashable {
    var value: Int64

    init(_ value: Int64) { self.value = value }

    static func random() -> StoreIdentity { StoreIdentity(.random(in: .min ... .max)) }

    // MARK: In the database

    /// As a connection sees it, write-ahead log included.
    ///
    /// - Returns: `nil` where the tables are not there yet, or are none of ours.
    static func read(_ db: StoreDatabase) throws -> StoreIdentity? {
        do {
            let rows = try PreparedStatement(db, query)
            defer { rows.reset() }
            guard try rows.next(), !rows.isNull(0) else { return nil }
            return StoreIdentity(rows.int64(0))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            return nil
        }
    }

    /// As the database's file alone has it, without what its write-ahead log would change.
    ///
    /// - Returns: `nil` where the tables are not there yet, or a checkpoint is just moving them.
    static func readWithoutLog(_ files: StoreFiles) -> StoreIdentity? {
        var connection: OpaquePointer?
        // An open for nothing but this: it takes no lock, and SQLite itself keeps those of its other connections.
        let uri = "file:" + PercentEncoding.encode(files.path) { "%?#".utf8.contains($0) } + "?immutable=1"
        let code = sqlite3_open_v2(uri, &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nil)
        defer { sqlite3_close(connection) }
        var statement: OpaquePointer?
        guard code == SQLITE_OK,
            sqlite3_prepare_v2(connection, files.prefix.sql(query), -1, &statement, nil) == SQLITE_OK
        else {
            return nil
        }
        defer { sqlite3_finalize(statement) }
        guard sqlite3_step(statement) == SQLITE_ROW, sqlite3_column_type(statement, 0) == SQLITE_INTEGER else {
            return nil
        }
        return StoreIdentity(sqlite3_column_int64(statement, 0))
    }

    private static let query = "SELECT identity FROM webhooks_schema"

    // MARK: In the lock's file

    /// The position in the lock's file: behind what its holder writes (``LockRecord``).
    static let place = off_t(LockRecord.size)
    private static let word = "store "
    private static let digits = 16

    /// A line.
    var bytes: [UInt8] {
        let text = String(UInt64(bitPattern: value), radix: 16)
        return Array((Self.word + String(repeating: "0", count: Self.digits - text.count) + text + "\n").utf8)
    }

    /// - Returns: `nil` for anything but a whole line.
    init?(_ bytes: some Collection<UInt8>) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(Self.word), text.hasSuffix("\n") else { return nil }
        let digits = text.dropFirst(Self.word.count).dropLast()
        guard digits.count == Self.digits, let value = UInt64(digits, radix: 16) else { return nil }
        self.init(Int64(bitPattern: value))
    }

    /// The store that the last dispatcher has worked on here; `nil`: there was none, or it could not write that down.
    static func remembered(in lock: String) -> StoreIdentity? {
        let descriptor = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: word.utf8.count + digits + 1)
        let count = pread(descriptor, &bytes, bytes.count, place)
        return StoreIdentity(bytes.prefix(max(0, count)))
    }
}

extension StoreFiles {
    /// Throws where the database is not the store that the files beside it belong to: SQLite would write a strange
    /// log's pages over it.
    ///
    /// Reads only. To be called on a connection that doesn't checkpoint when it closes.
    /// - Throws: ``StoreError`` with `replaced`.
    func verifyLog(_ db: StoreDatabase) throws {
        guard let log = FileIdentity(wal), log.size > 0, let own = StoreIdentity.readWithoutLog(self) else { return }
        guard let seen = try StoreIdentity.read(db), seen != own else { return }
        throw StoreError(
            .replaced,
            """
            \(wal) is the log of another store than \(path), and SQLite would write the one over the other: stop every \
            program that uses the store, and move \(wal) and \(sharedMemory) away (they hold what was stored while this \
            file was not here)
            """
        )
    }

    /// Returns the problem with a store that is not the one that was here before; `nil`: none.
    ///
    /// - Parameter remembered: what the lock's file said before the store was looked at.
    func strangeness(of found: StoreIdentity?, remembered: StoreIdentity?) -> String? {
        guard let remembered, remembered != found else { return nil }
        return """
            \(path) is another store than the one that was here (its lock file says so): put that one back, or delete \
            \(lock) to go on with this one
            """
    }
}
