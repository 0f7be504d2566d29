internal import WebhookCore
internal import Webhooks

/// Owners of the store's subscriptions beside their names: members of an object and columns of a table, where one is the store's.
extension SubscriptionOwners {
    func members(_ name: String) -> [(String, JSONOutput)] {
        guard let owner = self[name] else { return [] }
        return [("subscriptionUid", .string(owner.uid)), ("application", .string(owner.application))]
    }

    var columns: [Table.Column] {
        isEmpty ? [] : [.init("UID", flexible: true), .init("APPLICATION", flexible: true)]
    }

    /// - Parameter name: the subscription of the row.
    func cells(_ name: String) -> [Table.Cell] {
        if isEmpty { return [] }
        guard let owner = self[name] else { return ["", ""] }
        return [.init(owner.uid), .init(owner.application ?? owner.whose)]
    }
}
