internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Requests on the wire.
extension SimulatedWorld {
    func send(_ order: SendAction) throws {
        guard let time = process?.clock.now, let number = process?.number else { return }
        let subscription = order.target.subscription
        guard let id = order.context.delivery else { throw Violation("a send without a delivery") }
        if Poison(rawValue: order.context.event.topic) == .deadlyRequest { return try killByRequest(id) }
        try checkSend(order, id, subscription, at: time)
        report.requests += 1
        let (response, latency) = endpoints[subscription.name]?.response(&random) ?? (.ok, .zero)
        if let fault = SimulatedFault(response) { report.count(fault) }
        let isStale = response == .staleConnection && (order.context.mode == .singleShot || order.needsFreshConnection)
        let exchange = (isStale ? .ok : response).exchange(latency: latency, timeout: subscription.policy.timeout)
        log("\(id) attempt \(order.context.attempt) leaves for \(subscription.name): \(response)")
        process?.requests[order.token] = SimulatedProcess.RequestUnderWay(
            delivery: id,
            subscription: subscription.name,
            mode: order.context.mode,
            exchange: exchange,
            order: order
        )
        let duration = exchange.duration.wholeMilliseconds
        if exchange.isReceived { agenda.plan(.requestArrives(id), at: now + duration / 2) }
        agenda.plan(.requestEnds(process: number, token: order.token), at: now + duration)
    }

    /// The process ends while it makes a request: nothing leaves.
    private func killByRequest(_ id: Delivery.ID) throws {
        let ends = requestEnds[id, default: 0] + 1
        try Violation.require(ends <= SetAside.mostEnds, "\(id) kills a process for the \(ends). time")
        requestEnds[id] = ends
        log("\(id) kills the process")
        report.count(.deadlyRequest)
        try crash()
    }

    /// A receiver sees a request, also one whose sender has crashed since.
    func requestArrives(_ id: Delivery.ID) throws {
        deliveries[id]?.received += 1
        guard let ledger = deliveries[id], let row = store.rows.deliveries[id.rawValue] else { return }
        try Violation.require(ledger.received <= row.attempts, "\(id): more requests than attempts")
        if row.mode == .singleShot {
            try Violation.require(ledger.received <= 1, "\(id) is single-shot and came twice")
        }
    }

    func requestEnds(_ number: Int, _ token: UInt64) throws {
        guard process?.number == number, let request = process?.requests.removeValue(forKey: token),
            let time = process?.clock.now
        else { return }
        let isTest = request.order.context.event.isTest
        if !isTest { process?.queues[request.subscription]?.inFlight -= 1 }
        let isAnswered = if case .responded(200) = request.exchange.result.ending { true } else { false }
        if !isTest { process?.queues[request.subscription]?.lastSucceeded = isAnswered }
        process?.endedRequests[request.delivery] = (request, time)
        let finished = FinishedAttempt(
            token: token,
            result: request.exchange.result,
            url: request.order.target.subscription.url.display,
            requestHeaders: []
        )
        try process { engine, time in engine.finished([finished], at: time) }
    }

    /// Notes what the schedule says after this, worked out apart from the engine.
    func note(_ request: SimulatedProcess.RequestUnderWay, at time: EngineTime) {
        let result = request.exchange.result
        let id = request.delivery
        guard request.mode == .retry else { return }
        if case .responded(200) = result.ending { return }
        if result.isStaleConnection, let ledger = deliveries[id], ledger.staleConnections < 10 {
            deliveries[id]?.staleConnections += 1
            return
        }
        deliveries[id]?.steps += 1
        let policy =
            registry.subscription(named: request.subscription)?.policy ?? request.order.target.subscription.policy
        guard let steps = deliveries[id]?.steps, steps <= policy.schedule.count else { return }
        var asked: Int64 = 0
        if let header = result.headers.first, let seconds = Int64(header.value), seconds > 0 {
            asked = min(seconds, 86_400)
        }
        let wait = max(policy.schedule[steps - 1], .seconds(asked))
        deliveries[id]?.earliest = time.monotonic + wait
        deliveries[id]?.wait = wait
    }

