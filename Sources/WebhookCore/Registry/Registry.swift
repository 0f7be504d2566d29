/// Everything a dispatcher works by, at one moment: immutable, replaced as a whole by a reload.
public final class Registry: Sendable {
    /// In the file's order.
    public let subscriptions: [Subscription]
    /// By name: the profiles that the configuration uses or brings along. The loader's catalogue has all of them.
    public let profiles: [String: Profile]
    public let settings: DispatcherSettings
    private let indexByName: [String: Int]
    private let index: SubscriptionIndex

    public init(subscriptions: [Subscription], profiles: [String: Profile], settings: DispatcherSettings) {
        self.subscriptions = subscriptions
        self.profiles = profiles
        self.settings = settings
        indexByName = Dictionary(
            subscriptions.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        index = SubscriptionIndex(subscriptions)
    }

    /// A subscription by name.
    public func subscription(named name: String) -> Subscription? {
        indexByName[name].map { subscriptions[$0] }
    }

    /// Who wants an event, in the file's order. Parses the data only where a filter asks for it.
    public func subscriptions(for event: Event) -> [Subscription] {
        var data: JSONValue?
        return index.candidates(topic: event.topic, tenant: event.tenant).compactMap { position in
            let subscription = subscriptions[position]
            guard subscription.wants(topic: event.topic, tenant: event.tenant) else { return nil }
            guard let filter = subscription.filter else { return subscription }
            if data == nil { data = try? JSON.parse(event.data) }
            return (data.map { filter.accepts(event, data: $0) } ?? false) ? subscription : nil
        }
    }
}
