/// The log's queries and changes that any process may use, also beside a running dispatcher.
package protocol EventLog: Sendable {
    /// Stores an event durably, without deliveries: a dispatcher fans it out when it is due.
    ///
    /// - Parameter target: the only subscription it is for (a send test).
    func append(_ event: Event, target: String?) async throws(StoreError) -> AcceptanceResult

    /// Stores events in one transaction, all or (on an error) none; a duplicate, a conflict or a refusal of one doesn't
    /// hold up the rest.
    func append(_ events: [Event]) async throws(StoreError) -> [AcceptanceResult]

    /// Events, newest first.
    func events(_ query: EventQuery) async throws(StoreError) -> [LoggedEvent]

    /// An event by id, with its data.
    func event(_ id: String) async throws(StoreError) -> Event?

    /// Deliveries, newest first.
    func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery]

    /// A delivery by id.
    func delivery(_ id: Delivery.ID) async throws(StoreError) -> Delivery?

    /// A delivery's attempts in order, with bodies; an attempt in flight is the last.
    func attempts(of delivery: Delivery.ID) async throws(StoreError) -> [Attempt]

    /// The progress of events with their first attempts, added up. An unknown event adds nothing.
    func progress(ofEvents ids: [String]) async throws(StoreError) -> EventProgress

    /// Every subscription's remembered health, by name; subscriptions without any are left out. Costs as much as there are.
    func health() async throws(StoreError) -> [SubscriptionHealth]

    /// The same of these alone: costs as much as there are of them, however many others there are.
    func health(of subscriptions: Set<String>) async throws(StoreError) -> [SubscriptionHealth]

    /// The newest delivery of an event for each of its subscriptions, newest first; empty for an unknown event.
    func newestDeliveries(ofEvent id: String) async throws(StoreError) -> [Delivery]

    /// Cancels what was not sent yet: events that wait for their fan-out, and pending or waiting deliveries.
    ///
    /// A delivery that is cancelled keeps the error of its last attempt. One that is in flight is
    /// cancelled after its attempt, should that fail (``AttemptWrite/Next/ifCancelled``). One that a disabling had cancelled
    /// loses the error `disabled`: now it is cancelled by hand (``Delivery/isCancelledByHand``). Something that was
    /// cancelled by hand before is left as it is and appears nowhere in the result. Engines are told by
    /// ``SubscriptionHealth/retries`` that deliveries wait no more.
    /// - Parameters:
    ///   - events: ids. An event that waits for its fan-out is cancelled; of one that was fanned out, its deliveries.
    ///   - deliveries: single deliveries.
    ///   - subscription: with ids, only what of them is this subscription's: the others' deliveries stay, and what has
    ///     none of it is unknown. Without ids all deliveries of this subscription, and those that the events accepted so far
    ///     get when they are matched.
    ///   - time: when; the deliveries settle at it.
    func cancel(
        events: [String],
        deliveries: [Delivery.ID],
        subscription: String?,
        at instant: Timestamp
    ) async throws(StoreError) -> CancelResult

    /// Events that wait for a later `deliverAt`.
    ///
    /// - Parameter time: those that are due after it.
    func scheduledEvents(after instant: Timestamp) async throws(StoreError) -> ScheduledEvents

    /// Events that were set aside, oldest first, at most `limit`.
    func setAsideEvents(limit: Int) async throws(StoreError) -> [SetAsideEvent]

    /// Lets events that were set aside wait for their fan-out again, their count of ended processes forgotten.
    ///
    /// - Returns: the rows of those that were set aside.
    func releaseSetAside(_ events: [String]) async throws(StoreError) -> [Int64]

    /// The number of events that wait for their fan-out, those that were set aside left out.
    ///
    /// - Parameter time: what is due later counts apart.
    func unmatchedEvents(at instant: Timestamp) async throws(StoreError) -> UnmatchedEvents

    /// Disables or enables a subscription by hand.
    ///
    /// Enabling also forgets since when there were nothing but failures, so that the count starts again. What an engine
    /// writes afterwards from older knowledge (``StoreBatch/health``) changes neither.
    /// - Parameters:
    ///   - disabled: why and since when; `nil` enables it.
    ///   - time: when this was asked for.
    func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError)

    /// Pauses a subscription, replaces its pause, or lifts it.
    ///
    /// Lifting a pause, like its end, also forgets since when there were nothing but failures: the time during which
    /// nothing was sent doesn't count.
    /// - Parameters:
    ///   - paused: the pause; `nil` lifts it.
    ///   - time: when this was asked for.
    /// - Returns: whether it was paused before, by a pause whose time was not over.
    func setPaused(
        _ paused: SubscriptionHealth.Paused?,
        subscription: String,
        at instant: Timestamp
    ) async throws(StoreError) -> Bool

    /// Makes the next attempts of pending and waiting deliveries due at once, before what their subscriptions have due
    /// otherwise. Those in flight and settled stay as they are.
    ///
    /// - Returns: the outcome for each, in order.
    func retry(_ deliveries: [Delivery.ID]) async throws(StoreError) -> [RetryOutcome]

    /// The number of a subscription's deliveries that have not settled, tests included; none for an unknown one.
    func openDeliveries(of subscription: String) async throws(StoreError) -> OpenDeliveryCount

    /// The names of all subscriptions that something is remembered of, or that have or had deliveries, in order.
    func subscriptionNames() async throws(StoreError) -> [String]

    /// Inserts deliveries that send others again: same event, subscription, mode, content type and body; pending, due
    /// at once.
    ///
    /// Whether a delivery may be sent again is for the caller to decide.
    /// - Returns: the new deliveries in order; an unknown delivery has none.
    func insertRetriggers(_ retriggers: [Retrigger], at instant: Timestamp) async throws(StoreError) -> RetriggerResult

    /// Deliveries with their events' data, newest first, as an export takes them: at most the query's limit, and no
    /// more data than a page may hold (``ExportedDelivery/pageSize``). Go on behind the last; none: that was all.
    func exportPage(_ query: DeliveryQuery) async throws(StoreError) -> [ExportedDelivery]

    /// Counts and durations for each subscription that has deliveries or health, by name. Tests are left out.
    func statistics() async throws(StoreError) -> [SubscriptionStatistics]

    /// Deletes what settled before a time, oldest first: deliveries with their attempts and bodies, then events that
    /// were accepted before it and have no deliveries left. An event that waits for its fan-out stays.
    ///
    /// - Parameter limit: the most deliveries, and the most events: one batch, one short transaction. Call
    ///   again until nothing is deleted. No id of a deleted delivery is ever given out again.
    func prune(olderThan instant: Timestamp, limit: Int) async throws(StoreError) -> PruneResult

    /// Looks for what must never be: rows that contradict each other. Reads everything; takes its time.
    ///
    /// - Returns: what was found, in words; empty: all is well.
    /// - Throws: ``StoreError`` with `damaged` where the storage itself is broken.
    func integrityProblems() async throws(StoreError) -> [String]
}

