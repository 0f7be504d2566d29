internal import WebhookCore
internal import WebhookInMemory

/// Other processes, beside the dispatcher.
extension SimulatedWorld {
    func actFromOutside() {
        switch random.pick(0...14) {
        case 0...2: append()
        case 3...4: cancel()
        case 5...6: setDisabled(true)
        case 7...8: setDisabled(false)
        case 9: retrigger()
        case 10...11: if let name = random.pick(allSubscriptions)?.name { setPaused(true, name) }
        case 12: if let name = random.pick(allSubscriptions)?.name { setPaused(false, name) }
        default: retry()
        }
        // The dispatcher looks for what others wrote a few times a second.
        agenda.plan(.externalCheck, at: now + Int64(random.pick(1...100)))
    }

    func write<Value: Sendable>(_ change: (inout InMemoryRows) -> Value) -> Value? {
        try? store.database.write(by: externalConnection, change).get()
    }

    private func append() {
        let event = makeEvent()
        let instant = clock.now
        log("\(event.id) is appended from outside")
        report.count(.detachedEmit)
        _ = write { $0.accept(Acceptance(event: event, createdAt: instant, deliveries: nil)) }
        acknowledged.insert(event.id)
    }

    private func cancel() {
        let instant = clock.now
        let subscription = random.chance(40) ? random.pick(allSubscriptions)?.name : nil
        let isWhole = subscription != nil && random.chance(60)
        let ids = isWhole ? [] : (0..<3).compactMap { _ in random.pick(events)?.id }
        let waiting = ids.compactMap { id in
            store.rows.events.values.first { $0.event.id == id && $0.state != .fannedOut && $0.state != .cancelled }
        }
        let missed = store.rows.deliveryRows.filter { row in
            row.wasMissed && (subscription ?? row.subscription) == row.subscription
                && (isWhole || ids.contains { $0 == store.rows.events[row.event]?.event.id })
        }
        let lastEvent = store.rows.events.keys.max()
        guard
            let result = write({ rows in
                rows.cancel(events: ids, deliveries: [], subscription: subscription, at: instant)
            })
        else { return }
        for id in result.deliveries + missed.map(\.id) { deliveries[id]?.isCancelled = true }
        for missed in result.underWay where deliveries[missed.delivery]?.cancelledDuring == nil {
            deliveries[missed.delivery]?.cancelledDuring = store.rows.deliveries[missed.delivery.rawValue]?.attempts
            report.count(.cancelInFlight)
        }
        cancelledEvents.formUnion(result.events)
        if let subscription, let lastEvent {
            if isWhole {
                cancelledUpTo[subscription] = lastEvent
            } else {
                let own = waiting.filter { ($0.target ?? subscription) == subscription }.map(\.row)
                cancelledShares[subscription, default: []].formUnion(own)
            }
        }
        report.count(subscription == nil ? .cancel : isWhole ? .cancelSubscription : .cancelShare)
        log("cancelled \(result.deliveries), \(result.events)")
    }

    func setDisabled(_ isDisabled: Bool) {
        guard let name = random.pick(allSubscriptions)?.name else { return }
        let instant = clock.now
        let disabled = isDisabled ? SubscriptionHealth.Disabled(cause: .manual, at: instant) : nil
        _ = write { $0.setDisabled(disabled, subscription: name, at: instant) }
        if !isDisabled {
            process?.knownDisabled.remove(name)
            for index in process?.endedCommits.indices ?? 0..<0 { process?.endedCommits[index].disabled.remove(name) }
        }
        report.count(isDisabled ? .disable : .enable)
        log("\(name) is \(isDisabled ? "disabled" : "enabled") from outside")
    }

    private func retrigger() {
        let instant = clock.now
        let disabled = Set(store.rows.health.filter { $0.disabled != nil }.map(\.subscription))
        let settled = store.rows.deliveryRows.filter { row in
            row.state.isSettled && !disabled.contains(row.subscription)
                && registry.subscription(named: row.subscription)?.isEnabled == true
        }
        let chosen = (0..<random.pick(1...4)).compactMap { _ in
            random.pick(settled).map { Retrigger(delivery: $0.id) }
        }
        for id in (write { $0.retrigger(chosen, at: instant) } ?? []).map(\.id) {
            deliveries[id] = DeliveryLedger()
            deliveries[id]?.isForeign = true
            log("\(id) is a retrigger")
            report.count(.retrigger)
        }
    }
}
