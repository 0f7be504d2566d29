/// The result of a cancellation.
public struct CancelResult: Sendable, Hashable {
    /// The deliveries that were cancelled, those included that a disabling had cancelled and that are now by hand.
    public var deliveries: [Delivery.ID]
    /// The events, waiting for their fan-out, that were cancelled.
    public var events: [String]
    /// Deliveries with an attempt under way, which is not cut off. Should it fail, no retry follows and the delivery
    /// settles as cancelled.
    public var underWay: [Missed]
    /// Deliveries that had settled otherwise: asked for one by one or with their event.
    public var tooLate: [Missed]
    /// Ids of events, cancelled before they were matched, and of deliveries that were cancelled before.
    public var alreadyCancelled: [String]
    /// Ids that name nothing.
    public var unknown: [String]
    /// A subscription's events that were accepted and not matched yet, with the ones that are due later. The
    /// subscription gets none of them; other subscriptions do.
    public var unmatchedEvents: Int
    /// The items that the store would not change.
    package var refused: [RefusedItem]

    /// A delivery that could not be cancelled at once.
    public struct Missed: Sendable, Hashable {
        /// The delivery.
        public var delivery: Delivery.ID
        /// Its subscription.
        public var subscription: String
        /// `inFlight`, or how it had settled.
        public var state: DeliveryState
        /// The time at which it settled; `nil`: an attempt is under way.
        public var settledAt: Timestamp?

        package init(delivery: Delivery.ID, subscription: String, state: DeliveryState, settledAt: Timestamp? = nil) {
            self.delivery = delivery
            self.subscription = subscription
            self.state = state
            self.settledAt = settledAt
        }
    }

    package init(
        deliveries: [Delivery.ID] = [],
        events: [String] = [],
        underWay: [Missed] = [],
        tooLate: [Missed] = [],
        alreadyCancelled: [String] = [],
        unknown: [String] = [],
        unmatchedEvents: Int = 0,
        refused: [RefusedItem] = []
    ) {
        self.deliveries = deliveries
        self.events = events
        self.underWay = underWay
        self.tooLate = tooLate
        self.alreadyCancelled = alreadyCancelled
        self.unknown = unknown
        self.unmatchedEvents = unmatchedEvents
        self.refused = refused
    }

    /// The result of cancelling one event, from what is worst to know.
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// At least one subscriber's delivery had settled otherwise: see ``CancelResult/tooLate``.
        case tooLate
        /// At least one attempt is under way, and may still arrive: see ``CancelResult/underWay``.
        case underWay
        /// The store would not change some of it.
        case refused
        /// It was cancelled now; nothing of it is sent.
        case cancelled
        /// It was cancelled before; nothing of it is sent.
        case alreadyCancelled
        /// Nothing has this id.
        case unknown
        /// It was matched, and nobody was to get it.
        case nobodys
    }

    /// The result for one event: ``deliveries`` and the other lists say it of each of its subscribers.
    public var outcome: Outcome {
        if !tooLate.isEmpty { return .tooLate }
        if !underWay.isEmpty { return .underWay }
        if !refused.isEmpty { return .refused }
        if !deliveries.isEmpty || !events.isEmpty || unmatchedEvents > 0 { return .cancelled }
        if !alreadyCancelled.isEmpty { return .alreadyCancelled }
        return unknown.isEmpty ? .nobodys : .unknown
    }

    /// Counts in an event that was cancelled before, once.
    package mutating func add(cancelledBefore event: String) {
        if !events.contains(event), !alreadyCancelled.contains(event) { alreadyCancelled.append(event) }
    }

    /// Counts in a delivery that is no longer pending or waiting, once.
    public mutating func add(_ missed: Missed) {
        switch missed.state {
        case .cancelled:
            if !deliveries.contains(missed.delivery), !alreadyCancelled.contains(missed.delivery.description) {
                alreadyCancelled.append(missed.delivery.description)
            }
        case .inFlight: if !underWay.contains(missed) { underWay.append(missed) }
        default: if !tooLate.contains(missed) { tooLate.append(missed) }
        }
    }
}

/// Counts of what a batch of pruning deleted.
package struct PruneResult: Sendable, Hashable {
    /// Events that were deleted.
    package var events: Int
    /// Deliveries that were deleted.
    package var deliveries: Int
    /// Attempts that were deleted.
    package var attempts: Int
    /// The items that the store would not delete. They stay until they are looked for again.
    package var refused: [RefusedItem]

    package init(events: Int = 0, deliveries: Int = 0, attempts: Int = 0, refused: [RefusedItem] = []) {
        self.events = events
        self.deliveries = deliveries
        self.attempts = attempts
        self.refused = refused
    }

    /// True when nothing was left to look at.
    package var isEmpty: Bool { events == 0 && deliveries == 0 && attempts == 0 && refused.isEmpty }
}

/// The result of making a delivery's next attempt due at once.
package enum RetryOutcome: Sendable, Hashable {
    /// The next attempt is due.
    case due
    /// An attempt is under way.
    case inFlight
    /// It has settled: there is no next attempt.
    case settled(DeliveryState)
    /// There is no such delivery.
    case unknown
    /// The store won't change it; why.
    case refused(String)
}

/// A delivery that is to be sent again.
package struct Retrigger: Sendable, Hashable {
    package var delivery: Delivery.ID
    /// The body to send where the delivery has no body, because none could be rendered then; `nil` where it still
    /// can't.
    package var rendering: Rendering?

    /// A body and how it is written.
    package struct Rendering: Sendable, Hashable {
        package var body: ByteString
        package var contentType: ContentType

        package init(body: ByteString, contentType: ContentType) {
            self.body = body
            self.contentType = contentType
        }
    }

    package init(delivery: Delivery.ID, rendering: Rendering? = nil) {
        self.delivery = delivery
        self.rendering = rendering
    }
}

/// A new delivery that sends another one again.
package struct Retriggered: Sendable, Hashable {
    package var id: Delivery.ID
    /// The event's row.
    package var event: Int64

    package init(id: Delivery.ID, event: Int64) {
        self.id = id
        self.event = event
    }
}

/// The outcome for deliveries that were to be sent again.
package struct RetriggerResult: Sendable, Hashable {
    /// The new deliveries, in order.
    package var made: [Retriggered]
    /// The events or deliveries that the store would not send again.
    package var refused: [RefusedItem]

    package init(made: [Retriggered], refused: [RefusedItem] = []) {
        self.made = made
        self.refused = refused
    }
}
