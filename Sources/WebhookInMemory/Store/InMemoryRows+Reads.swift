internal import WebhookCore

extension InMemoryRows {
    /// The most new deliveries that are read themselves: few, so that a simulation has both.
    private static let mostNewDeliveries = 4

    /// Reads everything that a batch asks for.
    ///
    /// - Parameter node: gets the events that wait for their fan-out.
    mutating func read(_ reads: StoreReads, for node: NodeID?) -> StoreReadResult {
        var result = StoreReadResult()
        let acquired = Set(reads.acquired)
        if reads.interrupted || !acquired.isEmpty {
            result.interrupted = interrupted { reads.interrupted || acquired.contains($0.subscription) }
        }
        if reads.abandoned > 0 {
            result.abandoned = Array(interrupted { isFree($0.subscription) }.prefix(reads.abandoned))
        }
        if reads.health {
            result.health = health
        } else if !reads.healthOf.isEmpty {
            result.health = health.filter { reads.healthOf.contains($0.subscription) }
        }
        readEvents(reads, for: node, into: &result)
        if reads.openSubscriptions || !acquired.isEmpty {
            let open = waiting.filter { !$0.value.isEmpty }.keys
            result.openSubscriptions = open.filter { reads.openSubscriptions || acquired.contains($0) }.sorted()
        }
        if let id = reads.newDeliveriesAbove {
            let new = id.rawValue < lastDelivery ? (id.rawValue + 1...lastDelivery).compactMap { deliveries[$0] } : []
            let waiting = new.filter(\.isWaiting)
            result.touchedSubscriptions = Set(waiting.map(\.subscription)).sorted()
            if waiting.count <= Self.mostNewDeliveries {
                result.newDeliveries = waiting.compactMap { row in row.dueAt.map { open(row, dueAt: $0) } }
            }
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

    /// The deliveries in flight that are wanted.
    private func interrupted(_ isWanted: (InMemoryDeliveryRow) -> Bool) -> [InterruptedDelivery] {
        inFlight.values.compactMap { deliveries[$0] }.filter(isWanted).map { row in
            let claimedAt = row.claimedAt ?? row.createdAt
            return InterruptedDelivery(delivery: open(row, dueAt: claimedAt), claimedAt: claimedAt)
        }
    }

    private func earliestAttempted(_ positions: [Refill.Position]) -> Refill.Position? {
        positions.filter { deliveries[$0.delivery.rawValue].map { $0.attempts > 0 } ?? false }
            .min { $0.delivery < $1.delivery }
    }

    private mutating func readEvents(_ reads: StoreReads, for node: NodeID?, into result: inout StoreReadResult) {
        let free = dueEvents.values.lazy.map(\.row).filter { [events, nodes] row in
            guard !reads.excludedEvents.contains(row) else { return false }
            guard let node, let given = events[row]?.givenTo, given != node else { return true }
            return nodes[given] == nil
        }
        var rows = Array(free.prefix(reads.pendingEvents))
        if let node, nodes[node] != nil { for row in rows { give(event: row, to: node) } }
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
