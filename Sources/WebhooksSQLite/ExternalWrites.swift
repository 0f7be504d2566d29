internal import GRDB
internal import GRDBSQLite

/// Notices what others have written: other connections, and a host on the connection that it shares with the store.
///
/// Unchecked, because it is touched on the writing connection's queue only.
final class ExternalWrites: @unchecked Sendable {
    private var version: Int64?
    /// The rows that the connection had changed when our last turn on it ended.
    private var changes: Int32?
    private var hostHasWritten = false

    /// Tells whether somebody else has committed since the last call.
    func check(_ db: Database) throws -> Bool {
        let found = try Self.dataVersion(db)
        defer { (version, hostHasWritten) = (found ?? version, false) }
        return hostHasWritten || (version != nil && found != nil && version != found)
    }

    /// A turn of ours begins on a connection that a host uses as well. What changed through it meanwhile was not ours, and
    /// its `data_version` stays the same for that.
    func turnBegins(_ db: Database) {
        if version == nil { version = try? Self.dataVersion(db) }
        if let changes, changes != sqlite3_total_changes(db.sqliteConnection) { hostHasWritten = true }
    }

    /// The turn ends.
    func turnEnds(_ db: Database) { changes = sqlite3_total_changes(db.sqliteConnection) }

    /// A number that changes with every commit of other connections, in this process or another, and not with our own.
    private static func dataVersion(_ db: Database) throws -> Int64? {
        let statement = try PreparedStatement(db, "PRAGMA data_version")
        defer { statement.reset() }
        return try statement.next() ? statement.int64(0) : nil
    }
}
