internal import HashTreeCollections
internal import Synchronization

/// Everything a dispatcher works by, at one time: immutable. A reload replaces it as a whole; a change of subscriptions that
/// are given at run time makes another one that shares the rest.
package final class Registry: Sendable {
    /// By name: the profiles that the configuration uses or brings along. The loader's catalogue has all of them.
    package let profiles: [String: Profile]
    /// The dispatcher's settings.
    package let settings: DispatcherSettings
    /// The topics of the canonical event, which `schema: enforce` compares data with where a platform says nothing about
    /// them. Empty where no subscription asks for that.
    package let canonicalTopics: [ProfileTopic]
    /// The version of the store's subscriptions that are among those given; 0: of before the first one.
    package let storedVersion: Int64
    /// The subscriptions of the configuration.
    private let base: ConfiguredSubscriptions
    /// The subscriptions given at run time, by name.
    private let given: TreeDictionary<String, GivenSubscription>
    /// The names of those that a host has given: few, where the store keeps many.
    private let hostNames: TreeSet<String>
    /// The names of those given that may want an event.
    private let givenIndex: TreeDictionary<SubscriptionIndex.Key, TreeSet<String>>
    private let all = Mutex<SubscriptionList?>(nil)

    package convenience init(
        subscriptions: [Subscription],
        profiles: [String: Profile],
        settings: DispatcherSettings,
        canonicalTopics: [ProfileTopic] = []
    ) {
        self.init(
            base: ConfiguredSubscriptions(subscriptions),
            profiles: profiles,
            settings: settings,
            canonicalTopics: canonicalTopics,
            given: [:],
            hostNames: [],
            givenIndex: [:]
        )
    }

    private init(
        base: ConfiguredSubscriptions,
        profiles: [String: Profile],
        settings: DispatcherSettings,
        canonicalTopics: [ProfileTopic],
        storedVersion: Int64 = 0,
        given: TreeDictionary<String, GivenSubscription>,
        hostNames: TreeSet<String>,
        givenIndex: TreeDictionary<SubscriptionIndex.Key, TreeSet<String>>
    ) {
        self.storedVersion = storedVersion
        self.base = base
        self.profiles = profiles
        self.settings = settings
        self.canonicalTopics = canonicalTopics
        self.given = given
        self.hostNames = hostNames
        self.givenIndex = givenIndex
    }

    /// The subscriptions of the configuration in the file's order, then the ones given at run time, by name.
    package var subscriptions: SubscriptionList {
        all.withLock { all in
            if let all { return all }
            let list = SubscriptionList(base.subscriptions, givenSubscriptions)
            all = list
            return list
        }
    }

    /// A subscription by name.
    package func subscription(named name: String) -> Subscription? {
        base.subscription(named: name) ?? given[name]?.subscription
    }

    /// Returns the subscriptions that want an event, in the order of ``subscriptions``. Parses the data only where a filter
    /// asks for it.
    package func subscriptions(for event: Event) -> [Subscription] {
        var data: JSONValue?
        return subscriptions(wanting: event.topic, tenant: event.tenant, channels: event.message?.channels) {
            guard let filter = $0.filter else { return true }
            if data == nil { data = try? JSON.parse(event.data) }
            return data.map { filter.accepts(event, data: $0) } ?? false
        }
    }

    /// The number of subscriptions that an event is compared with, at most.
    package func mostCompared(with event: Event) -> Int {
        let most = base.subscriptions.count + given.count
        // What is few anyway isn't looked for.
        guard most > 64 else { return most }
        return base.index.candidates(topic: event.topic, tenant: event.tenant).count
            + givenNames(topic: event.topic, tenant: event.tenant).count
    }

    private func givenNames(topic: String, tenant: String?) -> TreeSet<String> {
        SubscriptionIndex.keys(topic: topic, tenant: tenant).reduce(into: TreeSet<String>()) { names, key in
            if let more = givenIndex[key] { names.formUnion(more) }
        }
    }

    /// Returns the subscriptions that want events of a topic, their filters aside, in the order of ``subscriptions``.
    ///
    /// - Parameter isMeant: is asked about each of them.
    package func subscriptions(
        wanting topic: String,
        tenant: String?,
        channels: [String]?,
        _ isMeant: (Subscription) -> Bool = { _ in true }
    ) -> [Subscription] {
        func accepts(_ subscription: Subscription) -> Bool {
            subscription.wants(topic: topic, tenant: tenant, channels: channels) && isMeant(subscription)
        }
        var configured: [Subscription] = []
        for position in base.index.candidates(topic: topic, tenant: tenant) where accepts(base.subscriptions[position])
        {
            configured.append(base.subscriptions[position])
        }
        guard !given.isEmpty else { return configured }
        let names = givenNames(topic: topic, tenant: tenant)
        return configured + names.sorted().compactMap { given[$0]?.subscription }.filter(accepts)
    }

    /// Tells whether a subscription may want an event of a topic: filters look at the event itself.
    package func isAskedFor(topic: String, tenant: String?) -> Bool {
        let configured = base.index.candidates(topic: topic, tenant: tenant)
        if configured.contains(where: { base.subscriptions[$0].mayWant(topic: topic, tenant: tenant) }) { return true }
        let keys = SubscriptionIndex.keys(topic: topic, tenant: tenant)
        return keys.contains { key in
            givenIndex[key]?.contains { given[$0]?.subscription?.mayWant(topic: topic, tenant: tenant) == true }
                ?? false
        }
    }
}

