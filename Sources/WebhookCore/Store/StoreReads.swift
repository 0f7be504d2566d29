/// The reads of a batch, made within its transaction.
public struct StoreReads: Sendable {
    /// Deliveries that a crash left in flight. Asked for once, at start.
    public var interrupted = false
    /// Every subscription's health. Asked for at start and after external writes.
    public var health = false
    /// Events that wait for their fan-out and are due, by ``AcceptancePlace``, at most so many; 0 for none. Also the next
    /// due time.
    ///
    /// Those with a later `deliverAt` that has come take their place before the batch's writes.
    public var pendingEvents = 0
    /// The time up to which events with a later `deliverAt` are due; the others are due whatever a clock says.
    public var pendingEventsDueBy = Timestamp(milliseconds: 0)
    /// Events (rows) that ``pendingEvents`` leaves out.
    public var excludedEvents: Set<Int64> = []
    /// Which subscriptions have pending or waiting deliveries. Asked for at start.
    public var openSubscriptions = false
    /// Which subscriptions have pending or waiting deliveries with an id above this; `nil` for not asking. For what
    /// others have inserted.
    public var newDeliveriesAbove: Delivery.ID?
    /// Open deliveries, by subscription.
    public var refills: [Refill] = []
    /// Open deliveries of these events (rows), those in flight left out, and the events themselves where they wait for
    /// their fan-out and are due: these are added to ``StoreReadResult/pendingEvents``.
    public var takeovers: [Int64] = []

    public init() {}

    public var isEmpty: Bool {
        !interrupted && !health && pendingEvents == 0 && !openSubscriptions && newDeliveriesAbove == nil
            && refills.isEmpty && takeovers.isEmpty
    }
}

/// A read of a subscription's next open deliveries, those in flight left out, by due time and id.
public struct Refill: Sendable, Hashable {
    public var subscription: String
    /// Go on behind this one; `nil` from the start.
    public var after: Position?
    public var limit: Int
    /// For an ordered subscription. Beside those, and once only: the earliest accepted one that waits for a retry, wherever
    /// it stands. A read from the start first gives those at most ``limit`` first attempts their ``AcceptancePlace`` that
    /// have none: sent again by hand, or accepted before the subscription was ordered.
    public var isOrdered: Bool

    /// A place in the order by due time and id.
    public struct Position: Sendable, Hashable, Comparable {
        public var dueAt: Timestamp
        public var delivery: Delivery.ID

        public init(dueAt: Timestamp, delivery: Delivery.ID) {
            self.dueAt = dueAt
            self.delivery = delivery
        }

        public static func < (lhs: Position, rhs: Position) -> Bool {
            (lhs.dueAt, lhs.delivery) < (rhs.dueAt, rhs.delivery)
        }
    }

    public init(subscription: String, after: Position?, limit: Int, isOrdered: Bool = false) {
        self.subscription = subscription
        self.after = after
        self.limit = limit
        self.isOrdered = isOrdered
    }
}

/// The results of a batch's reads; `refills` runs parallel to the batch's.
public struct StoreReadResult: Sendable {
    public var interrupted: [InterruptedDelivery] = []
    public var health: [SubscriptionHealth] = []
    public var pendingEvents: [PendingEvent] = []
    /// When the next event with a later `deliverAt` is due for its fan-out. Only where ``StoreReads/pendingEvents`` were
    /// asked for.
    public var nextEventDue: Timestamp?
    /// The last event (row) of all, where ``StoreReads/pendingEvents`` were asked for: of those up to it, what waits and is
    /// due is among ``pendingEvents``, or stands behind the last of them.
    public var lastEvent: Int64 = 0
    /// Names.
    public var openSubscriptions: [String] = []
    /// Names, for ``StoreReads/newDeliveriesAbove``.
    public var touchedSubscriptions: [String] = []
    /// The highest delivery id in the store (`nil`: there are none), where ``StoreReads/newDeliveriesAbove`` was asked
    /// for.
    public var highestDelivery: Delivery.ID?
    public var refills: [[OpenDelivery]] = []
    public var takenOver: [OpenDelivery] = []
    /// What could not be read of all that, because it is not as it was written.
    public var damaged: [DamagedRow] = []

    public init() {}
}

/// A row that is not as it was written, and is left out of what is read.
public struct DamagedRow: Sendable, Hashable {
    /// The delivery that it is of; `nil`: an event that waits for its fan-out.
    public var delivery: Delivery.ID?
    /// The event's row.
    public var eventRow: Int64
    /// The event's id.
    public var event: String
    public var subscription: String?
    public var reason: String
    /// Whether it is on record: the delivery has settled, or the event is set aside. Otherwise the store would not take
    /// that, and the next read meets it again.
    public var isGivenUp: Bool

    public init(
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
public struct OpenDelivery: Sendable, Hashable {
    public var id: Delivery.ID
    public var subscription: String
    public var mode: DeliveryMode
    public var contentType: ContentType
    /// Attempts made so far.
    public var attempts: Int
    public var uncountedAttempts: Int
    public var interruptions: Int
    public var dueAt: Timestamp
    /// How long the wait was to be whose end ``dueAt`` is; `nil` where it never waited.
    public var wait: Duration?
    public var event: EventHeader

    /// The due time of what is due whatever a clock says: first attempts where order matters, and what was made due by
    /// hand.
    public static let alwaysDue = Timestamp(milliseconds: 0)

    public init(
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

/// The part of an event that goes into headers.
public struct EventHeader: Sendable, Hashable {
    /// The event's row.
    public var row: Int64
    public var id: String
    public var topic: String
    public var tenant: String?
    public var isTest: Bool

    public init(row: Int64, id: String, topic: String, tenant: String?, isTest: Bool) {
        self.row = row
        self.id = id
        self.topic = topic
        self.tenant = tenant
        self.isTest = isTest
    }
}

/// A delivery that a crash left in flight. Its `attempts` include the interrupted one; its `dueAt` is ``claimedAt``.
public struct InterruptedDelivery: Sendable, Hashable {
    public var delivery: OpenDelivery
    /// When the attempt was claimed.
    public var claimedAt: Timestamp

    public init(delivery: OpenDelivery, claimedAt: Timestamp) {
        self.delivery = delivery
        self.claimedAt = claimedAt
    }
}

/// An event that waits for its fan-out.
public struct PendingEvent: Sendable, Hashable {
    public var row: Int64
    /// Its ``AcceptancePlace``.
    public var place: Int64
    public var event: Event
    public var target: String?

    public init(row: Int64, place: Int64, event: Event, target: String?) {
        self.row = row
        self.place = place
        self.event = event
        self.target = target
    }
}

/// A place in the order in which events were accepted: what decides where order matters, and no clock.
///
/// An event's place is its row. One with a later `deliverAt` takes its place when that has come: behind the last event
/// accepted by then, and so behind what is matched already. The first attempts of an ordered subscription keep the place of
/// their event where others keep the time at which they are due: rows are small numbers, so such a time is long past.
public enum AcceptancePlace {
    /// Due times below this are places. No clock shows such a time, and no store gives out so many rows.
    public static let end = Timestamp(milliseconds: 100_000_000_000)

    /// The due time that stands for a place.
    public static func dueAt(_ place: Int64) -> Timestamp { Timestamp(milliseconds: place) }

    /// Whether a due time is a place. (0 is neither: due before everything else.)
    public static func isPlace(_ dueAt: Timestamp) -> Bool { dueAt.milliseconds > 0 && dueAt < end }
}
