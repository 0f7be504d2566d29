internal import WebhookCore

/// The bounds of one rendering: bytes of text, and steps.
///
/// A form repeats long keys and a template repeats outer fields, so that a small event could fill the memory; a loop that
/// writes nothing could take for ever. Both limits grow with the event's data.
struct BodyLimit: Sendable {
    /// The most bytes.
    let bytes: Int
    /// The most template tags and iterations; see ``TemplateRenderer``.
    let steps: Int
    /// The name of the text and the reason why it may not be larger, for messages.
    private let subject: String
    private let reason: String

    /// The limit of a body: ``DispatcherSettings/maxBody``, or eight times the data and 1 MiB where that is less.
    init(maxBody: Int, dataSize: Int) {
        let byData = dataSize * 8 + (1 << 20)
        bytes = min(maxBody, byData)
        steps = dataSize * 4 + (1 << 20)
        subject = "the body"
        reason = maxBody < byData ? "`dispatcher.maxBody`" : "8 times the event's data and 1 MiB"
    }

    private init(headerBytes: Int) {
        bytes = headerBytes
        steps = 1 << 16
        subject = "the header's value"
        reason = "what receivers take"
    }

    /// The limit of one rendered header.
    static let header = BodyLimit(headerBytes: HTTPHeader.maxValueSize)

    /// Passes a size that is allowed.
    func check(_ count: Int) throws(RenderingError) {
        if count > bytes { throw tooLarge }
    }

    /// Says that the text would be too large, and by which rule.
    var tooLarge: RenderingError {
        RenderingError("\(subject) would exceed \(Self.text(bytes)) (\(reason))")
    }

    /// Says that the template takes too long.
    var tooManySteps: RenderingError {
        RenderingError("\(subject) would take more than \(steps) steps to render: its sections repeat too often")
    }

    /// A size for people: `1.8 MiB`, `64 KiB`, `100 bytes`.
    static func text(_ bytes: Int) -> String {
        for (unit, name) in [(1 << 20, "MiB"), (1 << 10, "KiB")] where bytes >= unit {
            let tenths = (bytes * 10 + unit / 2) / unit
            return tenths % 10 == 0 ? "\(tenths / 10) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
        }
        return "\(bytes) bytes"
    }
}

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
