internal import WebhookCore

/// The bounds of a delivery policy, the same as a file's.
enum PolicyRules {
    private static let longest: Duration = .seconds(3650 * 86_400)

    static func problems(_ policy: DeliveryPolicy) -> [SubscriptionProblem] {
        var messages: [String] = []
        func expect(_ holds: Bool, _ message: String) { if !holds { messages.append(message) } }
        expect(policy.schedule.count <= 1000, "`schedule` may have 1000 waits")
        expect(
            policy.schedule.allSatisfy { (.zero...longest).contains($0) },
            "a wait in `schedule` must be 0 to 3650 days"
        )
        expect((0...1).contains(policy.jitter), "`jitter` must be a percentage from 0% to 100%, such as 20%")
        for (name, value) in [
            ("timeout", policy.timeout), ("connectTimeout", policy.connectTimeout),
            ("disableAfter", policy.disableAfter), ("pause", policy.breaker.pause),
        ] {
            expect(value > .zero && value <= longest, "`\(name)` must be more than 0, and at most 3650 days")
        }
        for (name, value) in [("maxInFlight", policy.maxInFlight), ("failures", policy.breaker.failures)] {
            expect((1...1_000_000).contains(value), "`\(name)` must be a whole number from 1 to 1000000")
        }
        if let rate = policy.rateLimit {
            expect(
                (1...1_000_000_000).contains(rate.count) && rate.period > .zero && rate.period <= longest,
                "`rateLimit` must be a rate of at least 1 in a period of more than 0"
            )
        }
        return messages.map { SubscriptionProblem(.delivery, $0) }
    }
}
