internal import WebhookCore

/// An open delivery in a queue's buffer, or taken from it for an attempt.
struct QueuedDelivery {
    var delivery: OpenDelivery
    /// Kept from the emit where memory allows; otherwise the claim reads it.
    var body: ByteString?
    /// The attempt before this one found a stale connection.
    var needsFreshConnection = false

    var position: Refill.Position { Refill.Position(dueAt: delivery.dueAt, delivery: delivery.id) }
    /// The delivery's place in an ordered subscription: what was attempted goes on before anything else begins.
    var turn: Refill.Position { delivery.turn }
    /// True when it was attempted before.
    var isRetry: Bool { delivery.attempts > 0 }

    /// A new delivery is stored.
    ///
    /// - Parameter place: where it stands in an ordered subscription.
    mutating func identify(_ id: Delivery.ID, event row: Int64, place: Int64?) {
        delivery.id = id
        delivery.event.row = row
        if let place { delivery.dueAt = AcceptancePlace.dueAt(place) }
    }
}

/// Ordered by due time, then acceptance.
struct ScheduledDelivery: Comparable {
    var queued: QueuedDelivery

    static func < (lhs: ScheduledDelivery, rhs: ScheduledDelivery) -> Bool { lhs.queued.position < rhs.queued.position }
    static func == (lhs: ScheduledDelivery, rhs: ScheduledDelivery) -> Bool {
        lhs.queued.position == rhs.queued.position
    }
}

extension OpenDelivery {
    /// The delivery's place in an ordered subscription.
    var turn: Refill.Position {
        Refill.Position(dueAt: attempts > 0 ? Refill.Position.first.dueAt : dueAt, delivery: id)
    }
}

extension Refill.Position {
    /// Before everything.
    static let first = Refill.Position(dueAt: Timestamp(milliseconds: .min), delivery: Delivery.ID(rawValue: 0))

    /// The last place before this one.
    var justBefore: Refill.Position {
        Refill.Position(dueAt: dueAt, delivery: Delivery.ID(rawValue: delivery.rawValue - 1))
    }
}

/// The deliveries in memory, in a buffer, claimed or in flight, and the bytes that their bodies take.
///
/// A delivery in it is not taken into a buffer once more when a read brings it.
struct QueuedDeliveries {
    private var ids: Set<Delivery.ID> = []
    private var bodyBytes = 0

    var count: Int { ids.count }

    func contains(_ id: Delivery.ID) -> Bool { ids.contains(id) }

    /// Takes in a delivery without a body.
    ///
    /// - Returns: whether it was not there.
    mutating func insert(_ id: Delivery.ID) -> Bool { ids.insert(id).inserted }

    /// Takes in a delivery with its body.
    mutating func insert(_ delivery: QueuedDelivery) {
        ids.insert(delivery.delivery.id)
        bodyBytes += delivery.body?.count ?? 0
    }

    /// Takes in a delivery, and leaves its body to the store where bodies would take more than a limit.
    mutating func insert(_ delivery: inout QueuedDelivery, bodyLimit: Int) {
        if let body = delivery.body, bodyBytes + body.count > bodyLimit { delivery.body = nil }
        insert(delivery)
    }

    mutating func remove(_ delivery: QueuedDelivery) {
        ids.remove(delivery.delivery.id)
        bodyBytes -= delivery.body?.count ?? 0
    }

    mutating func remove(_ id: Delivery.ID) { ids.remove(id) }

    /// Lets go of a body alone: no read may bring the delivery back.
    mutating func removeBody(of delivery: QueuedDelivery) { bodyBytes -= delivery.body?.count ?? 0 }
}

/// The highest id of the deliveries that are known. One that leaves a gap before it says that others have inserted some.
struct KnownDeliveries {
    private(set) var highest = Delivery.ID(rawValue: 0)

    /// A delivery of ours got its id.
    ///
    /// - Returns: the id above which others have inserted deliveries; `nil` where they have not.
    mutating func inserted(_ id: Delivery.ID) -> Delivery.ID? {
        guard id > highest else { return nil }
        defer { highest = id }
        return id.rawValue > highest.rawValue + 1 ? highest : nil
    }

    /// The store was read.
    mutating func read(upTo id: Delivery.ID) { highest = max(highest, id) }
}
