internal import GRDB

/// Notices what other connections have written.
///
/// Unchecked, because it is touched on the writing connection's queue only.
final class ExternalWrites: @unchecked Sendable {
    private var version: Int64?

    /// Whether another connection has committed since the last call.
    func check(_ db: Database) throws -> Bool {
        // Changes with every commit of other connections, in this process or another, and not with our own.
        let statement = try PreparedStatement(db, "PRAGMA data_version")
        defer { statement.reset() }
        guard try statement.next() else { return false }
        let found = statement.int64(0)
        defer { version = found }
        return version != nil && version != found
    }
}