    private func checkSend(_ order: SendAction, _ id: Delivery.ID, _ subscription: Subscription, at time: EngineTime)
        throws
    {
        let row = store.rows.deliveries[id.rawValue]
        let attempt = order.context.attempt
        try Violation.require(
            row?.state == .inFlight && row?.attempts == attempt,
            "\(id) attempt \(attempt) leaves without a claim"
        )
        try Violation.require(
            deliveries[id]?.sent.insert(attempt).inserted == true,
            "\(id) attempt \(attempt) leaves twice"
        )
        try Violation.require(deliveries[id]?.isCancelled == false, "\(id) is cancelled and leaves")
        if let last = deliveries[id]?.cancelledDuring {
            try Violation.require(attempt <= last, "\(id) was cancelled during attempt \(last), and \(attempt) leaves")
        }
        if row?.mode == .singleShot {
            try Violation.require(deliveries[id]?.sent.count == 1, "\(id) is single-shot and leaves twice")
        }
        try Violation.require(
            !cancelledEvents.contains(order.context.event.id),
            "the cancelled event \(order.context.event.id) leaves"
        )
        if let event = row.flatMap({ store.rows.events[$0.event]?.event }) {
            try Violation.require(order.body == ScriptedRenderer.body(of: event), "\(id) leaves with a wrong body")
        }
        if let earliest = deliveries[id]?.earliest {
            try Violation.require(
                time.monotonic >= earliest,
                "\(id) is retried \(earliest.milliseconds - time.monotonic.milliseconds) ms early"
            )
            deliveries[id]?.earliest = nil
        }
        if let target = row.flatMap({ store.rows.events[$0.event] }), target.target != nil { return }
        try checkLimits(id, subscription, isTest: order.context.event.isTest, at: time)
    }

    private func checkLimits(_ id: Delivery.ID, _ subscription: Subscription, isTest: Bool, at time: EngineTime) throws
    {
        let name = subscription.name
        try Violation.require(
            registry.subscription(named: name)?.isEnabled == true,
            "\(id) leaves for a parked \(name)"
        )
        try Violation.require(process?.knownDisabled.contains(name) == false, "\(id) leaves for a disabled \(name)")
        if subscription.policy.ordered { try checkOrder(id, name) }
        var queue = process?.queues[name] ?? QueueLedger()
        try checkPace(name, subscription.policy.rateLimit, at: time)
        if !isTest { queue.inFlight += 1 }
        try Violation.require(queue.inFlight <= queue.maxInFlight, "\(name) has \(queue.inFlight) in flight")
        process?.queues[name] = queue
        let total = process?.queues.values.map(\.inFlight).reduce(0, +) ?? 0
        try Violation.require(total <= configuration.maxInFlight, "\(total) in flight")
        let shared = registry.subscriptions.filter { $0.slotShare != nil }
            .map { process?.queues[$0.name]?.inFlight ?? 0 }.reduce(0, +)
        report.mostOfTenant = max(report.mostOfTenant, shared)
        try Violation.require(shared <= max(1, configuration.maxInFlight / 2), "a tenant has \(shared) in flight")
    }

    private func checkPace(_ name: String, _ limit: RateLimit?, at time: EngineTime) throws {
        guard let limit, var pace = paces[name], pace.limit == limit, now >= pace.from else { return }
        // A clock that was put forward since makes the last start look older than it is.
        let lost = max(0, time.monotonic.milliseconds - now - pace.ahead)
        pace.ahead = time.wall.milliseconds - now
        try pace.start(at: now, of: name, lost: lost)
        paces[name] = pace
    }

    /// One that the store won't let settle holds up nobody.
    func staysOpen(_ id: Delivery.ID) -> Bool {
        store.rows.deliveries[id.rawValue].flatMap { poison(of: $0) }?.staysOpen == true
    }

    /// The limits of a new configuration; what is under way already may be more.
    func allowLimits() {
        for subscription in registry.subscriptions {
            let most = max(process?.queues[subscription.name]?.maxInFlight ?? 0, subscription.policy.maxInFlight)
            var queue = process?.queues[subscription.name] ?? QueueLedger()
            queue.maxInFlight = most
            if paces[subscription.name]?.limit != subscription.policy.rateLimit {
                let from = paces[subscription.name] == nil ? 0 : now + 5000
                paces[subscription.name] = PaceLedger(limit: subscription.policy.rateLimit, from: from)
            }
            process?.queues[subscription.name] = queue
        }
    }
}
