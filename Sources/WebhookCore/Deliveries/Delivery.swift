/// One event on its way to one subscription.
public struct Delivery: Sendable, Hashable {
    /// Names a delivery in commands and outputs: `dlv_` and a number.
    public struct ID: Sendable, Hashable, Comparable, CustomStringConvertible {
        /// The row in the store.
        public var rawValue: Int64

        /// The id of a number.
        public init(rawValue: Int64) {
            self.rawValue = rawValue
        }

        /// Reads `dlv_123`.
        public init?(_ text: String) {
            guard text.hasPrefix("dlv_"), let value = Int64(text.dropFirst(4)), value > 0, "dlv_\(value)" == text
            else { return nil }
            rawValue = value
        }

        /// The id as it is written: `dlv_42`.
        public var description: String { "dlv_\(rawValue)" }

        /// Tells whether one was made before another.
        public static func < (lhs: ID, rhs: ID) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    /// Its id.
    public var id: ID
    /// The event's id.
    public var event: String
    /// The event's topic.
    public var topic: String
    /// The event's tenant.
    public var tenant: String?
    /// The subscription's name.
    public var subscription: String
    /// Its state.
    public var state: DeliveryState
    /// The way to go where an attempt fails: retried, or not.
    public var mode: DeliveryMode
    /// Attempts made, the one in flight included.
    public var attempts: Int
    /// The time at which the next attempt is due; `nil` once settled or in flight.
    public var nextAttemptAt: Timestamp?
    /// The last attempt's status; `nil` where it got no answer.
    public var lastStatus: Int?
    /// The reason why the last attempt failed, or why it settled without one; `nil` after a success.
    public var lastError: FailureKind?
    /// The time at which it was made.
    public var createdAt: Timestamp
    /// The time at which it settled; `nil`: it is open.
    public var settledAt: Timestamp?
    /// True for a delivery of a test.
    public var isTest: Bool
    /// The delivery that this one sends again.
    public var retriggerOf: ID?
    /// The reason, in words, where it settled without an attempt.
    public var detail: String?

    package init(
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

    /// True when nothing more will happen to it.
    public var isSettled: Bool {
        switch self {
        case .pending, .inFlight, .waiting: false
        case .delivered, .failed, .unknown, .cancelled: true
        }
    }
}

extension Delivery {
    /// True when somebody has cancelled it, rather than the disabling of its subscription: no filter finds it to be
    /// sent again, only its id.
    package var isCancelledByHand: Bool { state == .cancelled && lastError != .disabled }
}

/// The mode of a delivery: whether a failed attempt is retried.
public enum DeliveryMode: String, Sendable, Hashable, CaseIterable {
    /// At least once: retried by a schedule.
    case retry
    /// At most once: never two requests for one delivery.
    case singleShot = "single-shot"
}

/// The class of a failure. A later version may know more of them: a `switch` needs a default.
public struct FailureKind: RawRepresentable, Error, Sendable, Hashable, CaseIterable {
    package enum Kind: String, Sendable, CaseIterable {
        case dns, connect, tls, blocked, timeout, disconnected, status, interrupted, template, disabled, `internal`
        case protocolError = "protocol"
        case responseTooLarge = "response_too_large"
    }

    /// For a `switch` over all there are.
    package let kind: Kind

    private init(_ kind: Kind) {
        self.kind = kind
    }

    /// The failure of a name such as `timeout`, as logs and the command line have it; `nil` for an unknown one.
    public init?(rawValue: String) {
        guard let kind = Kind(rawValue: rawValue) else { return nil }
        self.init(kind)
    }

    /// The name, such as `timeout`.
    public var rawValue: String { kind.rawValue }

    /// Every failure that this version knows.
    public static var allCases: [FailureKind] { Kind.allCases.map { FailureKind($0) } }

    /// The name could not be resolved. No request byte left.
    public static var dns: FailureKind { FailureKind(.dns) }
    /// No connection. No request byte left.
    public static var connect: FailureKind { FailureKind(.connect) }
    /// The TLS handshake failed. No request byte left.
    public static var tls: FailureKind { FailureKind(.tls) }
    /// The egress policy forbids the address. No request byte left.
    public static var blocked: FailureKind { FailureKind(.blocked) }
    /// The attempt took too long.
    public static var timeout: FailureKind { FailureKind(.timeout) }
    /// The connection ended after request bytes left and before a whole answer.
    public static var disconnected: FailureKind { FailureKind(.disconnected) }
    /// The answer is not HTTP.
    public static var protocolError: FailureKind { FailureKind(.protocolError) }
    /// The answer's headers are too large.
    public static var responseTooLarge: FailureKind { FailureKind(.responseTooLarge) }
    /// A status that is no success.
    public static var status: FailureKind { FailureKind(.status) }
    /// Our own crash came between.
    public static var interrupted: FailureKind { FailureKind(.interrupted) }
    /// The body could not be rendered.
    public static var template: FailureKind { FailureKind(.template) }
    /// The subscription is disabled.
    public static var disabled: FailureKind { FailureKind(.disabled) }
    /// A bug or a local fault.
    public static var `internal`: FailureKind { FailureKind(.internal) }
}
