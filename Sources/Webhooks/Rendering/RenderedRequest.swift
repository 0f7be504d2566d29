public import WebhookCore

/// An HTTP request as it would be sent.
public struct RenderedRequest: Sendable, Hashable {
    public var method: String
    /// As it may be shown.
    public var url: String
    /// Path and query, for the request line; `***` where the URL is a secret.
    public var target: String
    /// In the order of the wire, `Host` and `Content-Length` included; credentials are `***`.
    public var headers: [HTTPHeader]
    /// The same with the credentials.
    public var revealedHeaders: [HTTPHeader]
    public var body: ByteString
}
