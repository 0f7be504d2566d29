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
    public var lastError: DeliveryError?
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
        lastError: DeliveryError?,
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
