package import WebhookCore

/// A reason why a subscription's deliveries have not been attempted.
package enum WaitReason: Sendable, Hashable {
    /// The subscription's settings can't be used, as far as said here for that reason.
    case unusable(String)
    /// A person holds them.
    case paused(SubscriptionHealth.Paused)
    /// Attempts pause after failures in a row.
    case breaker(SubscriptionHealth.Breaker)
    /// Order matters, and another one has its turn.
    case order(first: Delivery)
    /// Attempts are paced.
    case rateLimit(RateLimit)
    /// Nobody delivers.
    case nobodyRuns
    /// The dispatcher has given no sign of life for so long.
    case silence(Duration)
    /// Nothing that is known: the time was too short.
    case time

    /// The known facts about the subscription.
    package struct Context: Sendable {
        package var unusable: String?
        package var paused: SubscriptionHealth.Paused?
        package var breaker: SubscriptionHealth.Breaker?
        /// The delivery that was attempted last and hasn't settled, where order matters.
        package var first: Delivery?
        package var rateLimit: RateLimit?
        package var isServed = true
        /// The age of the dispatcher's last sign of life, where that is too old.
        package var silence: Duration?

        package init() {}
    }

    /// The reason that holds up the first of some deliveries.
    ///
    /// - Parameter delivery: the oldest one.
    package init(of delivery: Delivery.ID, _ context: Context) {
        if let unusable = context.unusable {
            self = .unusable(unusable)
        } else if let paused = context.paused {
            self = .paused(paused)
        } else if let first = context.first, first.id != delivery {
            self = .order(first: first)
        } else if !context.isServed {
            self = .nobodyRuns
        } else if let silence = context.silence {
            self = .silence(silence)
        } else if let breaker = context.breaker {
            self = .breaker(breaker)
        } else if let limit = context.rateLimit {
            self = .rateLimit(limit)
        } else {
            self = .time
        }
    }

    /// Tells whether nothing is attempted before a time, whatever happens to others.
    package func holds(until time: Timestamp) -> Bool {
        switch self {
        case .unusable: true
        case .paused(let pause): pause.until.map { $0 > time } ?? true
        case .breaker(let breaker): breaker.until > time
        case .order(let first): first.nextAttemptAt.map { $0 > time } ?? false
        case .rateLimit, .nobodyRuns, .silence, .time: false
        }
    }
}

extension WebhookLog {
    /// The reasons why deliveries wait that are pending, or paused before their retry, by subscription.
    ///
    /// - Parameter subscription: what is known of a subscription's settings where the caller runs.
    package func waitReasons(
        of deliveries: [Delivery],
        _ subscription: (String) -> Subscription?
    ) async throws(WebhooksError) -> [(subscription: String, count: Int, reason: WaitReason)] {
        guard deliveries.contains(where: { $0.state == .pending || $0.state == .waiting }) else { return [] }
        let (pauses, breakers) = (try await pauses(), try await openBreakers())
        let waiting = Dictionary(
            grouping: deliveries.filter {
                $0.state == .pending || ($0.state == .waiting && pauses[$0.subscription] != nil)
            },
            by: \.subscription
        )
        let record = await dispatcherRecord()
        let running = record.map(RunningDispatcher.init)
        let isServed = running?.isStopping == false
        var reasons: [(subscription: String, count: Int, reason: WaitReason)] = []
        for (name, deliveries) in waiting.sorted(by: { $0.key < $1.key }) {
            var context = WaitReason.Context()
            (context.paused, context.breaker, context.isServed) = (pauses[name], breakers[name], isServed)
            context.silence = running?.silence
            let known = subscription(name)
            context.unusable =
                if let record {
                    record.unusable.held.contains(name) ? "not by the dispatcher; `webhooks status` says more" : nil
                } else {
                    known?.obstacles.first.map(\.located)
                }
            let policy = known?.policy
            context.rateLimit = policy?.rateLimit
            if policy?.ordered == true {
                var query = DeliveryQuery()
                (query.subscription, query.states, query.limit) = (name, [.waiting, .inFlight], 1)
                context.first = try await self.deliveries(query).first
            }
            guard let oldest = deliveries.map(\.id).min() else { continue }
            reasons.append((name, deliveries.count, WaitReason(of: oldest, context)))
        }
        return reasons
    }
}
