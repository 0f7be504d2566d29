public import WebhookCore

/// A delivery with its attempts as the ``InMemoryStore`` keeps it.
public struct InMemoryDeliveryRow: Sendable {
    public internal(set) var id: Delivery.ID
    /// The event's row.
    public internal(set) var event: Int64
    public internal(set) var subscription: String
    public internal(set) var mode: DeliveryMode
    public internal(set) var contentType: ContentType
    public internal(set) var body: ByteString?
    public internal(set) var state: DeliveryState
    /// Attempts made, the one in flight included.
    public internal(set) var attempts = 0
    public internal(set) var freeAttempts = 0
    public internal(set) var interruptions = 0
    /// Only while pending or waiting.
    public internal(set) var dueAt: Timestamp?
    /// How long the last wait for a retry was to be.
    public internal(set) var wait: Duration?
    /// When the last attempt was claimed.
    public internal(set) var claimedAt: Timestamp?
    public internal(set) var lastStatus: Int?
    public internal(set) var lastError: DeliveryError?
    public internal(set) var createdAt: Timestamp
    public internal(set) var settledAt: Timestamp?
    /// When it was cancelled in flight: then it never waits again.
    public internal(set) var cancelledAt: Timestamp?
    public internal(set) var retriggerOf: Delivery.ID?
    public internal(set) var detail: String?
    /// The finished attempts in order, without the request's body.
    public internal(set) var log: [Attempt] = []

    /// Whether a scheduler may start an attempt or settle it without one.
    public var isWaiting: Bool { state == .pending || state == .waiting }

    /// Its place in the order of its subscription, while it is pending or waiting.
    var position: Refill.Position? { dueAt.map { Refill.Position(dueAt: $0, delivery: id) } }
}
