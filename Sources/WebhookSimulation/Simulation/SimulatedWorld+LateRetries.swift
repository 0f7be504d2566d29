internal import WebhookCore
internal import WebhookInMemory

/// Deliveries that are made due by hand once the faults have ceased, when nothing else makes good what an engine misses:
/// they leave soon, and not when their schedule says.
extension SimulatedWorld {
    struct LateRetry {
        var delivery: Delivery.ID
        /// The process that has to see to it.
        var process: Int
        /// Attempts before.
        var attempts: Int
    }

    /// Makes deliveries due that wait for long, one of each subscription to which nothing is in the way.
    func retryLate() {
        guard configuration.lateRetries, let process, process.engine.settings.scope == .all, !process.isDraining,
            store.lostFiles == nil, storeFault == nil
        else { return }
        let soon = process.clock.monotonic + .seconds(15)
        let disabled = Set(store.rows.health.filter { $0.disabled != nil }.map(\.subscription))
        var chosen: [String: InMemoryDeliveryRow] = [:]
        for row in store.rows.deliveryRows where row.dueAt.map({ $0 > soon }) ?? false {
            let name = row.subscription
            guard poison(of: row) == nil, let subscription = registry.subscription(named: name), subscription.isEnabled,
                !subscription.policy.ordered, subscription.policy.rateLimit == nil, !disabled.contains(name),
                !isPaused(name), endpoints[name]?.mood == .healthy, process.queues[name]?.lastSucceeded == true
            else { continue }
            chosen[name] = row
        }
        let rows = chosen.values.sorted { $0.id < $1.id }
        guard !rows.isEmpty, let outcomes = write({ $0.retry(rows.map(\.id), at: clock.now) }) else { return }
        agenda.plan(.externalCheck, at: now + 100)
        for (row, outcome) in zip(rows, outcomes) where outcome == .due {
            log("\(row.id) is to be retried at once, and not at \(row.dueAt.map { "\($0)" } ?? "")")
            report.count(.lateRetry)
            deliveries[row.id]?.earliest = nil
            let retry = LateRetry(delivery: row.id, process: process.number, attempts: row.attempts)
            agenda.plan(.lateRetryIsOver(retry), at: now + 12_000)
        }
    }

    func checkLateRetry(_ retry: LateRetry) throws {
        guard process?.number == retry.process, process?.isDraining == false, process?.isStopped == false,
            let row = store.rows.deliveries[retry.delivery.rawValue]
        else { return }
        try Violation.require(
            row.state.isSettled || row.attempts > retry.attempts,
            "\(row.id) of \(row.subscription) was made due by hand, and has not left"
        )
    }
}
