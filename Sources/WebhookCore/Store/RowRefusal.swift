/// A member of a batch that the store won't take, now or later: its size, a constraint, a trigger of the host's.
///
/// The fault is that one row's: the rest of the batch is durable.
public struct RowRefusal: Sendable, Hashable {
    /// Which one, by its index in the batch.
    public enum Item: Sendable, Hashable {
        case result(Int)
        case settlement(Int)
        case health(Int)
        case resumption(Int)
        case acceptance(Int)
        /// The event is stored; of its deliveries this one is stored as `failed` with `internal`, without a body.
        case acceptedDelivery(acceptance: Int, delivery: Int)
        case fanOut(Int)
        /// The event is fanned out; of its deliveries this one is stored as `failed` with `internal`, without a body.
        case fannedOutDelivery(fanOut: Int, delivery: Int)
        /// One of the deliveries that a withdrawal would have settled.
        case withdrawal(Int, delivery: Delivery.ID)
        case setAside(Int)
        case claim(Int)
    }

    public var item: Item
    /// In the database's words, which name no value.
    public var reason: String

    public init(_ item: Item, reason: String) {
        self.item = item
        self.reason = reason
    }
}

extension NewDelivery {
    /// Makes it what stands in for a delivery that the store refuses: settled, and without a body.
    public mutating func fail(refusedFor reason: String) {
        body = nil
        if case .settled = start { return }
        start = .settled(.failed, .internal, detail: "the store refuses it: \(reason)")
    }
}
