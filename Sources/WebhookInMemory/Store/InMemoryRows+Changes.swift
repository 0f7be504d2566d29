package import WebhookCore

/// The log's changes.
extension InMemoryRows {
    package mutating func cancel(
        events ids: [String],
        deliveries single: [Delivery.ID],
        subscription: String?,
        at instant: Timestamp
    ) -> CancelResult {
        var result = CancelResult()
        var touched: Set<String> = []
        if let subscription, !ids.isEmpty || !single.isEmpty {
            for id in ids { cancel(event: id, subscription: subscription, at: instant, into: &result, &touched) }
            for id in single {
                if deliveries[id.rawValue]?.subscription == subscription {
                    cancel(id, at: instant, into: &result, &touched)
                } else {
                    result.unknown.append(id.description)
                }
            }
            touch(touched)
            return result
        }
        for id in ids {
            guard let event = event(id) else {
                result.unknown.append(id)
                continue
            }
            switch event.state {
            case .waitsForFanOut, .setAside:
                setState(.cancelled, ofEvent: event.row)
                result.events.append(id)
            case .cancelled where event.deliveries.isEmpty: result.add(cancelledBefore: id)
            case .fannedOut, .cancelled: break
            }
            for delivery in event.deliveries {
                cancel(Delivery.ID(rawValue: delivery), at: instant, into: &result, &touched)
            }
        }
        for id in single { cancel(id, at: instant, into: &result, &touched) }
        if let subscription {
            let unmatched = waitingEventRows.filter { row in
                events[row]?.target.map { $0 == subscription } ?? true
            }
            unmatchedCancellations[subscription, default: []].formUnion(unmatched)
            result.unmatchedEvents = unmatched.count
            let running = inFlight.values.filter { deliveries[$0]?.subscription == subscription }
            for position in waiting[subscription]?.values ?? [] {
                cancel(position.delivery, at: instant, into: &result, &touched)
            }
            for id in running { cancel(Delivery.ID(rawValue: id), at: instant, into: &result, &touched) }
            let missed = deliveryRows.reversed().filter { $0.subscription == subscription && $0.wasMissed }
            for row in missed { cancel(row.id, at: instant, into: &result, &touched) }
        }
        touch(touched)
        return result
    }

    private mutating func cancel(
        event id: String,
        subscription: String,
        at instant: Timestamp,
        into result: inout CancelResult,
        _ touched: inout Set<String>
    ) {
        guard let event = event(id) else { return result.unknown.append(id) }
        if event.waits, event.target.map({ $0 == subscription }) ?? true {
            unmatchedCancellations[subscription, default: []].insert(event.row)
            result.unmatchedEvents += 1
            return
        }
        let own = event.deliveries.filter { deliveries[$0]?.subscription == subscription }
        if own.isEmpty {
            event.state == .cancelled ? result.add(cancelledBefore: id) : result.unknown.append(id)
        }
        for delivery in own { cancel(Delivery.ID(rawValue: delivery), at: instant, into: &result, &touched) }
    }

    private mutating func cancel(
        _ id: Delivery.ID,
        at instant: Timestamp,
        into result: inout CancelResult,
        _ touched: inout Set<String>
    ) {
        guard let row = deliveries[id.rawValue] else {
            result.unknown.append(id.description)
            return
        }
        if settle(Settlement(delivery: id, state: .cancelled, error: nil, detail: nil, at: instant)) {
            result.deliveries.append(id)
            touched.insert(row.subscription)
            return
        }
        if row.wasMissed {
            updateDelivery(id) { $0.lastError = nil }
            return result.deliveries.append(id)
        }
        if row.state == .inFlight { updateDelivery(id) { $0.cancelledAt = $0.cancelledAt ?? instant } }
        result.add(
            CancelResult.Missed(
                delivery: id,
                subscription: row.subscription,
                state: row.state,
                settledAt: row.settledAt
            )
        )
    }

    mutating func endDeliveries(of subscription: String, detail: String, at instant: Timestamp) -> Int {
        let running = inFlight.values.filter { deliveries[$0]?.subscription == subscription }
        var count = running.count
        for position in waiting[subscription]?.values ?? [] {
            let settlement = Settlement(
                delivery: position.delivery,
                state: .cancelled,
                error: nil,
                detail: detail,
                at: instant
            )
            if settle(settlement) { count += 1 }
        }
        for id in running {
            updateDelivery(Delivery.ID(rawValue: id)) { $0.cancelledAt = $0.cancelledAt ?? instant }
        }
        touch([subscription])
        return count
    }

    /// Tells engines that deliveries of these subscriptions were made due or cancelled.
    private mutating func touch(_ subscriptions: Set<String>) {
        for name in subscriptions {
            let row = InMemoryHealthRow(health: SubscriptionHealth(subscription: name))
            healthRows[name, default: row].health.retries += 1
        }
    }

    package mutating func setDisabled(
        _ disabled: SubscriptionHealth.Disabled?,
        subscription: String,
        at instant: Timestamp
    ) {
        setHealth(disabled, of: subscription, at: instant)
        setStored(disabled?.cause == .manual, subscription, at: instant)
    }

    /// The same in what is remembered of a subscription alone.
    mutating func setHealth(
        _ disabled: SubscriptionHealth.Disabled?,
        of subscription: String,
        at instant: Timestamp
    ) {
        let fresh = InMemoryHealthRow(health: SubscriptionHealth(subscription: subscription))
        var row = healthRows[subscription] ?? fresh
        row.health.disabled = disabled
        if disabled == nil {
            row.health.failingSince = nil
            row.enabledAt = instant
        }
        healthRows[subscription] = row
    }

