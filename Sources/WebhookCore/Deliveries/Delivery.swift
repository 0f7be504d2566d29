/// One event on its way to one subscription.
public struct Delivery: Sendable, Hashable {
    /// Names a delivery in commands and outputs: `dlv_` and a number.
    public struct ID: Sendable, Hashable, Comparable, CustomStringConvertible {
        /// The row in the store.
        public var rawValue: Int64

        public init(rawValue: Int64) {
            self.rawValue = rawValue
        }

        /// Reads `dlv_123`.
        public init?(_ text: String) {
            guard text.hasPrefix("dlv_"), let value = Int64(text.dropFirst(4)), value > 0, "dlv_\(value)" == text
            else { return nil }
            rawValue = value
        }

        public var description: String { "dlv_\(rawValue)" }

        public static func < (lhs: ID, rhs: ID) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    public var id: ID
    /// The event's id.
    public var event: String
    public var topic: String
    public var tenant: String?
    /// The subscription's name.
    public var subscription: String
    public var state: DeliveryState
    public var mode: DeliveryMode
    /// Attempts made, the one in flight included.
    public var attempts: Int
    /// When the next attempt is due; `nil` once settled or in flight.
    public var nextAttemptAt: Timestamp?
    /// The last attempt's status; `nil` where it got no answer.
    public var lastStatus: Int?
    /// Why the last attempt failed, or why it settled without one; `nil` after a success.
    public var lastError: FailureKind?
    public var createdAt: Timestamp
    public var settledAt: Timestamp?
    public var isTest: Bool
    /// The delivery that this one sends again.
    public var retriggerOf: ID?
    /// Why, in words, where it settled without an attempt.
    public var detail: String?

    public init(
        id: ID,
        event: String,
        topic: String,
        tenant: String?,
        subscription: String,
        state: DeliveryState,
        mode: DeliveryMode,
        attempts: Int,
        nextAttemptAt: Timestamp?,
        lastStatus: Int?,
        lastError: FailureKind?,
        createdAt: Timestamp,
        settledAt: Timestamp?,
        isTest: Bool,
        retriggerOf: ID?,
        detail: String? = nil
    ) {
        self.id = id
        self.event = event
        self.topic = topic
        self.tenant = tenant
        self.subscription = subscription
        self.state = state
        self.mode = mode
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastStatus = lastStatus
        self.lastError = lastError
        self.createdAt = createdAt
        self.settledAt = settledAt
        self.isTest = isTest
        self.retriggerOf = retriggerOf
        self.detail = detail
    }
}

/// The state of a delivery.
///
/// ```
/// pending ──▶ in_flight ──▶ delivered | failed | unknown
///    │            │  ▲
///    │            ▼  │
///    │          waiting ──▶ cancelled | failed
///    └──▶ cancelled | failed
/// ```
public enum DeliveryState: String, Sendable, Hashable, CaseIterable {
    /// Never attempted.
    case pending
    /// An attempt is under way.
    case inFlight = "in_flight"
    /// For a retry.
    case waiting
    /// A receiver took it.
    case delivered
    /// Attempts used up, or a permanent error.
    case failed
    /// Single-shot: request bytes left, and nobody can tell whether they arrived.
    case unknown
    /// Cancelled before it was sent.
    case cancelled

    /// Whether nothing more will happen to it.
    public var isSettled: Bool {
        switch self {
        case .pending, .inFlight, .waiting: false
        case .delivered, .failed, .unknown, .cancelled: true
        }
    }
}

/// The mode of a delivery: whether a failed attempt is retried.
public enum DeliveryMode: String, Sendable, Hashable, CaseIterable {
    /// At least once: retried by a schedule.
    case retry
    /// At most once: never two requests for one delivery.
    case singleShot = "single-shot"
}

/// The class of a failure.
public enum FailureKind: String, Error, Sendable, Hashable, CaseIterable {
    /// The name could not be resolved. No request byte left.
    case dns
    /// No connection. No request byte left.
    case connect
    /// The TLS handshake failed. No request byte left.
    case tls
    /// The egress policy forbids the address. No request byte left.
    case blocked
    /// The attempt took too long.
    case timeout
    /// The connection ended after request bytes left and before a whole answer.
    case disconnected
    /// The answer is not HTTP.
    case protocolError = "protocol"
    /// The answer's headers are too large.
    case responseTooLarge = "response_too_large"
    /// A status that is no success.
    case status
    /// Our own crash came between.
    case interrupted
    /// The body could not be rendered.
    case template
    /// The subscription is disabled.
    case disabled
    /// A bug or a local fault.
    case `internal`
}
