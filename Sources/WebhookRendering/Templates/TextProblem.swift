internal import WebhookCore

/// What is wrong in a text, and where. Never quotes the text.
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
