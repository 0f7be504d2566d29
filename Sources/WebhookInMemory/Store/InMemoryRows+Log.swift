package import WebhookCore

/// The log's queries.
extension InMemoryRows {
    package func list(_ query: EventQuery) -> [LoggedEvent] {
        var last = lastEvent
        if let after = query.after {
            guard let row = eventRows[after] else { return [] }
            last = row - 1
        }
        var result: [LoggedEvent] = []
        for row in descending(from: last) where result.count < query.limit {
            guard let row = events[row], matches(row, query) else { continue }
            let event = row.event
            var setAside: String?
            if case .setAside(let reason) = row.state { setAside = reason }
            result.append(
                LoggedEvent(
                    id: event.id,
                    topic: event.topic,
                    tenant: event.tenant,
                    occurredAt: event.occurredAt,
                    createdAt: row.createdAt,
                    deliverAt: event.deliverAt,
                    isTest: event.isTest,
                    isCancelled: row.state == .cancelled,
                    deliveryCount: row.deliveries.count,
                    isUnmatched: row.waits,
                    setAside: setAside
                )
            )
        }
        return result
    }

    func unmatchedEvents(at instant: Timestamp) -> UnmatchedEvents {
        let waiting = waitingEventRows.compactMap { events[$0] }
        let later = waiting.count { $0.place == nil && !$0.event.isDue(at: instant) }
        return UnmatchedEvents(due: waiting.count - later, later: later)
    }

    package func list(_ query: DeliveryQuery) -> [Delivery] {
        var result: [Delivery] = []
        for id in descending(from: query.after.map { $0.rawValue - 1 } ?? lastDelivery) where result.count < query.limit
        {
            guard let row = deliveries[id] else { continue }
            let delivery = logged(row)
            if matches(delivery, query), !query.newestOnly || isNewest(row) { result.append(delivery) }
        }
        return result
    }

    func exportPage(_ query: DeliveryQuery) -> [ExportedDelivery] {
        var page: [ExportedDelivery] = []
        var size = 0
        for delivery in list(query) where size < ExportedDelivery.pageSize {
            guard let event = event(delivery.event)?.event else { continue }
            if page.last?.delivery.event != delivery.event { size += event.data.count }
            page.append(ExportedDelivery(delivery: delivery, occurredAt: event.occurredAt, data: event.data))
        }
        return page
    }

    func newestDeliveries(ofEvent id: String) -> [Delivery] {
        var seen: Set<String> = []
        return (event(id)?.deliveries ?? []).reversed().compactMap { deliveries[$0] }
            .filter { seen.insert($0.subscription).inserted }
            .map { logged($0) }
    }

    func delivery(_ id: Delivery.ID) -> Delivery? { deliveries[id.rawValue].map { logged($0) } }

    package func attempts(of id: Delivery.ID) -> [Attempt] {
        guard let row = deliveries[id.rawValue] else { return [] }
        var log = row.log
        if row.state == .inFlight {
            let startedAt = row.claimedAt ?? row.createdAt
            log.append(
                Attempt(number: row.attempts, startedAt: startedAt, url: "", requestHeaders: [], requestBody: .empty)
            )
        }
        for index in log.indices { log[index].requestBody = row.body ?? .empty }
        return log
    }

    func openDeliveries(of subscription: String) -> OpenDeliveryCount {
        OpenDeliveryCount(
            waiting: waiting[subscription]?.values.count ?? 0,
            inFlight: inFlight.values.count { deliveries[$0]?.subscription == subscription }
        )
    }

    var subscriptionNames: [String] {
        Set(deliveries.values.map(\.subscription)).union(healthRows.keys).sorted()
    }

    func progress(ofEvents ids: [String], at now: Timestamp) -> EventProgress {
        var progress = EventProgress()
        for event in Set(ids).compactMap({ event($0) }) {
            if event.waits { progress.waitingForFanOut += 1 }
            for row in event.deliveries.compactMap({ deliveries[$0] }) where !row.state.isSettled {
                if row.log.isEmpty { progress.withoutFirstAttempt += 1 }
                let paused = healthRows[row.subscription]?.health.paused
                if row.state == .pending, paused?.isInForce(at: now) ?? false { progress.paused += 1 }
            }
        }
        return progress
    }

    private func isNewest(_ row: InMemoryDeliveryRow) -> Bool {
        newestDeliveries(ofEvent: events[row.event]?.event.id ?? "").contains { $0.id == row.id }
    }

    private func descending(from last: Int64) -> StrideThrough<Int64> { stride(from: last, through: 1, by: -1) }

    private func logged(_ row: InMemoryDeliveryRow) -> Delivery {
        let event = events[row.event]?.event
        return Delivery(
            id: row.id,
            event: event?.id ?? "",
            topic: event?.topic ?? "",
            tenant: event?.tenant,
            subscription: row.subscription,
            state: row.state,
            mode: row.mode,
            attempts: row.attempts,
            // Where order matters, a first attempt is due "always".
            nextAttemptAt: row.dueAt.map { ByHand.time($0, createdAt: row.createdAt) },
            lastStatus: row.lastStatus,
            lastError: row.lastError,
            createdAt: row.createdAt,
            settledAt: row.settledAt,
            isTest: event?.isTest ?? false,
            retriggerOf: row.retriggerOf,
            detail: row.detail
        )
    }

    private func matches(_ row: InMemoryEventRow, _ query: EventQuery) -> Bool {
        (query.ids.isEmpty || query.ids.contains(row.event.id))
            && (query.since.map { row.createdAt >= $0 } ?? true)
            && (query.until.map { row.createdAt < $0 } ?? true)
            && (query.topics.isEmpty || query.topics.contains(row.event.topic))
            && (query.tenant.map { row.event.tenant == $0 } ?? true)
            && (query.isTest.map { row.event.isTest == $0 } ?? true)
    }

    private func matches(_ delivery: Delivery, _ query: DeliveryQuery) -> Bool {
        (query.since.map { delivery.createdAt >= $0 } ?? true) && (query.until.map { delivery.createdAt < $0 } ?? true)
            && (query.topics.isEmpty || query.topics.contains(delivery.topic))
            && (query.tenant.map { delivery.tenant == $0 } ?? true)
            && (query.isTest.map { delivery.isTest == $0 } ?? true)
            && (query.states.isEmpty || query.states.contains(delivery.state))
            && (query.errors.isEmpty || delivery.lastError.map(query.errors.contains) == true)
            && (query.subscription.map { delivery.subscription == $0 } ?? true)
            && (query.events.isEmpty || query.events.contains(delivery.event))
    }
}
