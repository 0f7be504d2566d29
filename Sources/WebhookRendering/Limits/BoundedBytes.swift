internal import WebhookCore

/// Bytes under construction that refuse to grow beyond a limit.
struct BoundedBytes {
    private(set) var bytes: [UInt8] = []
    let limit: BodyLimit
    /// Escapes make a text up to six times as long, so long ones are escaped in parts.
    private static let part = 4096

    init(_ limit: BodyLimit) {
        self.limit = limit
        bytes.reserveCapacity(min(1024, limit.bytes))
    }

    mutating func append(_ byte: UInt8) throws(RenderingError) {
        try limit.check(bytes.count + 1)
        bytes.append(byte)
    }

    mutating func append(_ text: StaticString) throws(RenderingError) {
        try limit.check(bytes.count + text.utf8CodeUnitCount)
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ text: String) throws(RenderingError) {
        try limit.check(bytes.count + text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ part: [UInt8]) throws(RenderingError) {
        try limit.check(bytes.count + part.count)
        bytes.append(contentsOf: part)
    }

    mutating func append(_ document: ByteString, _ range: Range<Int>) throws(RenderingError) {
        try limit.check(bytes.count + range.count)
        document.withUnsafeBytes { bytes.append(contentsOf: $0[range]) }
    }

    /// Appends a text through an escape that looks at each scalar alone and never shortens it.
    mutating func append(
        _ text: String,
        escapedBy escape: (_ text: String, _ output: inout [UInt8]) -> Void
    ) throws(RenderingError) {
        try limit.check(bytes.count + text.utf8.count)
        guard text.utf8.count > Self.part else {
            escape(text, &bytes)
            return try limit.check(bytes.count)
        }
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            let scalars = rest.prefix(Self.part)
            escape(String(scalars), &bytes)
            try limit.check(bytes.count)
            rest = rest[scalars.endIndex...]
        }
    }

    /// Takes away what follows the first bytes.
    mutating func truncate(to count: Int) { bytes.removeSubrange(count...) }

    /// Takes line breaks away from the end.
    mutating func removeTrailingLineBreaks() {
        while let last = bytes.last, (0x0A...0x0D).contains(last) { bytes.removeLast() }
    }
}
