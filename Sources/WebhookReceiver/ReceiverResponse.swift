public import WebhookCore

/// The receiver's response to a request.
public struct ReceiverResponse: Sendable, Hashable {
    /// Bytes to send, and how long to wait before.
    public struct Chunk: Sendable, Hashable {
        /// The wait since the piece before, or since the request; no thread is blocked meanwhile.
        public var delay: Duration
        public var bytes: ByteString

        /// Bytes to send; default: without a wait.
        public init(_ bytes: ByteString, after delay: Duration = .zero) {
            self.bytes = bytes
            self.delay = delay
        }
    }

    enum Content: Sendable, Hashable {
        case response(status: Int, headers: [HTTPHeader], body: ByteString, closes: Bool)
        case raw([Chunk], Ending)
    }

    enum Ending: Sendable, Hashable {
        /// Goes on with the connection's next request.
        case keep
        case close
        /// Closes with a TCP reset.
        case reset
        /// Leaves the connection open and silent until the other side closes it.
        case hold
    }

    var content: Content
    var delay: Duration = .zero

    /// An HTTP/1.1 answer.
    ///
    /// `Content-Length` is added, except for 204 and 304, which have no body. A body is not sent to `HEAD`.
    /// - Parameters:
    ///   - status: 200 to 599.
    ///   - headers: sent as they are; a `Content-Length` or `Transfer-Encoding` among them replaces the one added, and
    ///     the body goes out as given.
    ///   - delay: how long to wait before; default: none.
    ///   - closesConnection: sends `Connection: close` and closes; default: only where the request asks for it.
    public static func status(
        _ status: Int,
        headers: [HTTPHeader] = [],
        body: ByteString = .empty,
        delay: Duration = .zero,
        closesConnection: Bool = false
    ) -> ReceiverResponse {
        ReceiverResponse(
            content: .response(status: status, headers: headers, body: body, closes: closesConnection),
            delay: delay
        )
    }

    /// 204, no body, at once.
    public static let noContent = status(204)

    /// Closes the connection (FIN) without a byte.
    public static let closeWithoutResponse = ReceiverResponse(content: .raw([], .close))

    /// Resets the connection (RST) without a byte.
    public static let resetWithoutResponse = ReceiverResponse(content: .raw([], .reset))

    /// Says nothing and keeps the connection open until the other side closes it.
    public static let neverAnswer = ReceiverResponse(content: .raw([], .hold))

    /// Sends the bytes as they are, for answers that are no HTTP, cut off, or oddly framed; then closes or goes on.
    public static func raw(_ bytes: ByteString, close: Bool = true) -> ReceiverResponse {
        raw([Chunk(bytes)], close: close)
    }

    /// Sends pieces as they are, each after its delay, for answers that trickle; then closes or goes on.
    public static func raw(_ chunks: [Chunk], close: Bool = true) -> ReceiverResponse {
        ReceiverResponse(content: .raw(chunks, close ? .close : .keep))
    }

    /// Sends pieces as they are and then nothing more, the connection kept open.
    public static func rawThenSilence(_ chunks: [Chunk]) -> ReceiverResponse {
        ReceiverResponse(content: .raw(chunks, .hold))
    }

    /// The same answer, so much later.
    public func after(_ delay: Duration) -> ReceiverResponse {
        var response = self
        response.delay += delay
        return response
    }
}
