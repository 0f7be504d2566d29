internal import WebhookCore

/// `subscriptions:` → the subscriptions and their places.
struct SubscriptionsLoader {
    let context: LoadContext
    let builder: SubscriptionBuilder

    func load(_ root: Section) -> (subscriptions: [Subscription], marks: [String: SubscriptionMark]) {
        var subscriptions: [Subscription] = []
        var marks: [String: SubscriptionMark] = [:]
        for item in root.items("subscriptions") ?? [] {
            guard let entry = SubscriptionEntry(item, context: context) else { continue }
            if let name = entry.name {
                if let first = marks[name.value] {
                    let message = "the name \(name.value) is taken by the subscription in line \(first.place.line)"
                    context.problems.error(name.place, message)
                } else {
                    marks[name.value] = SubscriptionMark(place: name.place, body: entry.bodyPlace)
                }
            }
            if let subscription = builder.build(entry) { subscriptions.append(subscription) }
        }
        return (subscriptions, marks)
    }
}
