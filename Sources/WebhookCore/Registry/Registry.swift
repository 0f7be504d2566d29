/// Everything a dispatcher works by, at one time: immutable, replaced as a whole by a reload.
public final class Registry: Sendable {
    /// In the file's order.
    public let subscriptions: [Subscription]
    /// By name: the profiles that the configuration uses or brings along. The loader's catalogue has all of them.
    public let profiles: [String: Profile]
    /// The dispatcher's settings.
    public let settings: DispatcherSettings
    /// The topics of the canonical event, which `schema: enforce` compares data with where a platform says nothing about
    /// them. Empty where no subscription asks for that.
    package let canonicalTopics: [ProfileTopic]
    private let indexByName: [String: Int]
    private let index: SubscriptionIndex

    package init(
        subscriptions: [Subscription],
        profiles: [String: Profile],
        settings: DispatcherSettings,
        canonicalTopics: [ProfileTopic] = []
    ) {
        self.subscriptions = subscriptions
        self.profiles = profiles
        self.settings = settings
        self.canonicalTopics = canonicalTopics
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

    /// Returns the subscriptions that want an event, in the file's order. Parses the data only where a filter asks for
    /// it.
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

/// Narrows down who may want an event, so that an event for one of ten thousand tenants looks at one subscription.
struct SubscriptionIndex: Sendable {
    /// `nil`: every tenant's, or topics by a pattern.
    private struct Key: Hashable {
        var tenant: String?
        var topic: String?
    }

    private var positions: [Key: [Int]] = [:]

    init(_ subscriptions: [Subscription]) {
        for (position, subscription) in subscriptions.enumerated() where subscription.isEnabled {
            if subscription.topics.contains(where: \.hasWildcard) {
                add(position, Key(tenant: subscription.tenant, topic: nil))
            } else {
                for topic in subscription.topics {
                    add(position, Key(tenant: subscription.tenant, topic: topic.description))
                }
            }
        }
    }

    private mutating func add(_ position: Int, _ key: Key) {
        // A topic that is named twice.
        if positions[key]?.last != position { positions[key, default: []].append(position) }
    }

    /// The positions of all that may want an event, and of few others, in order.
    func candidates(topic: String, tenant: String?) -> [Int] {
        var keys = [Key(tenant: nil, topic: nil), Key(tenant: nil, topic: topic)]
        if let tenant { keys += [Key(tenant: tenant, topic: nil), Key(tenant: tenant, topic: topic)] }
        let found = keys.compactMap { positions[$0] }
        return found.count > 1 ? found.joined().sorted() : found.first ?? []
    }
}

/// The configuration's settings for the dispatcher as a whole.
public struct DispatcherSettings: Sendable, Hashable {
    /// The store's location; `nil` where the configuration names none.
    public var store: StoreLocation?
    /// The most attempts in flight at once over all subscriptions; defaults to 512.
    public var maxInFlight: Int = 512
    /// The longest time that a drain may take; defaults to 20 s.
    public var shutdownGrace: Duration = .seconds(20)
    /// Settled deliveries older than this are pruned; defaults to 30 days.
    public var retention: Duration = .seconds(30 * 86_400)
    /// The most bytes of a rendered body; defaults to 64 MiB. The body of a small event is held to less: eight times the
    /// data and 1 MiB. What would be larger is not sent: the delivery fails as `template`.
    public var maxBody: Int = Self.standardMaxBody
    /// The rules for the addresses that may be reached.
    public var egress = EgressPolicy()

    /// The built-in defaults.
    public init() {}

    /// The default of ``maxBody``: 64 MiB.
    public static let standardMaxBody = 64 << 20
    /// The values that ``maxBody`` may have. A store takes no value of a gigabyte.
    package static let maxBodyRange = 1024...(512 << 20)
}

/// The location of a store.
public enum StoreLocation: Sendable, Hashable {
    /// A SQLite file.
    case sqlite(path: String)
    /// A PostgreSQL URL; it may hold a password.
    case postgres(Secret)
}
