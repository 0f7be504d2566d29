/// Sends requests. The engine admits them; a transport never queues one and never sends one twice.
public protocol Transport: Sendable {
    /// Starts requests. Returns at once; each is answered by exactly one completion, also after ``cancelAll()``.
    ///
    /// - Parameter completion: called on a queue of the transport's, with results in batches as they come.
    func send(_ orders: [TransportOrder], completion: @escaping @Sendable ([TransportCompletion]) -> Void)

    /// Ends every request under way; those end as `failed(.interrupted, …)` with the truth about ``TransportResult/mayHaveBeenSent``.
    func cancelAll()
}

/// A request with the number its result comes back under.
public struct TransportOrder: Sendable {
    public var token: UInt64
    public var request: TransportRequest

    public init(token: UInt64, request: TransportRequest) {
        self.token = token
        self.request = request
    }
}

/// A result.
public struct TransportCompletion: Sendable {
    public var token: UInt64
    public var result: TransportResult

    public init(token: UInt64, result: TransportResult) {
        self.token = token
        self.result = result
    }
}

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

/// The result of a request.
public struct TransportResult: Sendable {
    /// The end of a request.
    public enum Ending: Sendable, Hashable {
        /// Status line and headers came whole. The body may have been cut short: see ``TransportResult/isTruncated``.
        case responded(status: Int)
        /// It failed. `detail` is for people; it names no internal address.
        case failed(FailureKind, detail: String)
    }

    public var ending: Ending
    /// Whether any byte of the request may have left. `false` is a proof that none did.
    public var mayHaveBeenSent: Bool
    /// A reused connection ended without a single byte of an answer: typically the receiver had closed it while idle.
    public var isStaleConnection: Bool
    /// At most 16 KiB of headers, in order.
    public var headers: [HTTPHeader]
    /// At most 16 KiB.
    public var body: ByteString
    /// Whether more came than was kept, or less than announced.
    public var isTruncated: Bool
    /// The address connected to; not set where the policy refused it.
    public var remoteAddress: String?
    /// `1.1` or `2`.
    public var httpVersion: String?
    public var connectionReused: Bool
    public var duration: Duration
    public var phases: Attempt.Phases

    public init(ending: Ending, mayHaveBeenSent: Bool, duration: Duration = .zero) {
        self.ending = ending
        self.mayHaveBeenSent = mayHaveBeenSent
        self.duration = duration
        isStaleConnection = false
        headers = []
        body = .empty
        isTruncated = false
        connectionReused = false
        phases = Attempt.Phases()
    }
}
