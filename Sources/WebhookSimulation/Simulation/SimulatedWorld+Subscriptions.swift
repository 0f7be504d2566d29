internal import WebhookCore
internal import WebhookInMemory

extension SimulatedWorld {
    /// A subscription with a policy that makes things happen soon.
    static func makeSubscription(_ number: Int, _ random: inout SeededGenerator) -> Subscription {
        let url = EndpointURL(scheme: .https, host: "s\(number).example", port: 443, target: "/")
        // Neither pattern is wrong, so there is one.
        let topics = ["**", "a.*"].compactMap { try? TopicPattern($0) }
        var subscription = Subscription(
            name: "s\(number)",
            url: url,
            topics: [topics[random.chance(70) ? 0 : 1]],
            profile: .anything
        )
        subscription.policy = policy(&random)
        return subscription
    }

    static func policy(_ random: inout SeededGenerator) -> DeliveryPolicy {
        var policy = DeliveryPolicy()
        policy.mode = random.chance(25) ? .singleShot : .retry
        policy.schedule = [1000, 3000, 10_000, 60_000, 600_000].prefix(random.pick(1...5)).map { .milliseconds($0) }
        policy.timeout = .seconds(random.pick(1...5))
        policy.maxInFlight = random.pick(1...4)
        policy.ordered = random.chance(30)
        if random.chance(30) {
            policy.rateLimit = RateLimit(count: random.pick(1...5), per: .seconds(random.pick(1...3)))
            // Slower than what a start waits by itself.
            if random.chance(30) { policy.rateLimit = RateLimit(count: 1, per: .seconds(random.pick(2...20))) }
        }
        policy.disableAfter = .seconds(random.chance(50) ? 40 : 5 * 86_400)
        policy.breaker = BreakerPolicy(failures: random.pick(2...8), pause: .seconds(random.pick(1...20)))
        return policy
    }

    /// The same subscription with another policy. What is ordered stays so.
    func modified(_ subscription: Subscription) -> Subscription {
        var changed = subscription
        changed.policy = Self.policy(&random)
        changed.policy.ordered = subscription.policy.ordered
        return changed
    }
}
