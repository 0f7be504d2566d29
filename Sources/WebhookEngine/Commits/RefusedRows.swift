internal import WebhookCore

/// The deliveries of which the store refuses a row.
///
/// ```
/// attempt refused ──▶ cut down ──recorded──▶ (as any other)
///                        └──refused again──▶ suspended ◀── settlement refused
/// ```
struct RefusedRows {
    /// Their attempt is to be recorded without its response.
    private var cutDown: Set<Delivery.ID> = []
    /// The store won't take any change of them: left alone until the next start.
    private var suspended: Set<Delivery.ID> = []

    var hasCutDown: Bool { !cutDown.isEmpty }

    func isCutDown(_ delivery: Delivery.ID) -> Bool { cutDown.contains(delivery) }

    func isSuspended(_ delivery: Delivery.ID) -> Bool { suspended.contains(delivery) }

    /// The record of an attempt is refused.
    ///
    /// - Returns: whether to try it once more, without its response.
    mutating func refuseAttempt(of delivery: Delivery.ID) -> Bool {
        if cutDown.insert(delivery).inserted { return true }
        cutDown.remove(delivery)
        suspended.insert(delivery)
        return false
    }

    /// An attempt is on record.
    ///
    /// - Returns: whether it was cut down.
    mutating func recordAttempt(of delivery: Delivery.ID) -> Bool { cutDown.remove(delivery) != nil }

    /// A delivery may not settle.
    ///
    /// - Returns: whether that is new.
    mutating func suspend(_ delivery: Delivery.ID) -> Bool { suspended.insert(delivery).inserted }
}

/// The new deliveries that the store has stored as failed, and why, by member and place.
struct RefusedDeliveries {
    var accepted: [Int: [Int: String]] = [:]
    var fannedOut: [Int: [Int: String]] = [:]

    init(_ refusals: [RowRefusal]) {
        for refusal in refusals {
            switch refusal.item {
            case .acceptedDelivery(let member, let delivery): accepted[member, default: [:]][delivery] = refusal.reason
            case .fannedOutDelivery(let member, let delivery):
                fannedOut[member, default: [:]][delivery] = refusal.reason
            default: break
            }
        }
    }
}
