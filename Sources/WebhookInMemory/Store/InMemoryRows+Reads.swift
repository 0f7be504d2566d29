internal import WebhookCore

extension InMemoryRows {
    /// Reads everything that a batch asks for.
    func read(_ reads: StoreReads) -> StoreReadResult {
        var result = StoreReadResult()
        if reads.interrupted {
            result.interrupted = inFlight.values.compactMap { deliveries[$0] }.map { row in
                let claimedAt = row.claimedAt ?? row.createdAt
                return InterruptedDelivery(delivery: open(row, dueAt: claimedAt), claimedAt: claimedAt)
            }
        }
        if reads.health { result.health = health }
        readEvents(reads, into: &result)
        if reads.openSubscriptions {
            result.openSubscriptions = waiting.filter { !$0.value.isEmpty }.keys.sorted()
        }
        if let id = reads.newDeliveriesAbove {
            let new = id.rawValue < lastDelivery ? (id.rawValue + 1...lastDelivery).compactMap { deliveries[$0] } : []
            result.touchedSubscriptions = Set(new.filter(\.isWaiting).map(\.subscription)).sorted()
            result.highestDelivery = deliveries.keys.max().map { Delivery.ID(rawValue: $0) }
        }
        result.refills = reads.refills.map { refill in
            let all = waiting[refill.subscription]
            var positions = Array(all?.after(refill.after).prefix(refill.limit) ?? [])
            if refill.isOrdered, let attempted = earliestAttempted(all?.values ?? []),
                !positions.contains(attempted)
            {
                positions.append(attempted)
            }
            return positions.compactMap { position in
                deliveries[position.delivery.rawValue].map { open($0, dueAt: position.dueAt) }
            }
        }
        for event in reads.takeovers {
            result.takenOver += (events[event]?.deliveries ?? []).compactMap { deliveries[$0] }.compactMap { row in
                row.dueAt.map { open(row, dueAt: $0) }
            }
        }
        return result
    }

    private func earliestAttempted(_ positions: [Refill.Position]) -> Refill.Position? {
        positions.filter { deliveries[$0.delivery.rawValue].map { $0.attempts > 0 } ?? false }
            .min { $0.delivery < $1.delivery }
    }

    private func readEvents(_ reads: StoreReads, into result: inout StoreReadResult) {
        var rows = Array(
            dueEvents.values.lazy.map(\.row).filter { !reads.excludedEvents.contains($0) }.prefix(reads.pendingEvents)
        )
        for row in reads.takeovers where !rows.contains(row) {
            guard let event = events[row], event.state == .waitsForFanOut, event.place != nil else { continue }
            rows.append(row)
        }
        result.pendingEvents = rows.compactMap { events[$0] }.map {
            PendingEvent(row: $0.row, place: $0.place ?? $0.row, event: $0.event, target: $0.target)
        }
        if reads.pendingEvents > 0 {
            result.nextEventDue = scheduledEvents.first?.dueAt
            result.lastEvent = lastEvent
        }
    }

    private func open(_ row: InMemoryDeliveryRow, dueAt: Timestamp) -> OpenDelivery {
        // Every delivery has its event: they are inserted together, and the event is removed last.
        let event = events[row.event]?.event
        return OpenDelivery(
            id: row.id,
            subscription: row.subscription,
            mode: row.mode,
            contentType: row.contentType,
            attempts: row.attempts,
            uncountedAttempts: row.uncountedAttempts,
            interruptions: row.interruptions,
            dueAt: dueAt,
            wait: row.wait,
            event: EventHeader(
                row: row.event,
                id: event?.id ?? "",
                topic: event?.topic ?? "",
                tenant: event?.tenant,
                isTest: event?.isTest ?? false,
                trace: event?.trace
            )
        )
    }
}
