public import WebhookCore

/// Changing what is in the store. Works beside a running dispatcher, which notices.
extension WebhookLog {
    /// Cancels what was not sent yet.
    ///
    /// - Parameters:
    ///   - ids: of events or deliveries.
    ///   - subscription: with ids, only what of them is this one's; without, all that it has open. Also one that the
    ///     configuration no longer has.
    public func cancel(_ ids: [String], subscription: String? = nil) async throws(WebhooksError) -> CancelResult {
        let deliveries = ids.compactMap { Delivery.ID($0) }
        let events = ids.filter { Delivery.ID($0) == nil }
        let result = try await write { log throws(StoreError) in
            try await log.cancel(events: events, deliveries: deliveries, subscription: subscription, at: .now)
        }
        LogObserver.cancelled(result, logger)
        LogObserver.refused(result.refused, "not cancelled", logger)
        return result
    }

    /// Deletes what settled long ago.
    ///
    /// - Parameter age: how long ago.
    public func prune(olderThan age: Duration) async throws(WebhooksError) -> PruneResult {
        let instant = Timestamp.now - age
        let total = try await write { log throws(StoreError) in
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
        LogObserver.refused(total.refused, "not deleted", logger)
        return total
    }

    /// Looks for what must never be. Reads everything; takes its time.
    ///
    /// - Returns: what was found, in words; empty: all is well.
    /// - Throws: ``WebhooksError`` with `store` where the storage itself is damaged.
    public func integrityProblems() async throws(WebhooksError) -> [String] {
        try await read { log throws(StoreError) in
            try await log.integrityProblems()
                + log.setAsideEvents(limit: 20).map { "event set aside, for \($0.reason): \($0.id)" }
        }
    }

    /// Events that are given out for delivery no more, oldest first: the store refused their deliveries, or their rendering
    /// ended the dispatcher again and again. ``retrigger(_:goesOn:refused:)`` tries again, ``cancel(_:subscription:)`` drops them.
    ///
    /// - Parameter limit: the most events; defaults to 100.
    package func setAsideEvents(limit: Int = 100) async throws(WebhooksError) -> [SetAsideEvent] {
        try await read { log throws(StoreError) in try await log.setAsideEvents(limit: limit) }
    }

    /// Says in what another event that is stored and has this one's id differs from it; `nil`: there is none.
    package func conflict(with event: Event) async throws(WebhooksError) -> String? {
        do throws(WebhooksError) {
            guard let stored = try await self.event(event.id) else { return nil }
            let differences = event.differences(from: stored)
            return differences.isEmpty ? nil : event.conflictText(differences)
        } catch  where error.store?.code == .missing {
            return nil
        }
    }

    /// When an event that is stored already is due; `nil` where there is none, or one that was due at once.
    package func storedDueTime(of id: String) async throws(WebhooksError) -> Timestamp? {
        do throws(WebhooksError) {
            return try await event(id)?.deliverAt
        } catch  where error.store?.code == .missing {
            return nil
        }
    }
}
