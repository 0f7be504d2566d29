public import WebhookCore

/// A request that a ``TestDispatcher`` has sent to a scripted receiver, exactly as it would go over the wire.
public struct TestRequest: Sendable, Hashable {
    /// The name of the subscription.
    public var subscription: String
    /// The id of the event.
    public var eventID: String
    /// The topic of the event.
    public var topic: String
    /// 1 for the first attempt.
    public var attempt: Int
    /// The time at which it was sent.
    public var sentAt: Timestamp
    /// The whole URL.
    public var url: String
    /// The header fields in their order, with their real values; `Host` and `Content-Length` are the transport's.
    public var headers: [HTTPHeader]
    /// The bytes of the body.
    public var body: ByteString

    /// The value of a header field, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
