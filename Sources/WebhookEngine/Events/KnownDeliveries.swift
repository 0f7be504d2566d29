internal import WebhookCore

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
