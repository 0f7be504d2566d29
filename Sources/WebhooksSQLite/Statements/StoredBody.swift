internal import GRDB
internal import WebhookCore

extension StoredBody {
    /// The columns that ``read(_:from:_:)`` reads, of bodies `b` and their events `e`.
    static let columns = "b.content, b.checksum, b.split, e.data"
    /// The events that bodies refer to.
    static let join = "LEFT JOIN webhooks_events e ON e.id = b.event"

    /// Reads the bytes to send, as they were when they were stored.
    ///
    /// - Parameters:
    ///   - column: the first of ``columns``.
    ///   - name: says whose body it is.
    /// - Throws: ``StoreError`` with `damaged`.
    static func read(
        _ row: PreparedStatement,
        from column: Int32,
        _ name: @autoclosure () -> String
    ) throws(StoreError) -> ByteString {
        let body: ByteString
        if let split = row.optionalInt(column + 2) {
            guard let joined = row.joined(column, with: column + 3, at: split) else {
                throw StoreError.damaged("\(name()) is not as it was written")
            }
            body = joined
        } else {
            body = row.bytes(column)
        }
        try Checksum(body: body).verify(row.int64(column + 1), name())
        return body
    }
}

extension PreparedStatement {
    /// The bytes of a column with those of another within.
    ///
    /// - Returns: `nil` where the other is NULL, or the position is outside.
    fileprivate func joined(_ column: Int32, with inner: Int32, at position: Int) -> ByteString? {
        guard !isNull(inner) else { return nil }
        return withBytes(column) { outer in
            withBytes(inner) { StoredBody.joined(outer, with: $0, at: position) }
        }
    }
}
