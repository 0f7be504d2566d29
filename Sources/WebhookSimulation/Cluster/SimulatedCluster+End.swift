internal import WebhookCore
internal import WebhookInMemory

/// The end: faults cease, and what was promised must have come true.
extension SimulatedCluster {
    /// Faults cease, with a last one or two.
    func ceaseFaults() throws {
        log("faults cease")
        faultsCeased = true
        (olderFile, newestFile) = (newestFile, allSubscriptions)
        storeIsAway = false
        for subscription in allSubscriptions {
            endpoints[subscription.name]?.mood = random.chance(60) ? .healthy : .flaky
        }
        // By a choice of its own, so that a seed plays the same without.
        losesSubscription = configuration.hitsMoments && momentRandom.chance(30)
        for number in numbers {
            nodes[number]?.isCutOff = false
            goOn(number)
            // Others keep the older file; whoever has the newest serves what they don't know.
            if random.chance(60) { try reload(number) }
        }
        for number in 0..<6 { agenda.plan(.lastEmit, at: now + Int64(number * 50)) }
        plan(.lastFault, within: 600)
    }

    /// Kills the node that has just claimed something of a subscription, and takes that out of every file.
    func lose(_ name: String, with number: Int) throws {
        log("\(name) is lost with node \(number)")
        report.count(.lostSubscription)
        lostSubscription = name
        newestFile.removeAll { $0.name == name }
        olderFile = newestFile
        crash(number)
        for other in numbers { try reload(other) }
    }

    func lastFault() throws {
        for wait in [0, 30_000] { agenda.plan(.lastStart, at: lastTime + Int64(wait)) }
        guard let number = random.pick(numbers) else { return }
        switch random.pick(0...4) {
        case 0: crash(number)
        case 1: stop(number)
        case 2: cutOff(number)
        case 3: loseStore()
        default: break
        }
    }

    func lastStart() throws {
        for name in endpoints.keys { endpoints[name]?.mood = .healthy }
        let complete = numbers.filter { number in
            nodes[number]?.isDraining == false && nodes[number]?.registry.subscriptions.count == newestFile.count
        }
        guard complete.isEmpty else { return }
        if nodes.count < configuration.mostNodes { return try startNode() }
        for number in numbers { try reload(number) }
    }

    /// Tells whether the store has nothing open, and nobody has anything under way.
    var isSettled: Bool {
        let rows = store.rows
        guard !rows.hasWaitingEvents, inFlight.values.allSatisfy(\.isEmpty),
            rows.waiting.allSatisfy({ $0.key == lostSubscription || $0.value.values.isEmpty })
        else { return false }
        return nodes.values.allSatisfy { $0.engine.isSettled && !$0.isStopped && !$0.isCutOff }
    }

    func checkEnd() throws {
        let rows = store.rows
        try Violation.require(rows.integrityProblems.isEmpty, rows.integrityProblems.joined(separator: "; "))
        for row in rows.deliveryRows {
            report.deliveries += 1
            report.states[row.state.rawValue, default: 0] += 1
            try checkEnd(of: row)
        }
        for id in acknowledged {
            guard let event = rows.event(id) else { throw Violation("\(id) was acknowledged and is lost") }
            try Violation.require(event.state == .fannedOut, "\(id) was never fanned out")
            let found = event.deliveries.compactMap { rows.deliveries[$0]?.subscription }
            let wanted = expected[event.row] ?? []
            try Violation.require(found.sorted() == wanted.sorted(), "\(id) was for \(wanted), and has \(found)")
        }
        try Violation.require(isSettled, "nothing is open any more, and a node has not settled")
    }

    private func checkEnd(of row: InMemoryDeliveryRow) throws {
        guard let ledger = deliveries[row.id] else { throw Violation("\(row.id) came out of nowhere") }
        try Violation.require(row.log.map(\.number) == Array(1..<row.attempts + 1), "\(row.id): attempts with gaps")
        try Violation.require(ledger.received <= row.attempts, "\(row.id): more requests than attempts")
        switch row.state {
        case .inFlight, .pending, .waiting:
            // It waits for whoever has it in his file again.
            if row.state != .inFlight, row.subscription == lostSubscription { return }
            throw Violation("\(row.id) of \(row.subscription) is \(row.state) at the end")
        case .delivered:
            try Violation.require(ledger.received >= 1, "\(row.id) is delivered, and nobody has it")
        case .unknown:
            try Violation.require(row.mode == .singleShot, "\(row.id) is unknown under retry")
        case .cancelled:
            try Violation.require(row.lastError == .disabled, "\(row.id) was cancelled by nobody")
        case .failed:
            if row.lastError == .template || row.lastStatus == 410 || row.mode == .singleShot { return }
            let schedule = allSubscriptions.first { $0.name == row.subscription }?.policy.schedule ?? []
            let steps = row.attempts - row.uncountedAttempts
            try Violation.require(steps > schedule.count, "\(row.id) failed after \(steps) steps")
        }
    }
}
