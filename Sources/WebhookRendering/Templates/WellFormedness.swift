internal import WebhookCore

/// Checks that rendered text is what its content type says.
enum WellFormedness {
    static func check(_ body: ByteString, as contentType: ContentType) throws(TextProblem) {
        switch contentType {
        case .json:
            do {
                _ = try JSON.validate(body, maxDepth: maxDepth)
            } catch {
                throw TextProblem(error.reason, at: TextPosition(line: error.line, column: error.column))
            }
        case .xml:
            var checker = XMLChecker(body.bytes, maxDepth: maxDepth)
            try checker.checkDocument()
        case .form:
            try checkForm(body.bytes)
        }
    }

    /// The data's own depth, with room for what a template puts around it.
    private static let maxDepth = 2 * JSON.maxDepth

    /// Printable ASCII without spaces, and every `%` followed by two hexadecimal digits.
    private static func checkForm(_ bytes: [UInt8]) throws(TextProblem) {
        for (index, byte) in bytes.enumerated() {
            guard byte > 0x20, byte < 0x7F else {
                throw TextProblem(
                    "a form holds printable ASCII only, the rest percent-encoded",
                    offset: index,
                    in: bytes
                )
            }
            if byte == UInt8(ascii: "%"), PercentEncoding.byte(at: index, of: bytes) == nil {
                throw TextProblem("% must be followed by two hexadecimal digits", offset: index, in: bytes)
            }
        }
    }
}

/// A mistake in a text, with its place. Never quotes the text.
struct TextProblem: Error, Hashable {
    var reason: String
    var position: TextPosition

    init(_ reason: String, at position: TextPosition) {
        self.reason = reason
        self.position = position
    }

    /// A problem at a byte of a text.
    init(_ reason: String, offset: Int, in bytes: [UInt8]) {
        self.init(reason, at: TextPosition(offset: min(offset, bytes.count), in: ByteString(bytes)))
    }

    var text: String { "line \(position.line), column \(position.column): \(reason)" }
}
