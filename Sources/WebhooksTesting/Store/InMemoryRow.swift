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
    public internal(set) var uncountedAttempts = 0
    public internal(set) var interruptions = 0
    /// Only while pending or waiting.
    public internal(set) var dueAt: Timestamp?
    /// The planned length of the last wait for a retry.
    public internal(set) var wait: Duration?
    /// When the last attempt was claimed.
    public internal(set) var claimedAt: Timestamp?
    public internal(set) var lastStatus: Int?
    public internal(set) var lastError: FailureKind?
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

    /// Whether a disabling has cancelled it, and nobody since.
    var wasMissed: Bool { state == .cancelled && lastError == .disabled }

    /// Its place in the order of its subscription, while it is pending or waiting.
    var position: Refill.Position? { dueAt.map { Refill.Position(dueAt: $0, delivery: id) } }
}

/// An event as the ``InMemoryStore`` keeps it.
public struct InMemoryEventRow: Sendable {
    /// The progress of an event.
    public enum State: Sendable, Hashable {
        case waitsForFanOut
        case fannedOut
        case cancelled
        case setAside(reason: String)
    }

    public internal(set) var row: Int64
    public internal(set) var event: Event
    public internal(set) var target: String?
    public internal(set) var createdAt: Timestamp
    public internal(set) var state: State
    /// Its ``AcceptancePlace``, once it is due.
    public internal(set) var place: Int64?
    /// Processes that ended while it was being rendered.
    public internal(set) var ends = 0
    /// Rows of its deliveries, ascending.
    public internal(set) var deliveries: [Int64] = []

    /// Whether it waits for its fan-out, set aside or not.
    var waits: Bool {
        switch state {
        case .waitsForFanOut, .setAside: true
        case .fannedOut, .cancelled: false
        }
    }

    /// When it is due for its fan-out.
    public var dueAt: Timestamp { event.deliverAt ?? createdAt }

    /// Its turn among those that are due.
    var turn: Turn? { place.map { Turn(place: $0, row: row) } }

    /// By place; at the same place the event whose row it is comes before those that took it when their time had come.
    struct Turn: Sendable, Comparable {
        var place: Int64
        var row: Int64

        static func < (lhs: Turn, rhs: Turn) -> Bool {
            (lhs.place, lhs.row < lhs.place ? 1 : 0, lhs.row) < (rhs.place, rhs.row < rhs.place ? 1 : 0, rhs.row)
        }
    }
}

/// A subscription's health, and when it was enabled by hand.
struct InMemoryHealthRow: Sendable {
    var health: SubscriptionHealth
    var enabledAt: Timestamp?
    /// When the last pause ended.
    var resumedAt: Timestamp?

    /// Takes over what an engine knows, except where a decision by hand is newer.
    mutating func update(_ new: SubscriptionHealth) {
        health.disabled = health.disabled ?? new.disabled.flatMap { isOutdated($0.at) ? nil : $0 }
        let counted = [enabledAt, resumedAt].compactMap(\.self).max()
        health.failingSince = new.failingSince.map { since in max(since, counted ?? since) }
        health.hasSucceeded = new.hasSucceeded
        health.breaker = new.breaker
        health.lastStartAt = new.lastStartAt ?? health.lastStartAt
    }

    /// Ends a pause: `only` this one, or any.
    mutating func resume(_ only: SubscriptionHealth.Paused?, at instant: Timestamp) {
        guard let paused = health.paused, only == nil || only == paused else { return }
        health.paused = nil
        health.failingSince = nil
        resumedAt = instant
    }

    /// Whether a time lies before the last enabling.
    private func isOutdated(_ instant: Timestamp) -> Bool {
        enabledAt.map { instant < $0 } ?? false
    }
}
