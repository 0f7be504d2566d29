#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A body as its row holds it.
///
/// Most bodies are an envelope around the data of their event, byte for byte. Those are not stored twice: the row holds what
/// stands around the data, and where they belong.
package struct StoredBody {
    /// The body, or what stands around the data.
    package var content: ByteString
    /// The offset of the data in the body; `nil`: `content` is the whole body.
    package var split: Int?

    /// - Parameter data: the data of its event, where they are at hand.
    package init(_ body: ByteString, data: ByteString?) {
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
    package static let shortestData = 64
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

    /// Puts a body together from what stands around the data, and the data.
    ///
    /// - Returns: `nil` where the position is outside.
    package static func joined(
        _ outer: UnsafeRawBufferPointer,
        with inner: UnsafeRawBufferPointer,
        at position: Int
    ) -> ByteString? {
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
