internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Rules that hold at every step, worked out apart from the engines.
extension SimulatedCluster {
    /// Applies a batch, and notes what became durable.
    func apply(_ batch: StoreBatch, by number: Int) throws -> StoreBatchResult {
        report.commits += 1
        var stored = batch
        if configuration.without.contains(.fence) { stored.node = nil }
        guard case .success(let result) = (nodes[number]?.store ?? store).commitNow(stored) else {
            throw Violation("the store failed by itself")
        }
        digest.add(result)
        let rows = store.rows
        var claimed: [Delivery.ID] = []
        for (write, outcome) in zip(batch.results, result.results) where outcome != .refused {
            try recorded(write, rows, by: number)
        }
        for (acceptance, outcome) in zip(batch.acceptances, result.acceptances) {
            guard case .stored(let row, let ids) = outcome, let new = acceptance.deliveries else { continue }
            claimed += try inserted(new, ids, row, rows)
        }
        for (fanOut, outcome) in zip(batch.fanOuts, result.fanOuts) {
            guard case .stored(let ids, _) = outcome else { continue }
            claimed += try inserted(fanOut.deliveries, ids, fanOut.event, rows)
        }
        claimed += zip(batch.claims, result.claims).filter { $0.1 != .refused && $0.1 != .behind }.map(\.0.delivery)
        if !claimed.isEmpty || result.results.contains(where: { $0 != .refused }) { lastProgress = now }
        for id in claimed { try self.claimed(id, batch.node, rows, by: number) }
        for id in claimed { try checkClaim(id, rows, by: number) }
        if !batch.fanOuts.isEmpty { notify(.deliveries, except: number) }
        return result
    }

    private func inserted(
        _ new: NewDeliveries,
        _ ids: [Delivery.ID],
        _ event: Int64,
        _ rows: InMemoryRows
    ) throws -> [Delivery.ID] {
        try Violation.require(expected[event] == nil, "event \(event) is matched twice")
        try Violation.require(ids.count == new.deliveries.count, "ids don't match the deliveries")
        expected[event] = new.deliveries.map(\.subscription)
        for id in ids {
            deliveries[id] = DeliveryLedger(commit: report.commits)
            log("\(id) of event \(event) for \(rows.deliveries[id.rawValue]?.subscription ?? "")")
        }
        return ids.filter { rows.deliveries[$0.rawValue]?.state == .inFlight }
    }

    private func claimed(_ id: Delivery.ID, _ node: NodeID?, _ rows: InMemoryRows, by number: Int) throws {
        guard let row = rows.deliveries[id.rawValue], let ledger = deliveries[id] else {
            throw Violation("\(id) is claimed and was never inserted")
        }
        try Violation.require(row.attempts == ledger.claims + 1, "\(id): \(row.attempts) follows \(ledger.claims)")
        try Violation.require(
            rows.leases[row.subscription] == node,
            "node \(number) claims \(id) of \(row.subscription), which is another's"
        )
        deliveries[id]?.claims = row.attempts
        inFlight[row.subscription, default: []].insert(id)
        guard losesSubscription, nodes[number] != nil else { return }
        losesSubscription = false
        agenda.plan(.lost(subscription: row.subscription, node: number), at: now)
    }

    /// Over all nodes: no more than its limit, and in order.
    private func checkClaim(_ id: Delivery.ID, _ rows: InMemoryRows, by number: Int) throws {
        guard let row = rows.deliveries[id.rawValue] else { return }
        let name = row.subscription
        let count = inFlight[name]?.count ?? 0
        guard let subscription = allSubscriptions.first(where: { $0.name == name }) else { return }
        let isOrdered = subscription.policy.ordered
        let most = isOrdered ? 1 : limits[number]?[name] ?? 0
        try Violation.require(count <= most, "\(name) has \(count) in flight over all nodes, and not \(most)")
        guard isOrdered, row.attempts == 1, !isLate(row.event, rows) else { return }
        for position in rows.waiting[name]?.values ?? [] {
            guard let other = rows.deliveries[position.delivery.rawValue], !isLate(other.event, rows) else { continue }
            try Violation.require(
                other.event > row.event,
                "\(id) (event \(row.event)) is claimed before \(other.id) (event \(other.event)) of the ordered \(name)"
            )
        }
        for turn in rows.dueEvents.values where turn.row < row.event && !isLate(turn.row, rows) {
            let wants = rows.events[turn.row].map { $0.target == nil && subscription.wants($0.event) } ?? false
            try Violation.require(
                !wants,
                "\(id) (event \(row.event)) is claimed before event \(turn.row) is matched for the ordered \(name)"
            )
        }
    }

    /// Tells whether an event was due later than it was accepted: it takes its place in the order then.
    private func isLate(_ row: Int64, _ rows: InMemoryRows) -> Bool {
        rows.events[row].map { !$0.event.isDue(at: $0.createdAt) } ?? false
    }

    private func recorded(_ write: AttemptWrite, _ rows: InMemoryRows, by number: Int) throws {
        let id = write.delivery
        guard let row = rows.deliveries[id.rawValue], let ledger = deliveries[id] else {
            throw Violation("\(id) has a result and was never inserted")
        }
        log(
            "node \(number): \(id) attempt \(write.attempt.number): \(write.attempt.error?.rawValue ?? "ok"), \(write.next)"
        )
        inFlight[row.subscription]?.remove(id)
        guard case .waiting = write.next else { return }
        try Violation.require(
            row.mode == .retry || !ledger.sent.contains(write.attempt.number),
            "\(id) is single-shot and waits for a retry"
        )
    }

    /// The first byte leaves: under a lease that is valid by the database's clock, and once.
    func checkLeave(_ order: SendAction, _ id: Delivery.ID, _ node: SimulatedNode) throws {
        let (rows, name, attempt) = (store.rows, order.target.subscription.name, order.context.attempt)
        let holder = rows.holder(of: name, uptime: clock.uptimeNanoseconds)
        try Violation.require(
            holder?.process == node.keeper.node.process,
            "node \(node.number) sends \(id) for \(name), whose lease \(holder.map { "\($0) holds" } ?? "nobody holds")"
        )
        let row = rows.deliveries[id.rawValue]
        try Violation.require(
            row?.state == .inFlight && row?.attempts == attempt,
            "\(id) attempt \(attempt) leaves without a claim"
        )
        try Violation.require(
            deliveries[id]?.sent.insert(attempt).inserted == true,
            "\(id) attempt \(attempt) leaves twice"
        )
        if row?.mode == .singleShot {
            try Violation.require(deliveries[id]?.sent.count == 1, "\(id) is single-shot and leaves twice")
        }
        if let event = row.flatMap({ rows.events[$0.event]?.event }) {
            try Violation.require(order.body == ScriptedRenderer.body(of: event), "\(id) leaves with a wrong body")
        }
    }
}
