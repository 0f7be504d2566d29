/// Sends requests. The engine admits them; a transport never queues one and never sends one twice.
package protocol Transport: Sendable {
    /// Starts requests. Returns at once; each is answered by exactly one completion, also after ``cancelAll()``.
    ///
    /// - Parameter completion: called on a queue of the transport's, with results in batches as they come.
    func send(_ orders: [TransportOrder], completion: @escaping @Sendable ([TransportCompletion]) -> Void)

    /// Ends every request under way; those end as `failed(.interrupted, …)` with the truth about ``TransportResult/mayHaveBeenSent``.
    func cancelAll()

    /// Ends those of these requests that are under way, as ``cancelAll()`` does all.
    ///
    /// - Parameter reason: the beginning of what is on record of each: "the subscription was deleted".
    func cancel(_ tokens: Set<UInt64>, reason: String)

    /// Answers once what was given before is taken up: proof that it works off what it is given.
    ///
    /// - Parameter completion: called on a queue of the transport's.
    func ping(_ completion: @escaping @Sendable () -> Void)
}

extension Transport {
    package func ping(_ completion: @escaping @Sendable () -> Void) { completion() }
}

/// A request with the number its result comes back under.
package struct TransportOrder: Sendable {
    package var token: UInt64
    package var request: TransportRequest

    package init(token: UInt64, request: TransportRequest) {
        self.token = token
        self.request = request
    }
}

/// A result.
package struct TransportCompletion: Sendable {
    package var token: UInt64
    package var result: TransportResult

    package init(token: UInt64, result: TransportResult) {
        self.token = token
        self.result = result
    }
}

/// A POST that is ready to leave. Everything is decided; the transport only sends it.
package struct TransportRequest: Sendable {
    package var url: EndpointURL
    /// All header fields but `Host` and `Content-Length`, which the transport adds, in order. Real values.
    package var headers: [HTTPHeader]
    package var body: ByteString
    package var tls: TLSOptions?
    package var httpVersion: HTTPVersion
    /// The whole attempt, DNS included; waiting until the lookup of the name can begin is not part of it.
    package var timeout: Duration
    /// DNS aside, until the connection stands, TLS included.
    package var connectTimeout: Duration
    /// Single-shot: a fresh connection that is closed afterwards, so that a stale one can't end as `unknown`.
    package var freshConnection: Bool
    /// Rotates through a name's addresses: the attempt's number.
    package var attempt: Int
    /// The rules for the addresses that may be reached.
    package var egress: EgressPolicy
    /// True when this endpoint has answered well before, in this process or an earlier one, and has not failed since.
    /// For a resolver: such a name is worth its wait.
    package var isProven: Bool
    /// The latest time at which the first byte may leave, as ``SystemClock`` counts its uptime in nanoseconds; `nil`: any.
    /// Afterwards the request ends as `interrupted`, and nothing of it was sent.
    package var startBy: UInt64?

    package init(
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
    package var description: String { "POST \(url) [\(headers.map(\.name).joined(separator: ", "))], \(body)" }
    package var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}

/// The result of a request.
package struct TransportResult: Sendable {
    /// The end of a request.
    package enum Ending: Sendable, Hashable {
        /// Status line and headers came whole. The body may have been cut short: see ``TransportResult/isTruncated``.
        case responded(status: Int)
        /// It failed. `detail` is for people; it names no internal address.
        case failed(FailureKind, detail: String)
    }

    package var ending: Ending
    /// True when any byte of the request may have left. `false` is a proof that none did.
    package var mayHaveBeenSent: Bool
    /// A reused connection ended without a single byte of an answer: typically the receiver had closed it while idle.
    package var isStaleConnection: Bool
    /// At most 16 KiB of headers, in order.
    package var headers: [HTTPHeader]
    /// At most 16 KiB.
    package var body: ByteString
    /// True when more came than was kept, or less than announced.
    package var isTruncated: Bool
    /// The address connected to; not set where the policy refused it.
    package var remoteAddress: String?
    /// `1.1` or `2`.
    package var httpVersion: String?
    package var connectionReused: Bool
    package var duration: Duration
    package var phases: Attempt.Phases

    package init(ending: Ending, mayHaveBeenSent: Bool, duration: Duration = .zero) {
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
