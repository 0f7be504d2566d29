/// One try to deliver: at most one request on the wire.
public struct Attempt: Sendable, Hashable {
    /// The outcome of an attempt.
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// A success by the profile's rule.
        case succeeded
        /// No success; ``Attempt/error`` says why.
        case failed
        /// Nobody can tell whether the request arrived.
        case unknown
    }

    /// From 1.
    public var number: Int
    /// The time at which it began, to the millisecond.
    public var startedAt: Timestamp
    /// `nil` while it is in flight.
    public var finishedAt: Timestamp?
    /// `nil` while it is in flight.
    public var outcome: Outcome?
    /// The response's status code; `nil`: no response.
    public var status: Int?
    /// The class of its failure; `nil`: none, or under way.
    public var error: FailureKind?
    /// The outcome in words; names no internal address and no secret.
    public var detail: String?
    /// The URL that the request went to, as it may be shown.
    public var url: String
    /// As sent, secrets replaced by `***`.
    public var requestHeaders: [HTTPHeader]
    /// The bytes that were sent, or were to be.
    public var requestBody: ByteString
    /// The response's headers, up to 16 KiB.
    public var responseHeaders: [HTTPHeader]
    /// The first 16 KiB.
    public var responseBody: ByteString
    /// True when more of the answer came than was kept, or less than announced.
    public var responseTruncated: Bool
    /// The address that was connected to; `nil`: none was.
    public var remoteAddress: String?
    /// `1.1` or `2`.
    public var httpVersion: String?
    /// True when it went over a connection that was open already.
    public var connectionReused: Bool
    /// The whole attempt on the monotonic clock.
    public var duration: Duration?
    /// The times of its phases.
    public var phases: Phases

    /// The durations of an attempt's phases, each from the end of the one before; `nil` for a phase that was not reached.
    public struct Phases: Sendable, Hashable {
        /// Resolving the name.
        public var dns: Duration?
        /// Opening the connection.
        public var connect: Duration?
        /// The TLS handshake.
        public var tls: Duration?
        /// From the request's first byte to the answer's first.
        public var firstByte: Duration?

        package init(dns: Duration? = nil, connect: Duration? = nil, tls: Duration? = nil, firstByte: Duration? = nil) {
            self.dns = dns
            self.connect = connect
            self.tls = tls
            self.firstByte = firstByte
        }
    }

    package init(number: Int, startedAt: Timestamp, url: String, requestHeaders: [HTTPHeader], requestBody: ByteString)
    {
        self.number = number
        self.startedAt = startedAt
        self.url = url
        self.requestHeaders = requestHeaders
        self.requestBody = requestBody
        responseHeaders = []
        responseBody = .empty
        responseTruncated = false
        connectionReused = false
        phases = Phases()
    }
}

/// A header field of a request or an answer.
public struct HTTPHeader: Sendable, Hashable {
    /// The name, as it is written.
    public var name: String
    /// The value.
    public var value: String

    /// Makes a header of a name and a value.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The most bytes of a value that is sent: common servers take 8 to 16 KiB.
    package static let maxValueSize = 16 << 10

    /// Tells whether a value can stand in a header that is sent: no control characters (RFC 9110, section 5.5), C1
    /// included.
    package static func isValid(_ value: String) -> Bool { !value.hasControlCharacters }
}
