/// A new event, with its deliveries where they are known already.
package struct Acceptance: Sendable {
    package var event: Event
    package var createdAt: Timestamp
    /// The only subscription that it is for (a send test); `nil` for all that want it.
    package var target: String?
    /// `nil`: to be fanned out later, when it is due or a dispatcher sees it.
    package var deliveries: NewDeliveries?

    package init(event: Event, createdAt: Timestamp, target: String? = nil, deliveries: NewDeliveries?) {
        self.event = event
        self.createdAt = createdAt
        self.target = target
        self.deliveries = deliveries
    }
}

/// The result of accepting an event.
package enum AcceptanceResult: Sendable, Hashable {
    /// Stored. The deliveries' ids, in order.
    case stored(event: Int64, deliveries: [Delivery.ID])
    /// The same event is there already; nothing was stored.
    case duplicate(event: Int64)
    /// An event of this id with other content is there; nothing was stored. In what it differs:
    /// ``Event/differences(from:)``.
    case conflict(differences: [String])
    /// The store won't take this event; nothing was stored.
    case refused(reason: String)
}

/// Deliveries of one event, sharing bodies.
package struct NewDeliveries: Sendable {
    /// Each distinct representation once.
    package var bodies: [ByteString]
    package var deliveries: [NewDelivery]

    package init(bodies: [ByteString] = [], deliveries: [NewDelivery] = []) {
        self.bodies = bodies
        self.deliveries = deliveries
    }

    /// Makes the deliveries of some subscriptions settle as cancelled, however they would start.
    ///
    /// - Returns: their positions.
    package mutating func cancel(where isCancelled: (_ subscription: String) -> Bool) -> Set<Int> {
        var positions: Set<Int> = []
        for index in deliveries.indices where isCancelled(deliveries[index].subscription) {
            deliveries[index].start = .settled(.cancelled, nil, detail: "cancelled before the event was matched")
            positions.insert(index)
        }
        return positions
    }
}

/// A delivery to insert.
package struct NewDelivery: Sendable, Hashable {
    /// The state in which a new delivery starts.
    package enum Start: Sendable, Hashable {
        /// Waits for its first attempt, due at a time.
        case pending(dueAt: Timestamp)
        /// Waits for its first attempt at its event's ``AcceptancePlace``, which the store gives it.
        case inOrder
        /// Its first attempt is claimed with the insert.
        case claimed(at: Timestamp)
        /// Is settled at once: `failed` with `template`, `cancelled` with `disabled`, or cancelled by hand with no error.
        case settled(DeliveryState, FailureKind?, detail: String?)
    }

    package var subscription: String
    package var mode: DeliveryMode
    /// Index into ``NewDeliveries/bodies``; `nil` where none could be rendered.
    package var body: Int?
    package var contentType: ContentType
    package var start: Start

    package init(subscription: String, mode: DeliveryMode, body: Int?, contentType: ContentType, start: Start) {
        self.subscription = subscription
        self.mode = mode
        self.body = body
        self.contentType = contentType
        self.start = start
    }
}

/// Deliveries for an event that is in the store without any.
package struct FanOut: Sendable {
    package var event: Int64
    package var createdAt: Timestamp
    package var deliveries: NewDeliveries
    /// The event's data, where they are at hand: a store need not keep twice what stands in the bodies.
    package var data: ByteString?

    package init(event: Int64, createdAt: Timestamp, deliveries: NewDeliveries, data: ByteString? = nil) {
        self.event = event
        self.createdAt = createdAt
        self.deliveries = deliveries
        self.data = data
    }
}

/// The result of a fan-out.
package enum FanOutResult: Sendable, Hashable {
    /// Stored. Of the deliveries, in order, those at the positions `cancelled` were settled as cancelled whatever their
    /// start says: ``EventLog/cancel(events:deliveries:subscription:at:)`` came before the event was matched.
    case stored(deliveries: [Delivery.ID], cancelled: Set<Int> = [])
    /// The event was fanned out, cancelled or set aside in the meantime, or the store won't take it; nothing was stored.
    case refused
}

/// A durable claim: attempt `number` of a delivery is about to start.
package struct Claim: Sendable, Hashable {
    package var delivery: Delivery.ID
    /// The attempt's number, one more than the row's.
    package var number: Int
    package var at: Timestamp
    /// True when the body is to be read along.
    package var needsBody: Bool
    /// True when it is a first attempt of an ordered subscription beside other dispatchers: refused as
    /// ``ClaimResult/behind`` while the store has something that was accepted before.
    package var isOrdered: Bool

    package init(delivery: Delivery.ID, number: Int, at: Timestamp, needsBody: Bool, isOrdered: Bool = false) {
        self.delivery = delivery
        self.number = number
        self.at = at
        self.needsBody = needsBody
        self.isOrdered = isOrdered
    }
}

