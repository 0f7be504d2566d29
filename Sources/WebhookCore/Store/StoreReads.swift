/// The reads of a batch, made within its transaction.
package struct StoreReads: Sendable {
    /// Deliveries that a crash left in flight. Asked for once, at start.
    package var interrupted = false
    /// Subscriptions (names) whose lease was just acquired: those of their deliveries that are in flight are added to
    /// ``StoreReadResult/interrupted``, and those that have pending or waiting ones to
    /// ``StoreReadResult/openSubscriptions``. Nothing of them is claimed in the same batch.
    package var acquired: [String] = []
    /// The most deliveries to read into ``StoreReadResult/abandoned``: in flight, of subscriptions that no node serves; 0 for
    /// none. The rows of nodes that have expired are removed before that, as in a ``LeaseRound``. Only a ``LeaseStore`` has any.
    package var abandoned = 0
    /// Every subscription's health. Asked for at start and after external writes.
    package var health = false
    /// The health of these subscriptions, where that of all isn't asked for.
    package var healthOf: Set<String> = []
    /// Events that wait for their fan-out and are due, by ``AcceptancePlace``, at most this number; 0 for none. Also
    /// the next due time.
    ///
    /// Those with a later `deliverAt` that has come take their place before the batch's writes. With ``StoreBatch/node``,
    /// those are left out that another living node was given, and what is read is given to this one.
    package var pendingEvents = 0
    /// The time up to which events with a later `deliverAt` are due; the others are due whatever a clock says.
    package var pendingEventsDueBy = Timestamp(milliseconds: 0)
    /// Events (rows) that ``pendingEvents`` leaves out.
    package var excludedEvents: Set<Int64> = []
    /// True to read the names of subscriptions that have pending or waiting deliveries. Asked for at start.
    package var openSubscriptions = false
    /// The id above which to look for subscriptions with pending or waiting deliveries; `nil` for not asking. For what
    /// others have inserted.
    package var newDeliveriesAbove: Delivery.ID?
    /// Open deliveries, by subscription.
    package var refills: [Refill] = []
    /// Open deliveries of these events (rows), those in flight left out, and the events themselves where they wait for
    /// their fan-out and are due: these are added to ``StoreReadResult/pendingEvents``.
    package var takeovers: [Int64] = []

    package init() {}

    package var isEmpty: Bool {
        !interrupted && acquired.isEmpty && abandoned == 0 && !health && healthOf.isEmpty && pendingEvents == 0
            && !openSubscriptions
            && newDeliveriesAbove == nil && refills.isEmpty && takeovers.isEmpty
    }
}

/// A read of a subscription's next open deliveries, those in flight left out, by due time and id.
package struct Refill: Sendable, Hashable {
    package var subscription: String
    /// Go on behind this one; `nil` from the start.
    package var after: Position?
    package var limit: Int
    /// For an ordered subscription. Beside those, and once only: the earliest accepted one that waits for a retry, wherever
    /// it stands. A read from the start first gives those at most ``limit`` first attempts their ``AcceptancePlace`` that
    /// have none: sent again by hand, or accepted before the subscription was ordered.
    package var isOrdered: Bool

    /// A place in the order by due time and id.
    package struct Position: Sendable, Hashable, Comparable {
        package var dueAt: Timestamp
        package var delivery: Delivery.ID

        package init(dueAt: Timestamp, delivery: Delivery.ID) {
            self.dueAt = dueAt
            self.delivery = delivery
        }

        package static func < (lhs: Position, rhs: Position) -> Bool {
            (lhs.dueAt, lhs.delivery) < (rhs.dueAt, rhs.delivery)
        }
    }

    package init(subscription: String, after: Position?, limit: Int, isOrdered: Bool = false) {
        self.subscription = subscription
        self.after = after
        self.limit = limit
        self.isOrdered = isOrdered
    }
}

