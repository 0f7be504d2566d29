internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Nodes: how they come, stand still, lose the store, and go.
extension SimulatedCluster {
    func startNode() throws {
        guard nodes.count < configuration.mostNodes else { return }
        report.nodes += 1
        let number = report.nodes
        let isOlder = !faultsCeased && olderFile != newestFile && random.chance(30)
        if isOlder { report.count(.olderFile) }
        let file = isOlder ? olderFile : newestFile
        let machine = VirtualClock(wall: clock.now)
        // Clocks of machines agree to a few seconds.
        machine.stepWall(by: .milliseconds(random.pick(-2000...2000)))
        var settings = EngineSettings()
        settings.isLeased = true
        settings.maxInFlight = 12
        settings.fanOutBatch = 4
        settings.bufferTotal = random.chance(60) ? random.pick(1...20) : 1000
        settings.freeBuffer = settings.bufferTotal == 1000 ? 60 : 0
        let id = NodeID(process: random.next())
        var node = SimulatedNode(
            number: number,
            clock: machine,
            time: EngineClock(machine),
            store: InMemoryStore(sharing: store),
            registry: makeRegistry(file),
            engine: DeliveryEngine(
                settings: settings,
                subscriptions: file,
                random: SeededGenerator(seed: random.next())
            ),
            keeper: LeaseKeeper(NodeRecord(id: id, host: "host\(number)"), settings: leases)
        )
        node.lastCommitEnd = now
        nodes[number] = node
        allow(file, number)
        log("node \(number) starts as \(id)\(isOlder ? " with an older file" : "")")
        try process(number) { engine, time in engine.start(at: time) }
        try configureLeases(number)
        plan(.poll(node: number), within: 1000)
    }

    /// As `kill -9` does. What it has sent to the server goes its way.
    func crash(_ number: Int) {
        guard nodes.removeValue(forKey: number) != nil else { return }
        log("node \(number) is killed")
        report.count(.crash)
        replace()
    }

    private func replace() {
        if nodes.isEmpty || random.chance(70) { plan(.start, within: random.chance(50) ? 2000 : 20_000) }
    }

    func drain(_ number: Int) throws {
        guard nodes[number]?.isDraining == false, nodes[number]?.isStopped == false else { return }
        nodes[number]?.isDraining = true
        log("node \(number) drains")
        report.count(.leave)
        agenda.plan(.killed(node: number), at: now + 25_000)
        try changeLeases(number) { $0.drain(now: $1) }
        try process(number) { engine, time in engine.drain(at: time) }
    }

    /// It has handed over everything and ends.
    func endIfOver(_ number: Int) throws {
        guard let node = nodes[number], node.isDraining, node.keeper.isOver, node.engine.isDrained else { return }
        try Violation.require(node.requests.isEmpty, "node \(number) has drained with requests on the wire")
        log("node \(number) has ended")
        nodes[number] = nil
        replace()
    }

    /// SIGSTOP.
    func stop(_ number: Int) {
        guard nodes[number]?.isStopped == false else { return }
        let isLong = random.chance(60)
        let length = Int(leases.length.wholeMilliseconds)
        let wait = isLong ? length + random.pick(0...length) : random.pick(50...length)
        report.count(isLong ? .stopPastLease : .stop)
        log("node \(number) stands still for \(wait) ms")
        nodes[number]?.isStopped = true
        agenda.plan(.goesOn(node: number), at: now + Int64(wait))
    }

    /// SIGCONT: everything that has happened meanwhile is there at once, in any order.
    func goOn(_ number: Int) {
        guard var held = nodes[number]?.held, nodes[number]?.isStopped == true else { return }
        log("node \(number) goes on")
        nodes[number]?.isStopped = false
        nodes[number]?.held = []
        if random.chance(50) { held.shuffle(using: &random) }
        for item in held { agenda.plan(item, at: now) }
    }

    /// Its machine and the store don't reach each other any more.
    func cutOff(_ number: Int) {
        guard nodes[number]?.isCutOff == false else { return }
        let length = Int(leases.length.wholeMilliseconds)
        let wait = random.pick(50...(random.chance(60) ? 3 * length : length / 2))
        report.count(.cutOff)
        log("node \(number) is cut off from the store for \(wait) ms")
        nodes[number]?.isCutOff = true
        agenda.plan(.isBack(node: number), at: now + Int64(wait))
    }

    /// Nobody reaches the store for a while.
    func loseStore() {
        guard !storeIsAway else { return }
        report.count(.outage)
        let wait = random.pick(10...(random.chance(70) ? 1000 : 20_000))
        log("the store is away for \(wait) ms")
        storeIsAway = true
        agenda.plan(.storeIsBack, at: now + Int64(wait))
    }

    func reaches(_ number: Int) -> Bool { !storeIsAway && nodes[number]?.isCutOff == false }

    func reload(_ number: Int) throws {
        guard nodes[number]?.isStopped == false, nodes[number]?.isDraining == false else { return }
        report.count(.reload)
        log("node \(number) reloads")
        let file = newestFile
        nodes[number]?.registry = makeRegistry(file)
        allow(file, number)
        let served = file.filter { nodes[number]?.keeper.serves($0.name) == true }
        try process(number) { engine, time in engine.reload(served, maxInFlight: 12, at: time) }
        try configureLeases(number)
    }

    private func configureLeases(_ number: Int) throws {
        guard let file = nodes[number].map({ Array($0.registry.subscriptions) }) else { return }
        let hash = ConfigurationHash(file).rawValue
        try changeLeases(number) { $0.configure(file.map(\.name), hash: hash, now: $1) }
        try process(number) { _, _ in }
    }
}
