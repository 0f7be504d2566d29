package import WebhookCore

/// A delivery with its attempts as the ``InMemoryStore`` keeps it.
package struct InMemoryDeliveryRow: Sendable {
    package internal(set) var id: Delivery.ID
    /// The event's row.
    package internal(set) var event: Int64
    package internal(set) var subscription: String
    package internal(set) var mode: DeliveryMode
    package internal(set) var contentType: ContentType
    package internal(set) var body: ByteString?
    package internal(set) var state: DeliveryState
    /// Attempts made, the one in flight included.
    package internal(set) var attempts = 0
    package internal(set) var uncountedAttempts = 0
    package internal(set) var interruptions = 0
    /// Only while pending or waiting.
    package internal(set) var dueAt: Timestamp?
    /// The planned length of the last wait for a retry.
    package internal(set) var wait: Duration?
    /// The time at which the last attempt was claimed.
    package internal(set) var claimedAt: Timestamp?
    package internal(set) var lastStatus: Int?
    package internal(set) var lastError: FailureKind?
    package internal(set) var createdAt: Timestamp
    package internal(set) var settledAt: Timestamp?
    /// The time at which it was cancelled in flight: then it never waits again.
    package internal(set) var cancelledAt: Timestamp?
    package internal(set) var retriggerOf: Delivery.ID?
    package internal(set) var detail: String?
    /// The finished attempts in order, without the request's body.
    package internal(set) var log: [Attempt] = []

    /// True when a scheduler may start an attempt or settle it without one.
    package var isWaiting: Bool { state == .pending || state == .waiting }

    /// True when a disabling has cancelled it, and nobody has done so since.
    package var wasMissed: Bool { state == .cancelled && lastError == .disabled }

    /// Its place in the order of its subscription, while it is pending or waiting.
    var position: Refill.Position? { dueAt.map { Refill.Position(dueAt: $0, delivery: id) } }
}

/// An event as the ``InMemoryStore`` keeps it.
package struct InMemoryEventRow: Sendable {
    /// The progress of an event.
    package enum State: Sendable, Hashable {
        case waitsForFanOut
        case fannedOut
        case cancelled
        case setAside(reason: String)
    }

    package internal(set) var row: Int64
    package internal(set) var event: Event
    package internal(set) var target: String?
    package internal(set) var createdAt: Timestamp
    package internal(set) var state: State
    /// Its ``AcceptancePlace``, once it is due.
    package internal(set) var place: Int64?
    /// The node that was given it to be fanned out.
    package internal(set) var givenTo: NodeID?
    /// Processes that ended while it was being rendered.
    package internal(set) var ends = 0
    /// Rows of its deliveries, ascending.
    package internal(set) var deliveries: [Int64] = []

    /// True when it waits for its fan-out, set aside or not.
    var waits: Bool {
        switch state {
        case .waitsForFanOut, .setAside: true
        case .fannedOut, .cancelled: false
        }
    }

    /// The time at which it is due for its fan-out.
    package var dueAt: Timestamp { event.deliverAt ?? createdAt }

    /// Its turn among those that are due.
    var turn: Turn? { place.map { Turn(place: $0, row: row) } }

    /// By place; at the same place the event whose row it is comes before those that took it when their time had come.
    package struct Turn: Sendable, Comparable {
        package var place: Int64
        package var row: Int64

        package static func < (lhs: Turn, rhs: Turn) -> Bool {
            (lhs.place, lhs.row < lhs.place ? 1 : 0, lhs.row) < (rhs.place, rhs.row < rhs.place ? 1 : 0, rhs.row)
        }
    }
}

/// A subscription's health, and when it was enabled by hand.
package struct InMemoryHealthRow: Sendable {
    var health: SubscriptionHealth
    var enabledAt: Timestamp?
    /// The time at which the last pause ended.
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

    /// Tells whether a time lies before the last enabling.
    private func isOutdated(_ instant: Timestamp) -> Bool {
        enabledAt.map { instant < $0 } ?? false
    }
}
