internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// A process's life.
extension SimulatedWorld {
    func startProcess() throws {
        guard process == nil else { return }
        processes += 1
        if store.lostFiles != nil { store = InMemoryStore(sharing: store) }
        var settings = EngineSettings()
        settings.maxInFlight = configuration.maxInFlight
        settings.claimsAheadFrom = 1
        // Now and then a command that delivers what it emits, before the next dispatcher.
        if configuration.commands, !faultsCeased, random.chance(25) { settings.scope = .own }
        settings.fanOutBatch = 4
        if configuration.largeEvents {
            settings.promptEventBytes = renderingRandom.pick([0, 12, 20, 1_000]) ?? 0
            settings.largeFanOuts = renderingRandom.pick(1...3)
        }
        settings.cancellationBatch = 3
        settings.bufferedBodyBytes = 400
        // Small buffers now and then, so that the store is read often.
        settings.bufferTotal = random.chance(60) ? random.pick(1...20) : 1000
        settings.freeBuffer = settings.bufferTotal == 1000 ? 60 : 0
        let engine = DeliveryEngine(
            settings: settings,
            subscriptions: Array(registry.subscriptions),
            random: SeededGenerator(seed: random.next())
        )
        process = SimulatedProcess(number: processes, engine: engine, clock: EngineClock(clock))
        process?.beganWrong = clockReturns != nil
        log("process \(processes) starts, for \(settings.scope == .all ? "all" : "its own")")
        if settings.scope == .own {
            report.commands += 1
            report.count(.command)
            agenda.plan(.commandEnds(process: processes), at: now + Int64(random.pick(200...5000)))
        }
        let monotonic = clock.now
        for id in deliveries.keys {
            // A due time that a wrong clock wrote is brought back to its own wait.
            if let earliest = deliveries[id]?.earliest, let wait = deliveries[id]?.wait {
                deliveries[id]?.earliest = min(earliest, monotonic + wait)
            }
        }
        allowLimits()
        let marks = renderingMark.map { [$0] } ?? []
        let deadly = Set(requestEnds.filter { $0.value >= SetAside.mostEnds }.keys)
        try process { engine, time in engine.start(interruptedRenderings: marks, deadly: deadly, at: time) }
    }

    /// As `kill -9` does: nothing is said to anybody.
    func crash() throws {
        guard let dead = process else { return }
        report.crashes += 1
        report.count(.crash)
        log("crash")
        if let commit = dead.commit, storeFault == nil, store.lostFiles == nil, random.chance(50) {
            for batch in commit { _ = try apply(batch) }
        }
        process = nil
        agenda.plan(.start, at: now + Int64(random.pick(0...3000)))
    }

    func commandEnds(_ number: Int) throws {
        if process?.number == number { try drain() }
    }

    func drain() throws {
        guard process?.isDraining == false else { return }
        process?.isDraining = true
        log("drain")
        report.count(.drain)
        // A store that fails now and for a while: nobody may wait for it for ever.
        if configuration.poison, configuration.storeFaults, storeFault == nil, poisonRandom.chance(30) {
            report.count(.drainOnFailingStore)
            storeFault = StoreError(.full, "simulated")
            agenda.plan(.storeRecovers, at: now + Int64(poisonRandom.pick(10...20_000)))
        }
        try process { engine, time in engine.drain(at: time) }
    }

    /// Gives the engine an input and does what it wants done.
    func process(_ input: (inout DeliveryEngine, EngineTime) -> Void) throws {
        guard let time = process?.clock.now else { return }
        // It was there a line ago; a copy would make every change of the engine's copy its arrays.
        input(&process!.engine, time)
        try perform()
        if process?.isDraining == true, process?.engine.isDrained == true {
            try Violation.require(process?.requests.isEmpty == true, "drained with requests on the wire")
            log("drained")
            process = nil
            agenda.plan(.start, at: now + Int64(random.pick(0...3000)))
        }
    }

    private func perform() throws {
        // No copy of the process either, as above.
        while let number = process?.number, let actions = process?.engine.takeActions() {
            digest.add(actions, at: now)
            if process?.isStopped == true {
                try checkStopped(actions)
                guard actions.isPressing else { break }
                continue
            }
            if actions.wantsCommit { try startCommit() }
            for order in actions.sends where process?.number == number { try send(order) }
            for reply in actions.replies where process?.number == number { try replied(reply) }
            for event in actions.largeFanOuts where process?.number == number {
                try fanOut(event, isLarge: true)
            }
            for event in actions.fanOuts where process?.number == number { try fanOut(event) }
            guard process?.number == number else { return }
            setAlarm(actions.wakeAt, number)
            // A command has nothing to fall back on: it holds what it emits.
            if process?.engine.settings.scope == .all {
                report.mostBuffered = max(report.mostBuffered, process?.engine.holding ?? 0)
            }
            guard actions.isPressing else { break }
        }
        // A buffer of 32 for each, a quarter more after a read, what any of them may have beyond, and what is in flight.
        let most = configuration.maxInFlight + allSubscriptions.count * 40 + 60
        try Violation.require(report.mostBuffered <= most, "\(report.mostBuffered) deliveries are held in memory")
    }

    private func setAlarm(_ instant: Timestamp?, _ number: Int) {
        guard instant != process?.wakeAt else { return }
        process?.wakeAt = instant
        process?.alarm += 1
        guard let instant, let alarm = process?.alarm, let monotonic = process?.clock.monotonic else { return }
        let wait = max(0, instant.milliseconds - monotonic.milliseconds)
        agenda.plan(.alarm(process: number, number: alarm), at: now + wait)
    }

    private func fanOut(_ event: PendingEvent, isLarge: Bool = false) throws {
        // The clock may have stepped back since the read.
        let wall = max(clock.now, process?.eventsDueBy ?? clock.now)
        if let due = event.event.deliverAt {
            try Violation.require(
                due <= wall || foundDue[event.row] != nil || !isLate(event.row),
                "event \(event.event.id) is fanned out before its time"
            )
        }
        if Poison(rawValue: event.event.topic) == .deadly {
            log("\(event.event.id) kills the process")
            report.count(.deadlyRendering)
            renderingMark = event.row
            return try crash()
        }
        let prepared = ConfigurationSnapshot(registry: registry, renderer: renderer).prepare(
            event.event,
            target: event.target
        )
        expectation[event.row] = prepared.entries.map(\.subscription)
        if isLarge, let number = process?.number {
            report.count(.largeEvent)
            return agenda.plan(
                .rendered(process: number, event, prepared),
                at: now + Int64(renderingRandom.pick(0...3000))
            )
        }
        guard let time = process?.clock.now else { return }
        process?.engine.fannedOut(event, deliveries: prepared, at: time)
    }

    /// Takes what a process has rendered; once the process has ended, that is gone with it.
    func rendered(_ event: PendingEvent, _ deliveries: PreparedDeliveries, by number: Int) throws {
        guard process?.number == number else { return }
        try process { engine, time in engine.fannedOut(event, deliveries: deliveries, at: time) }
    }
}
