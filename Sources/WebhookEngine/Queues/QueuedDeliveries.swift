internal import WebhookCore

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
