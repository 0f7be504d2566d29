/// A POST that is ready to leave. Everything is decided; the transport only sends it.
public struct TransportRequest: Sendable {
    public var url: EndpointURL
    /// All header fields but `Host` and `Content-Length`, which the transport adds, in order. Real values.
    public var headers: [HTTPHeader]
    public var body: ByteString
    public var tls: TLSOptions?
    public var httpVersion: HTTPVersion
    /// The whole attempt, DNS included; waiting until the lookup of the name can begin is not part of it.
    public var timeout: Duration
    /// DNS aside, until the connection stands, TLS included.
    public var connectTimeout: Duration
    /// Single-shot: a fresh connection that is closed afterwards, so that a stale one can't end as `unknown`.
    public var freshConnection: Bool
    /// Rotates through a name's addresses: the attempt's number.
    public var attempt: Int
    /// Which addresses may be reached.
    public var egress: EgressPolicy
    /// Whether this endpoint has answered well before, in this process or an earlier one, and has not failed since. For a
    /// resolver: such a name is worth its wait.
    public var isProven: Bool

    public init(
        url: EndpointURL,
        headers: [HTTPHeader],
        body: ByteString,
        tls: TLSOptions? = nil,
        httpVersion: HTTPVersion = .http1,
        timeout: Duration = .seconds(15),
        connectTimeout: Duration = .seconds(5),
        freshConnection: Bool = false,
        attempt: Int = 1,
        egress: EgressPolicy = EgressPolicy(),
        isProven: Bool = false
    ) {
        self.url = url
        self.headers = headers
        self.body = body
        self.tls = tls
        self.httpVersion = httpVersion
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.freshConnection = freshConnection
        self.attempt = attempt
        self.egress = egress
        self.isProven = isProven
    }
}

extension TransportRequest: CustomStringConvertible, CustomReflectable {
    /// Method, URL as it may be shown, and the headers' names: their values may be secrets.
    public var description: String { "POST \(url) [\(headers.map(\.name).joined(separator: ", "))], \(body)" }
    public var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}
