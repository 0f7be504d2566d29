internal import Logging
internal import SQLiteStore
internal import WebhookCore

extension WebhookDispatcher {
    /// How often a running dispatcher looks at the clocks for its retention.
    static let retentionInterval: Duration = .seconds(60)
    /// Deliveries and events that one transaction deletes: short enough to hold nobody up.
    static let retentionPortion = 500

    /// Deletes what settled longer ago than the configured retention, for as long as the task lives: once an hour, a portion at
    /// a time, and no more than ``RetentionPlan`` allows.
    func keepRetention(in session: DeliverySession) async {
        let clock = SystemClock()
        var plan = RetentionPlan()
        while !Task.isCancelled {
            do throws(StoreError) {
                let rows = try await session.store.approximateRows()
                let cutoff = clock.now - registry.settings.retention
                if let portion = plan.look(cutoff: cutoff, uptime: clock.uptimeNanoseconds, rows: { rows }) {
                    try await delete(portion, in: session)
                }
            } catch {
                logger.error("what is past its retention could not be deleted", metadata: ["error": "\(error)"])
            }
            guard (try? await Task.sleep(for: Self.retentionInterval)) != nil else { return }
        }
    }

    private func delete(_ portion: RetentionPlan.Portion, in session: DeliverySession) async throws(StoreError) {
        var left = portion.limit
        while left > 0, !Task.isCancelled {
            let limit = min(left, Self.retentionPortion)
            let pruned = try await session.store.prune(olderThan: portion.cutoff, limit: limit)
            if pruned.isEmpty { return }
            LogObserver.refused(pruned.refused, "not deleted", logger)
            left -= max(pruned.deliveries, pruned.events)
            await Task.yield()
        }
        guard left <= 0 else { return }
        logger.warning(
            "much is past its retention at once, and the rest stays for an hour: is the clock right? `webhooks prune` deletes it",
            metadata: ["deleted": "\(portion.limit)", "before": "\(portion.cutoff)"]
        )
    }
}