/// The subscriptions that are given at run time.
extension Registry {
    /// Tells whether a name is one of the configuration's.
    package func isConfigured(_ name: String) -> Bool { base.subscription(named: name) != nil }

    /// The subscriptions of the configuration, in its order.
    package var configuredSubscriptions: [Subscription] { base.subscriptions }

    /// Tells whether both come from one reading of the configuration.
    package func sharesConfiguration(with other: Registry) -> Bool { base === other.base }

    /// All that were given, by name; those too that a reload has put out of force.
    package var givenSubscriptions: [GivenSubscription] { given.values.sorted { $0.draft.name < $1.draft.name } }

    /// The subscription that was given under a name.
    package func given(named name: String) -> GivenSubscription? { given[name] }

    /// The names that a host has given, in no order.
    package var givenNames: [String] { Array(hostNames) }

    /// The source of the subscription of a name; `nil`: there is none.
    package func source(of name: String) -> SubscriptionSource? {
        if isConfigured(name) { return .file }
        return given[name].map { $0.stored == nil ? .host : .store }
    }

    /// The same with other subscriptions given. Costs what changes, however many there are.
    ///
    /// - Parameters:
    ///   - canonical: the topics of the canonical event, where it has none yet and one of these asks for them.
    ///   - storedVersion: the version of the store's subscriptions afterwards; `nil`: as before.
    package func changing(
        removing names: [String],
        adding subscriptions: [GivenSubscription],
        canonical: [ProfileTopic] = [],
        storedVersion: Int64? = nil
    ) -> Registry {
        var (given, hostNames, index, profiles) = (given, hostNames, givenIndex, profiles)
        func change(_ subscription: Subscription?, _ update: (inout TreeSet<String>, String) -> Void) {
            guard let subscription else { return }
            for key in SubscriptionIndex.keys(of: subscription) {
                var names = index[key] ?? []
                update(&names, subscription.name)
                index[key] = names.isEmpty ? nil : names
            }
        }
        for name in names {
            change(given.removeValue(forKey: name)?.subscription) { $0.remove($1) }
            hostNames.remove(name)
        }
        for new in subscriptions {
            if new.stored == nil { hostNames.insert(new.draft.name) } else { hostNames.remove(new.draft.name) }
            change(given.updateValue(new, forKey: new.draft.name)?.subscription) { $0.remove($1) }
            change(new.subscription) { $0.insert($1) }
            if let profile = new.subscription?.profile, profiles[profile.name] == nil {
                profiles[profile.name] = profile
            }
        }
        return Registry(
            base: base,
            profiles: profiles,
            settings: settings,
            canonicalTopics: canonicalTopics.isEmpty ? canonical : canonicalTopics,
            storedVersion: storedVersion ?? self.storedVersion,
            given: given,
            hostNames: hostNames,
            givenIndex: index
        )
    }
}

