internal import WebhookCore
internal import WebhookEngine

/// The actions that a seed chooses from.
extension SimulatedWorld {
    func act() throws {
        mayLoseFiles(percent: 1)
        switch random.pick(0...99) {
        case 0..<45: try emit(count: random.chance(8) ? random.pick(5...50) : random.pick(1...3))
        case 45..<50: try emitAgain()
        case 50..<62: changeMood()
        case 62..<67: if configuration.crashes { try crash() }
        case 67..<69: if configuration.crashes { try drain() }
        case 69..<73: if configuration.storeFaults { failStore() }
        case 73..<74: if configuration.clockSteps { stepClock() }
        case 74..<76: if configuration.clockJumps { jumpClock() }
        case 76..<81: if configuration.reloads { try reload() }
        case 81..<83: try sendTest()
        default: if configuration.externalWrites, storeFault == nil { actFromOutside() }
        }
    }

    func makeEvent(isTest: Bool = false) -> Event {
        let number = events.count + 1
        let usual = random.chance(5) ? "poison" : random.pick(["a.x", "a.y", "b"]) ?? "b"
        let topic = poisonTopic() ?? usual
        let wait: Duration? = random.chance(8) ? .seconds(random.pick(1...7200)) : nil
        let event = Event(
            stored: "e\(number)",
            topic: topic,
            data: ByteString("{\"n\":\(number)}"),
            tenant: nil,
            occurredAt: clock.now,
            occurredAtIsGiven: true,
            deliverAt: wait.map { rightWall + $0 },
            isTest: isTest || random.chance(3)
        )
        events.append(event)
        report.events += 1
        return event
    }

    func emit(count: Int) throws {
        guard process != nil else { return }
        if count >= 5 { report.count(.batch) }
        try give((0..<count).map { _ in makeEvent() })
    }

    /// The same id with the same content: stored and delivered once.
    private func emitAgain() throws {
        guard process != nil, let event = random.pick(events) else { return }
        try give([event])
    }

    private func sendTest() throws {
        guard process != nil, let subscription = random.pick(Array(registry.subscriptions)) else { return }
        var event = makeEvent(isTest: true)
        event.deliverAt = nil
        event.topic = "a.x"
        events[events.count - 1] = event
        try give([event], target: subscription.name)
    }

    private func give(_ new: [Event], target: String? = nil) throws {
        let orders = new.map { event in
            let isDue = event.isDue(at: process?.clock.now.certain ?? clock.now)
            if event.topic == "poison" { report.count(.unrenderable) }
            let prepared =
                isDue && !random.chance(10) && Poison(rawValue: event.topic) != .deadly
                ? ConfigurationSnapshot(registry: registry, renderer: renderer).prepare(event, target: target) : nil
            process?.lastToken += 1
            let token = process?.lastToken ?? 0
            process?.emits[token] = SimulatedProcess.EmitUnderWay(
                event: event,
                subscriptions: prepared?.entries.map(\.subscription)
            )
            return EmitRequest(token: token, event: event, target: target, deliveries: prepared)
        }
        try process { engine, time in engine.emit(orders, at: time) }
    }

    func replied(_ reply: EmitReply) throws {
        guard let emit = process?.emits.removeValue(forKey: reply.token) else { throw Violation("an answer to nobody") }
        switch reply.result {
        case .success(.stored):
            acknowledged.insert(emit.event.id)
        case .success(.duplicate):
            acknowledged.insert(emit.event.id)
        case .success(.refused):
            try Violation.require(Poison(rawValue: emit.event.topic) == .stubborn, "\(emit.event.id) is refused")
        case .success(.conflict):
            throw Violation("\(emit.event.id) is in conflict with itself")
        case .failure:
            break
        }
    }

    private func changeMood() {
        guard let name = random.pick(allSubscriptions)?.name else { return }
        let mood = random.chance(40) ? .healthy : random.pick(SimulatedEndpoint.Mood.allCases) ?? .healthy
        endpoints[name]?.mood = mood
        log("\(name) is \(mood)")
    }

    private func failStore() {
        storeFault = StoreError(random.chance(50) ? .full : .busy, "simulated")
        log("the store fails")
        report.count(.storeFailure)
        agenda.plan(.storeRecovers, at: now + Int64(random.pick(10...20_000)))
    }

    /// The clock is wrong for a moment: for one look or a few.
    private func jumpClock() {
        guard clockReturns == nil else { return }
        let jump = Duration.seconds((random.pick([35, -1, 1, -35]) ?? 35) * 86_400)
        log("the clock jumps by \(jump)")
        report.count(.clockJump)
        clockReturns = jump
        clock.stepWall(by: jump)
        agenda.plan(.clockReturns, at: now + Int64(random.pick(0...200)))
    }

    /// The time that the wall clock would show if it had not jumped.
    var rightWall: Timestamp { clock.now + (.zero - (clockReturns ?? .zero)) }

    func returnClock() {
        guard let jump = clockReturns else { return }
        log("the clock is right again")
        report.count(.clockReturn)
        clockReturns = nil
        clock.stepWall(by: .zero - jump)
    }

    private func stepClock() {
        let step = random.chance(50) ? 3600 : -3600
        log("the clock steps by \(step) s")
        report.count(.clockStep)
        clock.stepWall(by: .seconds(step))
    }

    private func reload() throws {
        let kept = allSubscriptions.compactMap { original -> Subscription? in
            if random.chance(25) { return nil }
            var subscription = registry.subscription(named: original.name) ?? original
            if random.chance(30) { subscription = modified(subscription) }
            subscription.isEnabled = !random.chance(10)
            return subscription
        }
        report.count(.reload)
        try use(kept)
    }

    func use(_ subscriptions: [Subscription]) throws {
        log("reload: \(subscriptions.map { $0.isEnabled ? $0.name : "(\($0.name))" })")
        registry = Registry(subscriptions: subscriptions, profiles: [:], settings: DispatcherSettings())
        allowLimits()
        try process { engine, time in engine.reload(subscriptions, at: time) }
    }
}
