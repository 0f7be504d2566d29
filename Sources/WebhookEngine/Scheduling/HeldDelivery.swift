internal import WebhookCore

/// An open delivery in the scheduler's window.
struct HeldDelivery {
    var delivery: OpenDelivery
    /// Kept from the emit where memory allows; otherwise the claim reads it.
    var body: ByteString?
    /// The attempt before this one found a stale connection.
    var needsFreshConnection = false

    var position: Refill.Position { Refill.Position(dueAt: delivery.dueAt, delivery: delivery.id) }
    /// Where it stands in an ordered subscription: what was attempted goes on before anything else begins.
    var turn: Refill.Position { delivery.turn }
    /// Whether it was attempted before.
    var isRetry: Bool { delivery.attempts > 0 }
}

/// Ordered by due moment, then acceptance.
struct LaterDelivery: Comparable {
    var held: HeldDelivery

    static func < (lhs: LaterDelivery, rhs: LaterDelivery) -> Bool { lhs.held.position < rhs.held.position }
    static func == (lhs: LaterDelivery, rhs: LaterDelivery) -> Bool { lhs.held.position == rhs.held.position }
}

extension OpenDelivery {
    /// Where it stands in an ordered subscription.
    var turn: Refill.Position {
        Refill.Position(dueAt: attempts > 0 ? Refill.Position.first.dueAt : dueAt, delivery: id)
    }
}

extension Refill.Position {
    /// Before everything.
    static let first = Refill.Position(dueAt: Timestamp(milliseconds: .min), delivery: Delivery.ID(rawValue: 0))
}
