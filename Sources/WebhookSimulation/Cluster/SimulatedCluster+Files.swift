internal import WebhookCore
internal import WebhookInMemory

/// Configurations: nodes may have different ones.
extension SimulatedCluster {
    /// A subscription with a policy that makes things happen soon.
    static func makeSubscription(_ number: Int, _ random: inout SeededGenerator) -> Subscription {
        var subscription = SimulatedWorld.makeSubscription(number, &random)
        // Open long enough for a take-over to see it, and not for longer than the end lasts.
        subscription.policy.schedule = [1000, 3000, 10_000, 40_000].prefix(random.pick(1...4)).map { .milliseconds($0) }
        subscription.policy.disableAfter = .seconds(5 * 86_400)
        return subscription
    }

    /// Another file is to be used from now on. What tells how often and in which order deliveries leave stays.
    func deploy() {
        olderFile = newestFile
        newestFile = allSubscriptions.compactMap { original in
            if random.chance(15) { return nil }
            var changed = original
            if random.chance(30) {
                changed.policy.maxInFlight = random.pick(1...4)
                changed.policy.timeout = .seconds(random.pick(1...5))
            }
            return changed
        }
        log("a new file: \(newestFile.map(\.name))")
    }

    func makeRegistry(_ file: [Subscription]) -> Registry {
        Registry(subscriptions: file, profiles: [:], settings: DispatcherSettings())
    }

    /// Notes what a node may have in flight from now on; what it was allowed before may be under way.
    func allow(_ file: [Subscription], _ number: Int) {
        for subscription in file {
            let known = limits[number]?[subscription.name] ?? 0
            limits[number, default: [:]][subscription.name] = max(known, subscription.policy.maxInFlight)
        }
    }
}