/// A subscription that was given at run time, by a host or by the store. It is large, and many places have it.
package final class GivenSubscription: Sendable {
    /// As it was given; of a row of the store that can't be read, its name alone.
    package let draft: SubscriptionDraft
    /// As it is in force; `nil` where the rules refuse it.
    package let subscription: Subscription?
    /// Its row; `nil`: a host has given it.
    package let stored: StoredOrigin?

    package init(draft: SubscriptionDraft, subscription: Subscription?, stored: StoredOrigin? = nil) {
        self.draft = draft
        self.subscription = subscription
        self.stored = stored
    }
}

/// The row that a subscription comes from.
package struct StoredOrigin: Sendable, Hashable {
    package var id: String
    /// Its change of the store.
    package var version: Int64
    /// Disabled by hand, which is not the same as by the dispatcher.
    package var isDisabled: Bool
    /// The ids of the keys that its secrets are sealed with.
    package var keyIDs: Set<String>
    /// True where its secrets were opened before, with a key that is gone since: it is held.
    package var isSealed = false
    /// The row itself, where it can't be read: tried again when the configuration changes.
    package var unread: StoredSubscription?

    package init(_ row: StoredSubscription, unread: StoredSubscription? = nil) {
        (id, version, isDisabled, keyIDs) = (row.id, row.version, row.isDisabled, row.keyIDs)
        self.unread = unread
    }
}

/// The source of a subscription.
package enum SubscriptionSource: String, Sendable, Hashable {
    /// The configuration.
    case file
    /// A host, at run time.
    case host
    /// The store.
    case store
}

/// The subscriptions of a configuration, in its order.
private final class ConfiguredSubscriptions: Sendable {
    let subscriptions: [Subscription]
    let index: SubscriptionIndex
    private let indexByName: [String: Int]

    init(_ subscriptions: [Subscription]) {
        self.subscriptions = subscriptions
        indexByName = Dictionary(
            subscriptions.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        index = SubscriptionIndex(subscriptions)
    }

    func subscription(named name: String) -> Subscription? { indexByName[name].map { subscriptions[$0] } }
}

/// Narrows down who may want an event, so that an event for one of ten thousand tenants looks at one subscription.
struct SubscriptionIndex: Sendable {
    /// `nil`: every tenant's, or topics by a pattern.
    struct Key: Hashable, Sendable {
        var tenant: String?
        var topic: String?
    }

    /// The part of a key that subscriptions name; the rest is `nil`.
    private struct Shape: Hashable {
        var hasTenant: Bool
        var hasTopic: Bool
    }

    private var positions: [Key: [Int]] = [:]
    /// The shapes of the keys that there are: mostly one, and no other is looked up.
    private let shapes: [Shape]

    init(_ subscriptions: [Subscription]) {
        for (position, subscription) in subscriptions.enumerated() {
            for key in Self.keys(of: subscription) { positions[key, default: []].append(position) }
        }
        shapes = Array(Set(positions.keys.map { Shape(hasTenant: $0.tenant != nil, hasTopic: $0.topic != nil) }))
    }

    /// The keys under which a subscription is found, each once; none where it is not enabled.
    static func keys(of subscription: Subscription) -> Set<Key> {
        guard subscription.isEnabled else { return [] }
        let all = subscription.allTenants
        let tenants: [String?] = all.isEmpty ? [nil] : all
        let topics = subscription.topics.contains(where: \.hasWildcard) ? [nil] : subscription.topics.map(\.description)
        return Set(tenants.flatMap { tenant in topics.map { Key(tenant: tenant, topic: $0) } })
    }

    /// The keys under which those are found that may want an event.
    static func keys(topic: String, tenant: String?) -> [Key] {
        let keys = [Key(tenant: nil, topic: nil), Key(tenant: nil, topic: topic)]
        guard let tenant else { return keys }
        return keys + [Key(tenant: tenant, topic: nil), Key(tenant: tenant, topic: topic)]
    }

    /// The positions of all that may want an event, and of few others, in order.
    func candidates(topic: String, tenant: String?) -> [Int] {
        var found: [Int] = []
        for shape in shapes where tenant != nil || !shape.hasTenant {
            let key = Key(tenant: shape.hasTenant ? tenant : nil, topic: shape.hasTopic ? topic : nil)
            guard let more = positions[key] else { continue }
            found = found.isEmpty ? more : (found + more).sorted()
        }
        return found
    }
}