    /// - Returns: whether a pause was in force.
    package mutating func setPaused(_ paused: SubscriptionHealth.Paused?, subscription: String, at instant: Timestamp)
        -> Bool
    {
        var row = healthRows[subscription] ?? InMemoryHealthRow(health: SubscriptionHealth(subscription: subscription))
        let wasPaused = row.health.paused?.isInForce(at: instant) ?? false
        if let paused {
            row.health.paused = paused
        } else {
            row.resume(nil, at: instant)
        }
        healthRows[subscription] = row
        return wasPaused
    }

    package mutating func retry(_ ids: [Delivery.ID], at instant: Timestamp) -> [RetryOutcome] {
        var subscriptions: Set<String> = []
        let outcomes = ids.map { id -> RetryOutcome in
            guard let row = deliveries[id.rawValue] else { return .unknown }
            guard row.isWaiting else { return row.state == .inFlight ? .inFlight : .settled(row.state) }
            // A place in the order of acceptance is due already, and stays.
            updateDelivery(id) { row in
                if row.dueAt.map(AcceptancePlace.isPlace) != true { row.dueAt = ByHand.dueAt(instant) }
            }
            subscriptions.insert(row.subscription)
            return .due
        }
        touch(subscriptions)
        return outcomes
    }

    package mutating func retrigger(_ retriggers: [Retrigger], at instant: Timestamp) -> [Retriggered] {
        retriggers.compactMap { retrigger in
            guard let old = deliveries[retrigger.delivery.rawValue] else { return nil }
            let rendering = old.body == nil ? retrigger.rendering : nil
            let new = insertDelivery { id in
                InMemoryDeliveryRow(
                    id: id,
                    event: old.event,
                    subscription: old.subscription,
                    mode: old.mode,
                    contentType: rendering?.contentType ?? old.contentType,
                    body: rendering?.body ?? old.body,
                    state: .pending,
                    dueAt: instant,
                    createdAt: instant,
                    retriggerOf: old.id
                )
            }
            return Retriggered(id: new, event: old.event)
        }
    }

    mutating func prune(olderThan instant: Timestamp, limit: Int) -> PruneResult {
        var result = PruneResult()
        let settled = deliveryRows.filter { row in row.settledAt.map { $0 < instant } ?? false }
        for row in settled.prefix(limit) {
            result.deliveries += 1
            result.attempts += row.log.count
            removeDelivery(row.id.rawValue)
        }
        let empty = events.values.sorted { $0.row < $1.row }.filter { event in
            event.createdAt < instant && !event.waits && event.deliveries.isEmpty
        }
        for event in empty.prefix(limit) {
            result.events += 1
            removeEvent(event.row)
        }
        return result
    }

    func statistics() -> [SubscriptionStatistics] {
        let rows = deliveryRows.filter { events[$0.event]?.event.isTest == false }
        let bySubscription = Dictionary(grouping: rows, by: \.subscription)
        let names = Set(bySubscription.keys).union(health.map(\.subscription))
        return names.sorted().map { name in
            var statistics = SubscriptionStatistics(subscription: name)
            let rows = bySubscription[name] ?? []
            for row in rows { statistics.counts[row.state, default: 0] += 1 }
            let measured = rows.reversed().filter(\.state.isSettled).map { $0.log.compactMap(\.duration) }
                .filter { !$0.isEmpty }
            statistics.setPercentiles(of: measured.prefix(SubscriptionStatistics.sample).flatMap { $0 })
            statistics.retriesInFlight = rows.count { $0.state == .inFlight && $0.attempts > 1 }
            // The newest attempt that has ended, and what went wrong with it.
            let ended = rows.compactMap { row -> (at: Timestamp, failure: SubscriptionStatistics.Failure?)? in
                guard row.lastError != .disabled, row.lastError != nil || row.state == .delivered,
                    let at = row.log.last?.startedAt ?? row.settledAt
                else { return nil }
                let failure = row.lastError.map {
                    SubscriptionStatistics.Failure(error: $0, status: row.lastStatus, at: at)
                }
                return (at, failure)
            }
            statistics.lastFailure = ended.reversed().max { $0.at < $1.at }?.failure
            statistics.lastDeliveredAt = rows.filter { $0.state == .delivered }.compactMap(\.settledAt).max()
            return statistics
        }
    }

    /// The problems that must never be.
    package var integrityProblems: [String] {
        var problems: [String] = []
        for row in deliveryRows {
            func require(_ condition: Bool, _ what: String) {
                if !condition { problems.append("\(row.id) \(what)") }
            }
            require(events[row.event] != nil, "has no event")
            require(row.log.count == row.attempts - (row.state == .inFlight ? 1 : 0), "lacks a record of an attempt")
            require(row.log.enumerated().allSatisfy { $0.element.number == $0.offset + 1 }, "has a gap in its log")
            require((row.dueAt != nil) == row.isWaiting, "is due although it doesn't wait, or the other way round")
            require(
                (row.settledAt != nil) == row.state.isSettled,
                "has a time of settling that doesn't fit its state"
            )
            require(row.state != .pending || row.attempts == 0, "is pending after an attempt")
            require(row.cancelledAt == nil || !row.isWaiting, "waits although it was cancelled")
        }
        return problems
    }
}
