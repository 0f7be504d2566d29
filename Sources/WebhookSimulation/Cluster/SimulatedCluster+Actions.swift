internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// The actions that a seed chooses from.
extension SimulatedCluster {
    func act() throws {
        let number = random.pick(numbers) ?? 0
        switch random.pick(0...99) {
        case 0..<50: try emitSomewhere()
        case 50..<60: changeMood()
        case 60..<66: crash(number)
        case 66..<70: try drain(number)
        case 70..<76:
            report.count(.join)
            try startNode()
        case 76..<83: stop(number)
        case 83..<90: cutOff(number)
        case 90..<93: loseStore()
        case 93..<95: deploy()
        default: try reload(number)
        }
    }

    func emitSomewhere() throws {
        let count = random.chance(8) ? random.pick(5...30) : random.pick(1...4)
        guard random.chance(60), let number = random.pick(numbers), nodes[number]?.isStopped == false else {
            for _ in 0..<count { foreignEmit() }
            return
        }
        try emit((0..<count).map { _ in random.chance(5) ? random.pick(events) ?? makeEvent() : makeEvent() }, number)
    }

    private func makeEvent() -> Event {
        let number = events.count + 1
        let wait: Duration? = random.chance(6) ? .seconds(random.pick(1...60)) : nil
        let event = Event(
            stored: "e\(number)",
            topic: random.chance(3) ? "poison" : random.pick(["a.x", "a.y", "b"]) ?? "b",
            data: ByteString("{\"n\":\(number)}"),
            tenant: nil,
            occurredAt: clock.now,
            occurredAtIsGiven: true,
            deliverAt: wait.map { clock.now + $0 },
            isTest: random.chance(3)
        )
        events.append(event)
        report.events += 1
        return event
    }

    private func emit(_ new: [Event], _ number: Int) throws {
        guard let node = nodes[number] else { return }
        let requests = new.map { event in
            let isPrepared = event.isDue(at: node.time.now.certain) && !random.chance(20)
            let prepared = isPrepared ? node.snapshot(renderer).prepare(event, target: nil) : nil
            nodes[number]?.lastToken += 1
            let token = nodes[number]?.lastToken ?? 0
            nodes[number]?.emits[token] = event
            return EmitRequest(token: token, event: event, deliveries: prepared)
        }
        log("node \(number) emits \(new.map(\.id))")
        try process(number) { engine, time in engine.emit(requests, at: time) }
    }

    func replied(_ reply: EmitReply, _ number: Int) throws {
        guard let event = nodes[number]?.emits.removeValue(forKey: reply.token) else {
            throw Violation("an answer to nobody")
        }
        switch reply.result {
        case .success(.stored), .success(.duplicate): acknowledged.insert(event.id)
        case .success(.refused), .success(.conflict): throw Violation("\(event.id) is refused")
        case .failure: break
        }
    }

    /// An emit in somebody's own transaction, which may end after others that began later.
    private func foreignEmit() {
        guard !storeIsAway else { return }
        let (event, instant) = (makeEvent(), clock.now)
        report.count(.foreignEmit)
        guard random.chance(20) else { return foreignCommit(event, at: instant, row: nil) }
        guard let row = try? store.database.write(by: connection, { $0.reserveEvent() }).get() else { return }
        report.count(.lateForeignEmit)
        agenda.plan(.foreignCommit(event, at: instant, row: row), at: now + Int64(random.pick(1...2000)))
    }

    func foreignCommit(_ event: Event, at instant: Timestamp, row: Int64?) {
        log("\(event.id) is stored by others")
        let acceptance = Acceptance(event: event, createdAt: instant, deliveries: nil)
        _ = store.database.write(by: connection) { $0.accept(acceptance, as: row) }
        acknowledged.insert(event.id)
        notify(.events)
    }

    private func changeMood() {
        guard let name = random.pick(allSubscriptions)?.name else { return }
        // Nothing that asks for more time than the end lasts.
        let moods = SimulatedEndpoint.Mood.allCases.filter { $0 != .limiting }
        let mood = random.chance(40) ? .healthy : random.pick(moods) ?? .healthy
        endpoints[name]?.mood = mood
        log("\(name) is \(mood)")
    }
}
