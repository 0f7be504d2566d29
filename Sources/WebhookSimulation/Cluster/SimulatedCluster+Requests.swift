internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Requests, from the engine to the wire and back.
extension SimulatedCluster {
    func handOver(_ order: SendAction, by number: Int) throws {
        let name = order.target.subscription.name
        guard let id = order.context.delivery else { throw Violation("a send without a delivery") }
        try paces[name]?.start(at: now, of: name)
        log("node \(number): \(id) attempt \(order.context.attempt) is handed over for \(name)")
        nodes[number]?.requests[order.token] = SimulatedNode.RequestUnderWay(order: order)
        // The process may stop in between.
        plan(.requestLeaves(node: number, token: order.token), within: 3)
        if hitsMoment() { stop(number) }
    }

    /// The last look at the clock, then the first byte.
    func requestLeaves(_ number: Int, _ token: UInt64) throws {
        guard let node = nodes[number], let request = node.requests[token], let id = request.order.context.delivery
        else { return }
        let startBy = configuration.without.contains(.lastLook) ? nil : request.order.startBy
        if let startBy, node.time.monotonic >= startBy {
            report.count(.tooLate)
            let ending = TransportResult.Ending.failed(.interrupted, detail: "simulated")
            nodes[number]?.requests[token]?.result = TransportResult(ending: ending, mayHaveBeenSent: false)
            return plan(.requestEnds(node: number, token: token), within: 3)
        }
        try checkLeave(request.order, id, node)
        report.requests += 1
        let subscription = request.order.target.subscription
        let (response, latency) = endpoints[subscription.name]?.response(&random) ?? (.ok, .zero)
        let mode = request.order.context.mode
        let isStale = response == .staleConnection && (mode == .singleShot || request.order.needsFreshConnection)
        let exchange = (isStale ? .ok : response).exchange(latency: latency, timeout: subscription.policy.timeout)
        log("node \(number): \(id) attempt \(request.order.context.attempt) leaves: \(response)")
        nodes[number]?.requests[token]?.result = exchange.result
        let duration = exchange.duration.wholeMilliseconds
        if exchange.isReceived { agenda.plan(.requestArrives(id), at: now + duration / 2) }
        agenda.plan(.requestEnds(node: number, token: token), at: now + duration)
    }

    func requestEnds(_ number: Int, _ token: UInt64) throws {
        guard let request = nodes[number]?.requests.removeValue(forKey: token), let result = request.result else {
            return
        }
        let url = request.order.target.subscription.url.display
        let finished = FinishedAttempt(token: token, result: result, url: url, requestHeaders: [])
        try process(number) { engine, time in engine.finished([finished], at: time) }
    }

    /// A receiver sees a request, also one whose sender is gone.
    func requestArrives(_ id: Delivery.ID) throws {
        deliveries[id]?.received += 1
        guard let ledger = deliveries[id], let row = store.rows.deliveries[id.rawValue] else { return }
        try Violation.require(ledger.received <= row.attempts, "\(id): more requests than attempts")
        if row.mode == .singleShot {
            try Violation.require(ledger.received <= 1, "\(id) is single-shot and came twice")
        }
    }
}
