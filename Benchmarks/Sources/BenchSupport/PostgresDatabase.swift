internal import CBench

/// A PostgreSQL database, as it is seen from outside the product.
public final class PostgresDatabase {
    private let connection: UnsafeMutableRawPointer

    public init(_ url: String) {
        guard let connection = cbench_postgres_open(url) else { fail("there is no PostgreSQL") }
        self.connection = connection
    }

    deinit { cbench_postgres_close(connection) }

    /// The first number that a statement gives; of several, that of the last.
    @discardableResult
    public func number(_ sql: String) -> Int {
        var result: Int64 = 0
        guard cbench_postgres_number(connection, sql, &result) else { fail("PostgreSQL refuses \(sql.prefix(80))") }
        return Int(result)
    }
}
