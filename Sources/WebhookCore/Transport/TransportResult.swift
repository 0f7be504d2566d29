/// What became of a request.
public struct TransportResult: Sendable {
    /// How it ended.
    public enum Ending: Sendable, Hashable {
        /// Status line and headers came whole. The body may have been cut short: see ``TransportResult/isTruncated``.
        case answered(status: Int)
        /// It failed. `detail` is for people; it names no internal address.
        case failed(DeliveryError, detail: String)
    }

    public var ending: Ending
    /// Whether any byte of the request may have left. `false` is a proof that none did.
    public var requestLeft: Bool
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

    public init(ending: Ending, requestLeft: Bool, duration: Duration = .zero) {
        self.ending = ending
        self.requestLeft = requestLeft
        self.duration = duration
        isStaleConnection = false
        headers = []
        body = .empty
        isTruncated = false
        connectionReused = false
        phases = Attempt.Phases()
    }
}