/// The results of a batch's reads; `refills` runs parallel to the batch's.
package struct StoreReadResult: Sendable {
    package var interrupted: [InterruptedDelivery] = []
    /// For ``StoreReads/abandoned``, by id. Whoever had claimed them can't claim anything of their subscriptions any more.
    package var abandoned: [InterruptedDelivery] = []
    package var health: [SubscriptionHealth] = []
    package var pendingEvents: [PendingEvent] = []
    /// The time at which the next event with a later `deliverAt` is due for its fan-out. Only where
    /// ``StoreReads/pendingEvents`` were asked for.
    package var nextEventDue: Timestamp?
    /// The last event (row) of all, where ``StoreReads/pendingEvents`` were asked for: of those up to it, what waits and is
    /// due is among ``pendingEvents``, or stands behind the last of them.
    package var lastEvent: Int64 = 0
    /// Names.
    package var openSubscriptions: [String] = []
    /// Names, for ``StoreReads/newDeliveriesAbove``.
    package var touchedSubscriptions: [String] = []
    /// Every delivery of ``touchedSubscriptions`` that was looked for, where those are few: nothing else of theirs has to be
    /// read again. `nil`: the subscriptions have to be.
    package var newDeliveries: [OpenDelivery]?
    /// The highest delivery id in the store (`nil`: there are none), where ``StoreReads/newDeliveriesAbove`` was asked
    /// for. Where ids become visible out of order: the highest up to which none becomes visible any more.
    package var highestDelivery: Delivery.ID?
    package var refills: [[OpenDelivery]] = []
    package var takenOver: [OpenDelivery] = []
    /// The rows that could not be read of all that, because they are not as they were written.
    package var damaged: [DamagedRow] = []

    package init() {}
}

/// A row that is not as it was written, and is left out of what is read.
package struct DamagedRow: Sendable, Hashable {
    /// The delivery that it is of; `nil`: an event that waits for its fan-out.
    package var delivery: Delivery.ID?
    /// The event's row.
    package var eventRow: Int64
    /// The event's id.
    package var event: String
    package var subscription: String?
    package var reason: String
    /// True when it is on record: the delivery has settled, or the event is set aside. Otherwise the store would not
    /// take that, and the next read meets it again.
    package var isGivenUp: Bool

    package init(
        delivery: Delivery.ID? = nil,
        eventRow: Int64,
        event: String,
        subscription: String? = nil,
        reason: String,
        isGivenUp: Bool
    ) {
        self.delivery = delivery
        self.eventRow = eventRow
        self.event = event
        self.subscription = subscription
        self.reason = reason
        self.isGivenUp = isGivenUp
    }
}

/// An open delivery as the scheduler needs it.
package struct OpenDelivery: Sendable, Hashable {
    package var id: Delivery.ID
    package var subscription: String
    package var mode: DeliveryMode
    package var contentType: ContentType
    /// Attempts made so far.
    package var attempts: Int
    package var uncountedAttempts: Int
    package var interruptions: Int
    /// The time of the next attempt. Numbers that are long past as times say more: an ``AcceptancePlace`` is a first attempt's
    /// where order matters, and what was made due by hand is due before everything else: ``ByHand``.
    package var dueAt: Timestamp
    /// The planned length of the wait that ends at ``dueAt``; `nil` where it never waited.
    package var wait: Duration?
    package var event: EventHeader

    /// Its place in the order of acceptance; `nil`: it has none, and is due by time.
    package var acceptancePlace: Int64? { AcceptancePlace.isPlace(dueAt) ? dueAt.milliseconds : nil }

    package init(
        id: Delivery.ID,
        subscription: String,
        mode: DeliveryMode,
        contentType: ContentType,
        attempts: Int = 0,
        uncountedAttempts: Int = 0,
        interruptions: Int = 0,
        dueAt: Timestamp,
        wait: Duration? = nil,
        event: EventHeader
    ) {
        self.id = id
        self.subscription = subscription
        self.mode = mode
        self.contentType = contentType
        self.attempts = attempts
        self.uncountedAttempts = uncountedAttempts
        self.interruptions = interruptions
        self.dueAt = dueAt
        self.wait = wait
        self.event = event
    }
}