extension EventLog {
    /// Inserts deliveries that send others again, with the bodies that those have.
    package func insertRetrigger(
        of deliveries: [Delivery.ID],
        at instant: Timestamp
    ) async throws(StoreError) -> [Delivery.ID] {
        try await insertRetriggers(deliveries.map { Retrigger(delivery: $0) }, at: instant).made.map(\.id)
    }
}

/// The number of events that are due later, and the time at which the next is.
package struct ScheduledEvents: Sendable, Hashable {
    package var count: Int
    /// `nil` where there are none.
    package var next: Timestamp?

    package init(count: Int = 0, next: Timestamp? = nil) {
        self.count = count
        self.next = next
    }
}

/// The progress of events.
package struct EventProgress: Sendable, Hashable {
    /// Events that wait for their fan-out.
    package var waitingForFanOut: Int
    /// Deliveries without a finished first attempt, those in ``paused`` included.
    package var withoutFirstAttempt: Int
    /// Pending deliveries whose subscription is paused.
    package var paused: Int

    package init(waitingForFanOut: Int = 0, withoutFirstAttempt: Int = 0, paused: Int = 0) {
        self.waitingForFanOut = waitingForFanOut
        self.withoutFirstAttempt = withoutFirstAttempt
        self.paused = paused
    }
}

/// Events that were accepted and not matched yet: nobody knows yet who gets them.
package struct UnmatchedEvents: Sendable, Hashable {
    /// A dispatcher matches them as soon as it gets to them.
    package var due: Int
    /// Due later, and matched then.
    package var later: Int

    package init(due: Int, later: Int) {
        self.due = due
        self.later = later
    }
}

/// A row of the event list.
public struct LoggedEvent: Sendable, Hashable {
    /// Its id.
    public var id: String
    /// Its topic.
    public var topic: String
    /// Its tenant.
    public var tenant: String?
    /// The time at which it happened, as its emitter says.
    public var occurredAt: Timestamp
    /// The time at which it was stored.
    public var createdAt: Timestamp
    /// `nil` at once.
    public var deliverAt: Timestamp?
    /// True when it is a test.
    public var isTest: Bool
    /// True when it was cancelled before it was given out.
    public var isCancelled: Bool
    /// The number of its deliveries.
    public var deliveryCount: Int
    /// True when it waits for its fan-out, or was set aside.
    public var isUnmatched: Bool
    /// The reason why it was set aside instead of fanned out; `nil`: it wasn't.
    public var setAside: String?

    package init(
        id: String,
        topic: String,
        tenant: String?,
        occurredAt: Timestamp,
        createdAt: Timestamp,
        deliverAt: Timestamp?,
        isTest: Bool,
        isCancelled: Bool,
        deliveryCount: Int,
        isUnmatched: Bool = false,
        setAside: String? = nil
    ) {
        self.id = id
        self.topic = topic
        self.tenant = tenant
        self.occurredAt = occurredAt
        self.createdAt = createdAt
        self.deliverAt = deliverAt
        self.isTest = isTest
        self.isCancelled = isCancelled
        self.deliveryCount = deliveryCount
        self.isUnmatched = isUnmatched
        self.setAside = setAside
    }
}
