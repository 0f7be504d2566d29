internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Drives a node's engine and its keeper of leases, as ``EngineRunner`` does.
extension SimulatedCluster {
    /// Gives the engine an input and does what it wants done.
    func process(_ number: Int, _ input: (inout DeliveryEngine, EngineTime) -> Void) throws {
        guard let time = nodes[number]?.time.now else { return }
        // It was there a line ago; a copy would make every change of the engine's copy its arrays.
        input(&nodes[number]!.engine, time)
        var wakeAt: Timestamp?
        while let actions = nodes[number]?.engine.takeActions() {
            wakeAt = actions.wakeAt
            guard actions.isPressing else { break }
            digest.add(actions, at: now)
            if actions.wantsCommit { try startCommit(number) }
            for order in actions.sends { try handOver(order, by: number) }
            for reply in actions.replies { try replied(reply, number) }
            for event in actions.fanOuts + actions.largeFanOuts { fanOut(event, by: number) }
            if !actions.drained.isEmpty { try changeLeases(number) { $0.drained(actions.drained, now: $1) } }
            if actions.doubtsLeases { try changeLeases(number) { $0.distrust(now: $1) } }
        }
        try leaveIfDrained(number)
        guard let node = nodes[number] else { return }
        setAlarm([wakeAt, node.keeper.wakeAt].compactMap(\.self).min(), number)
        try endIfOver(number)
    }

    /// Changes the keeper, and tells engine and store what follows. What the engine wants then is left to
    /// ``process(_:_:)``.
    func changeLeases(_ number: Int, _ change: (inout LeaseKeeper, Timestamp) -> Void) throws {
        guard let time = nodes[number]?.time.now else { return }
        change(&nodes[number]!.keeper, time.monotonic)
        guard let actions = nodes[number]?.keeper.takeActions(), let node = nodes[number] else { return }
        let targets = actions.serve.compactMap { node.registry.subscription(named: $0) }.map {
            SharedSubscription($0, requests: renderer.requests(to: $0))
        }
        let (id, until) = (node.keeper.node, node.keeper.until)
        if !actions.serve.isEmpty { log("node \(number) serves \(actions.serve) as \(id)") }
        if !actions.stop.isEmpty { log("node \(number) stops serving \(actions.stop)") }
        nodes[number]!.engine.hold(as: id, until: until, at: time)
        if !actions.stop.isEmpty { nodes[number]!.engine.stopServing(actions.stop, at: time) }
        nodes[number]!.engine.serve(targets, at: time)
        if actions.looksForAbandoned, !configuration.without.contains(.abandoned) {
            log("node \(number) looks for what nobody serves")
            nodes[number]!.engine.lookForAbandoned(at: time)
        }
        for notice in actions.notices {
            if case .lost = notice { report.count(.lostLease) }
            log("node \(number): \(notice)")
        }
        if let round = actions.round { plan(.roundArrives(node: number, round), within: random.chance(5) ? 500 : 10) }
    }

    private func leaveIfDrained(_ number: Int) throws {
        guard let node = nodes[number], !node.keeper.isOver, node.engine.isDrained else { return }
        try changeLeases(number) { $0.leave(now: $1) }
        try changeLeases(number) { $0.tick(now: $1) }
    }

    private func setAlarm(_ instant: Timestamp?, _ number: Int) {
        guard let node = nodes[number], instant != node.wakeAt else { return }
        nodes[number]?.wakeAt = instant
        nodes[number]?.alarm += 1
        guard let instant else { return }
        let wait = max(0, instant.milliseconds - node.time.monotonic.milliseconds)
        agenda.plan(.alarm(node: number, number: node.alarm + 1), at: now + wait)
    }

    func ring(_ number: Int, _ alarm: Int) throws {
        guard nodes[number]?.alarm == alarm else { return }
        nodes[number]?.wakeAt = nil
        try changeLeases(number) { $0.tick(now: $1) }
        try process(number) { engine, time in engine.tick(at: time) }
    }

    /// Looks for what others have written, as a node does at least once a second.
    func poll(_ number: Int) throws {
        agenda.plan(.poll(node: number), at: now + 1000)
        guard reaches(number), case .success(true)? = nodes[number]?.store.checkExternalWritesNow() else { return }
        try process(number) { engine, time in engine.externalWrites(at: time) }
    }

    func hear(_ hint: StoreHint, _ number: Int) throws {
        switch hint {
        case .events: try process(number) { engine, time in engine.eventsAppended(at: time) }
        case .deliveries: try process(number) { engine, time in engine.deliveriesInserted(at: time) }
        case .everything: try process(number) { engine, time in engine.externalWrites(at: time) }
        case .leases:
            try changeLeases(number) { $0.wake(now: $1) }
            try process(number) { _, _ in }
        }
    }

    /// Tells the other nodes; some don't hear it.
    func notify(_ hint: StoreHint, except number: Int? = nil) {
        for other in numbers where other != number && reaches(other) && random.chance(75) {
            plan(.hint(node: other, hint), within: 20)
        }
    }

    private func fanOut(_ event: PendingEvent, by number: Int) {
        guard let node = nodes[number] else { return }
        let prepared = node.snapshot(renderer).prepare(event.event, target: event.target)
        nodes[number]!.engine.fannedOut(event, deliveries: prepared, at: node.time.now)
    }
}