/// The part of an event that goes into headers. A copy shares all but the row.
package struct EventHeader: Sendable, Hashable {
    private final class Content: Sendable {
        let id: String
        let topic: String
        let tenant: String?
        let isTest: Bool
        let trace: TraceContext?

        init(_ id: String, _ topic: String, _ tenant: String?, isTest: Bool, _ trace: TraceContext?) {
            self.id = id
            self.topic = topic
            self.tenant = tenant
            self.isTest = isTest
            self.trace = trace
        }
    }

    /// The event's row.
    package var row: Int64
    private let content: Content

    package var id: String { content.id }
    package var topic: String { content.topic }
    package var tenant: String? { content.tenant }
    package var isTest: Bool { content.isTest }
    /// The trace that it was emitted in.
    package var trace: TraceContext? { content.trace }

    package init(
        row: Int64,
        id: String,
        topic: String,
        tenant: String?,
        isTest: Bool,
        trace: TraceContext? = nil
    ) {
        self.row = row
        content = Content(id, topic, tenant, isTest: isTest, trace)
    }

    package static func == (lhs: EventHeader, rhs: EventHeader) -> Bool {
        lhs.row == rhs.row && lhs.id == rhs.id && lhs.topic == rhs.topic && lhs.tenant == rhs.tenant
            && lhs.isTest == rhs.isTest && lhs.trace == rhs.trace
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(row)
        hasher.combine(id)
        hasher.combine(topic)
        hasher.combine(tenant)
        hasher.combine(isTest)
        hasher.combine(trace)
    }
}

/// A delivery that a crash left in flight. Its `attempts` include the interrupted one; its `dueAt` is ``claimedAt``.
package struct InterruptedDelivery: Sendable, Hashable {
    package var delivery: OpenDelivery
    /// The time at which the attempt was claimed.
    package var claimedAt: Timestamp

    package init(delivery: OpenDelivery, claimedAt: Timestamp) {
        self.delivery = delivery
        self.claimedAt = claimedAt
    }
}

/// An event that waits for its fan-out.
package struct PendingEvent: Sendable, Hashable {
    package var row: Int64
    /// Its ``AcceptancePlace``.
    package var place: Int64
    package var event: Event
    package var target: String?

    package init(row: Int64, place: Int64, event: Event, target: String?) {
        self.row = row
        self.place = place
        self.event = event
        self.target = target
    }
}

/// The due times of what was made due by hand: before all others, whatever a clock says, and they tell since when.
package enum ByHand {
    /// This is added to such a due time to get the time. Times of all centuries to come are less.
    package static let offset: Int64 = 1_000_000_000_000_000

    /// The due time of what was made due at a time.
    package static func dueAt(_ instant: Timestamp) -> Timestamp {
        Timestamp(milliseconds: instant.milliseconds - offset)
    }

    /// The time since which something is due, or at which it is.
    ///
    /// - Parameter createdAt: of the delivery: an ``AcceptancePlace`` is due since then.
    package static func time(_ dueAt: Timestamp, createdAt: Timestamp) -> Timestamp {
        dueAt.milliseconds < 0 ? Timestamp(milliseconds: dueAt.milliseconds + offset) : max(dueAt, createdAt)
    }
}

/// A place in the order in which events were accepted: what decides where order matters, and no clock.
///
/// An event's place is its row. One with a later `deliverAt` takes its place when that has come: behind the last event
/// accepted by then, and so behind what is matched already. The first attempts of an ordered subscription keep the place of
/// their event where others keep the time at which they are due: rows are small numbers, so such a time is long past.
package enum AcceptancePlace {
    /// Due times below this are places. No clock shows such a time, and no store gives out that number of rows.
    package static let end = Timestamp(milliseconds: 100_000_000_000)

    /// The due time that stands for a place.
    package static func dueAt(_ place: Int64) -> Timestamp { Timestamp(milliseconds: place) }

    /// Tells whether a due time is a place. (0 and less is neither: due before everything else.)
    package static func isPlace(_ dueAt: Timestamp) -> Bool { dueAt.milliseconds > 0 && dueAt < end }
}