/// The result of a claim.
package enum ClaimResult: Sendable, Hashable {
    /// The attempt is ours. The body where it was asked for.
    case claimed(body: ByteString?)
    /// The delivery is no longer open, or another attempt has that number; or the node doesn't hold its subscription.
    case refused
    /// Only for ``Claim/isOrdered``: an event that is due and waits for its fan-out has an earlier ``AcceptancePlace``, or of
    /// the subscription another delivery waits for a retry, or pends at an earlier place (at the same: with a lower id).
    ///
    /// That is seen as the transaction sees it, in which the delivery itself is to be seen: what was committed before its
    /// event was emitted is too. Nothing is promised about what becomes visible later, for neither was there before the
    /// other.
    case behind
}

/// A finished attempt with the delivery's next state.
///
/// Recorded only if the delivery is in flight with this attempt's number. Durations are kept to the microsecond.
///
/// A class, for it goes through several hands, and an attempt is large.
package final class AttemptWrite: Sendable {
    package let delivery: Delivery.ID
    /// The body is not stored with the attempt: it is the delivery's.
    package let attempt: Attempt
    /// Attempts that used up no step so far, this one included if it used none.
    package let uncountedAttempts: Int
    /// The number of these that our own crash interrupted.
    package let interruptions: Int
    package let next: Next
    /// The time that it is to wait, where it waits: what a clock that has changed until it is read doesn't change.
    package let wait: Duration

    package enum Next: Sendable, Hashable {
        /// The delivery's error becomes the attempt's; `cancelled` (its subscription was disabled) makes it `disabled`, unless
        /// somebody cancelled it during the attempt (``AttemptWrite/errorIfCancelled``).
        case settled(DeliveryState)
        case waiting(until: Timestamp)

        /// The step that follows instead where somebody cancelled the delivery during the attempt: no retry, and what
        /// failed is cancelled. What has arrived, or may have, stays so.
        package var ifCancelled: Next {
            switch self {
            case .waiting, .settled(.failed): .settled(.cancelled)
            case .settled: self
            }
        }
    }

    /// The error of a delivery that somebody cancelled during the attempt. Never `disabled`, also where its subscription was
    /// disabled before the request left: it would be sent with what a disabling has cancelled.
    package var errorIfCancelled: FailureKind? { attempt.error == .disabled ? nil : attempt.error }

    /// The detail of a delivery that ``Next/ifCancelled`` has settled otherwise than its attempt alone would have.
    package static let cancelledDetail = "cancelled during its last attempt"

    package init(
        delivery: Delivery.ID,
        attempt: Attempt,
        uncountedAttempts: Int,
        interruptions: Int,
        next: Next,
        wait: Duration = .zero
    ) {
        self.delivery = delivery
        self.attempt = attempt
        self.uncountedAttempts = uncountedAttempts
        self.interruptions = interruptions
        self.next = next
        self.wait = wait
    }
}

/// The outcome of recording an attempt.
package enum AttemptWriteResult: Sendable, Hashable {
    /// On record, with what follows from it.
    case recorded
    /// On record; but somebody cancelled the delivery during the attempt, and so it has settled as cancelled.
    case cancelled
    /// Not recorded: the row says otherwise.
    case refused
}

/// A pending or waiting delivery that settles without an attempt. Refused for one in flight: its attempt settles it.
package struct Settlement: Sendable, Hashable {
    package var delivery: Delivery.ID
    package var state: DeliveryState
    /// The reason; `nil` keeps the last attempt's error.
    package var error: FailureKind?
    package var detail: String?
    package var at: Timestamp

    package init(delivery: Delivery.ID, state: DeliveryState, error: FailureKind?, detail: String?, at: Timestamp) {
        self.delivery = delivery
        self.state = state
        self.error = error
        self.detail = detail
        self.at = at
    }
}

/// Settles open deliveries (not those in flight) of a subscription as `cancelled` with `disabled`, at most `limit` of
/// them.
package struct OpenCancellation: Sendable, Hashable {
    package var subscription: String
    package var limit: Int
    package var at: Timestamp
    /// Whether nothing is settled where the store doesn't say, or says no more, that the subscription is disabled: somebody may have
    /// enabled it meanwhile.
    package var whileDisabled: Bool

    package init(subscription: String, limit: Int, at: Timestamp, whileDisabled: Bool = false) {
        self.subscription = subscription
        self.limit = limit
        self.at = at
        self.whileDisabled = whileDisabled
    }
}
