internal import GRDB
internal import Glibc
internal import WebhookCore

/// A body as its row holds it.
///
/// Most bodies are an envelope around the data of their event, byte for byte. Those are not stored twice: the row holds what
/// stands around the data, and where they belong.
struct StoredBody {
    /// The body, or what stands around the data.
    var content: ByteString
    /// The offset of the data in the body; `nil`: `content` is the whole body.
    var split: Int?

    /// - Parameter data: the data of its event, where they are at hand.
    init(_ body: ByteString, data: ByteString?) {
        guard let data, let split = Self.offset(of: data, in: body) else {
            content = body
            return
        }
        let rest = split + data.count
        content = body.withUnsafeBytes { body in
            ByteString(unsafeUninitializedCapacity: body.count - data.count) { target in
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: body[..<split]))
                UnsafeMutableRawBufferPointer(rebasing: target[split...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: body[rest...]))
                return target.count
            }
        }
        self.split = split
    }

    /// Data shorter than that are not worth a second row to read.
    static let shortestData = 64
    /// The number of places that are looked at: data stand behind a few other members, and none that don't are searched
    /// for everywhere.
    private static let tries = 64

    /// The offset of data in a body, if they are found soon.
    private static func offset(of data: ByteString, in body: ByteString) -> Int? {
        guard data.count >= shortestData, data.count <= body.count else { return nil }
        return body.withUnsafeBytes { body -> Int? in
            data.withUnsafeBytes { data -> Int? in
                guard let start = body.baseAddress, let bytes = data.baseAddress else { return nil }
                var offset = 0
                for _ in 0..<tries {
                    let places = body.count - data.count - offset + 1
                    guard places > 0, let found = memchr(start + offset, Int32(data[0]), places) else { return nil }
                    offset = UnsafeRawPointer(found) - start
                    if memcmp(found, bytes, data.count) == 0 { return offset }
                    offset += 1
                }
                return nil
            }
        }
    }

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
            withBytes(inner) { inner in
                guard (0...outer.count).contains(position) else { return nil }
                return ByteString(unsafeUninitializedCapacity: outer.count + inner.count) { target in
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: outer[..<position]))
                    UnsafeMutableRawBufferPointer(rebasing: target[position...]).copyMemory(from: inner)
                    UnsafeMutableRawBufferPointer(rebasing: target[(position + inner.count)...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: outer[position...]))
                    return target.count
                }
            }
        }
    }
}
