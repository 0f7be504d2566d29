/// One try to deliver: at most one request on the wire.
public struct Attempt: Sendable, Hashable {
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        case succeeded
        case failed
        /// Nobody can tell whether the request arrived.
        case unknown
    }

    /// From 1.
    public var number: Int
    public var startedAt: Timestamp
    /// `nil` while it is in flight.
    public var finishedAt: Timestamp?
    /// `nil` while it is in flight.
    public var outcome: Outcome?
    public var status: Int?
    public var error: FailureKind?
    /// The outcome in words; names no internal address and no secret.
    public var detail: String?
    /// The URL that the request went to, as it may be shown.
    public var url: String
    /// As sent, secrets replaced by `***`.
    public var requestHeaders: [HTTPHeader]
    public var requestBody: ByteString
    public var responseHeaders: [HTTPHeader]
    /// The first 16 KiB.
    public var responseBody: ByteString
    /// Whether more of the answer came than was kept, or less than announced.
    public var responseTruncated: Bool
    public var remoteAddress: String?
    /// `1.1` or `2`.
    public var httpVersion: String?
    public var connectionReused: Bool
    /// The whole attempt on the monotonic clock.
    public var duration: Duration?
    public var phases: Phases

    /// The durations of an attempt's phases, each from the end of the one before; `nil` for a phase that was not reached.
    public struct Phases: Sendable, Hashable {
        public var dns: Duration?
        public var connect: Duration?
        public var tls: Duration?
        /// From the request's first byte to the answer's first.
        public var firstByte: Duration?

        public init(dns: Duration? = nil, connect: Duration? = nil, tls: Duration? = nil, firstByte: Duration? = nil) {
            self.dns = dns
            self.connect = connect
            self.tls = tls
            self.firstByte = firstByte
        }
    }

    public init(number: Int, startedAt: Timestamp, url: String, requestHeaders: [HTTPHeader], requestBody: ByteString) {
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
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The most bytes of a value that is sent: common servers take 8 to 16 KiB.
    package static let maxValueSize = 16 << 10

    /// Whether a value can stand in a header that is sent: no control characters (RFC 9110, section 5.5), C1 included.
    package static func isValid(_ value: String) -> Bool { !value.hasControlCharacters }
}
