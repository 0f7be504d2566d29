public import WebhookCore

/// Ending deliveries, and deleting what is over.
extension WebhookAdministration {
    /// Cancels what was not sent yet.
    ///
    /// - Parameters:
    ///   - ids: of events or deliveries.
    ///   - subscription: with ids, only what of them is this one's; without, all that it has open. Also one that the
    ///     configuration no longer has.
    public func cancel(_ ids: [String], subscription: String? = nil) async throws(WebhooksError) -> CancelResult {
        let deliveries = ids.compactMap { Delivery.ID($0) }
        let events = ids.filter { Delivery.ID($0) == nil }
        try await endAbandoned()
        let result = try await log.write { log throws(StoreError) in
            try await log.cancel(events: events, deliveries: deliveries, subscription: subscription, at: .now)
        }
        let event = events.count == 1 && deliveries.isEmpty ? events[0] : nil
        if let notice = WebhookNotice.cancelled(result, event: event, subscription: subscription) {
            notifier?.send(notice)
        }
        LogObserver.cancelled(result, log.stores.lines)
        LogObserver.refused(result.refused, "not cancelled", log.stores.lines)
        return result
    }

    /// Counts what ``prune(olderThan:)`` would delete; deletes nothing.
    package func prunable(olderThan age: Duration) async throws(WebhooksError) -> PruneResult {
        do throws(StoreError) {
            return try await log.stores.reader().prunable(olderThan: .now - age)
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Deletes what settled long ago.
    ///
    /// - Parameter age: how long ago.
    package func prune(olderThan age: Duration) async throws(WebhooksError) -> PruneResult {
        let instant = Timestamp.now - age
        let total = try await log.write { log throws(StoreError) in
            var total = PruneResult()
            while true {
                // In batches, so that a dispatcher gets its turn in between.
                let batchSize = try await log.prune(olderThan: instant, limit: 1000)
                if batchSize.isEmpty { return total }
                total.events += batchSize.events
                total.deliveries += batchSize.deliveries
                total.attempts += batchSize.attempts
                total.refused += batchSize.refused
            }
        }
        LogObserver.refused(total.refused, "not deleted", log.stores.lines)
        return total
    }
}
