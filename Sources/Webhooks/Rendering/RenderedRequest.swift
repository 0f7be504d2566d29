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

extension RenderedRequest: CustomStringConvertible, CustomReflectable {
    /// The request without credentials: ``revealedHeaders`` have to be asked for by name.
    public var description: String { "\(method) \(url) \(headers), \(body)" }
    public var customMirror: Mirror {
        Mirror(self, children: ["method": method, "url": url, "headers": headers, "body": body])
    }
}
