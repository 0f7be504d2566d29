internal import Logging
internal import WebhookCore

/// The warnings about deliveries that are kept and not sent, because their subscriptions are gone: one for each of the
/// first few subscriptions, and one for all others.
struct ParkedWarnings {
    struct Warning: Equatable {
        var message: Logger.Message
        var metadata: Logger.Metadata
    }

    /// The most subscriptions that get a line of their own.
    static let mostNames = 10
    /// Who reads them.
    let audience: Audience
    private var named = 0
    private var others = 0
    private var othersDeliveries = 0

    init(for audience: Audience) { self.audience = audience }

    /// Takes down a subscription's open deliveries.
    ///
    /// - Returns: what to say at once.
    mutating func note(_ subscription: String, open deliveries: Int) -> Warning? {
        guard deliveries > 0 else { return nil }
        guard named < Self.mostNames else {
            others += 1
            othersDeliveries += deliveries
            return nil
        }
        named += 1
        let message = "open deliveries are parked until the subscription is back"
        return Warning(
            message: "\(Remedy.cancelParked.text(after: message, for: audience))",
            metadata: ["subscription": "\(subscription)", "deliveries": "\(deliveries)"]
        )
    }

    /// The warning that counts all others, at the end.
    var rest: Warning? {
        guard others > 0 else { return nil }
        let message = "open deliveries of more subscriptions are parked"
        return Warning(
            message: "\(Remedy.listParked.text(after: message, for: audience))",
            metadata: ["subscriptions": "\(others)", "deliveries": "\(othersDeliveries)"]
        )
    }
}
