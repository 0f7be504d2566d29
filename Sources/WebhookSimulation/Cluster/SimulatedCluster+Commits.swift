internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Transactions and rounds: they take time, and what becomes of them isn't always known.
extension SimulatedCluster {
    func startCommit(_ number: Int) throws {
        try Violation.require(nodes[number]?.commit == nil, "two transactions at once")
        nodes[number]?.commit = []
        plan(.commitTakes(node: number), within: random.chance(5) ? 500 : 3)
    }

    /// A transaction takes a batch: its first, or one more.
    func commitTakes(_ number: Int) {
        guard nodes[number]?.commit != nil else { return }
        if let batch = nodes[number]!.engine.takeBatch() {
            digest.add(batch)
            nodes[number]!.commit?.append(batch)
        }
        if random.chance(20) { return plan(.commitTakes(node: number), within: 10) }
        plan(.commitArrives(node: number, nodes[number]?.commit ?? []), within: random.chance(5) ? 500 : 10)
        if hitsMoment() { agenda.plan(.killed(node: number), at: now + Int64(momentRandom.pick(0...10))) }
    }

    func commitArrives(_ number: Int, _ batches: [StoreBatch]) throws {
        guard let node = nodes[number] else {
            guard !storeIsAway, random.chance(50) else { return }
            report.count(.orphanedTransaction)
            for batch in batches { _ = try apply(batch, by: number) }
            return
        }
        if node.isStopped, random.chance(50) {
            // It was stopped before it had sent this.
            nodes[number]?.held.append(.commitArrives(node: number, batches))
            return
        }
        guard reaches(number) else { return try lose(batches, number) }
        let results = try batches.map { try apply($0, by: number) }
        plan(.commitAnswered(node: number, .success(results)), within: 5)
    }

    private func lose(_ batches: [StoreBatch], _ number: Int) throws {
        var error = StoreError(.unavailable, "simulated")
        switch random.pick(0...4) {
        case 0:
            // Nothing was sent.
            report.count(.lostTransaction)
        case 1:
            report.count(.lostTransaction)
            error.isOutcomeUnknown = true
        case 2:
            report.count(.lostAnswer)
            error.isOutcomeUnknown = true
            for batch in batches { _ = try apply(batch, by: number) }
        case 3:
            report.count(.lateTransaction)
            error.isOutcomeUnknown = true
            plan(.lateCommit(node: number, batches), within: 20_000)
        default:
            // It waits until it can find out.
            return agenda.plan(.commitArrives(node: number, batches), at: now + 500)
        }
        log("node \(number): a transaction fails\(error.isOutcomeUnknown ? ", perhaps" : "")")
        plan(.commitAnswered(node: number, .failure(error)), within: 3000)
    }

    func commitAnswered(_ number: Int, _ result: Result<[StoreBatchResult], StoreError>) {
        nodes[number]?.commit = nil
        nodes[number]?.endedCommits.append(result)
        // Not before the one that ended earlier.
        let instant = max(
            now + Int64(random.pick(0...(random.chance(10) ? 100 : 5))),
            nodes[number]?.lastCommitEnd ?? now
        )
        nodes[number]?.lastCommitEnd = instant
        agenda.plan(.commitEnds(node: number), at: instant)
        guard case .success = result, nodes[number]!.engine.continuesCommitting() else { return }
        nodes[number]?.commit = []
        plan(.commitTakes(node: number), within: 3)
    }

    func commitEnds(_ number: Int) throws {
        guard let ended = nodes[number]?.endedCommits.first else { return }
        nodes[number]?.endedCommits.removeFirst()
        try process(number) { engine, time in
            switch ended {
            case .success(let results): engine.committed(results, at: time)
            case .failure(let error): engine.commitFailed(error, at: time)
            }
        }
    }

    // MARK: Rounds

    func roundArrives(_ number: Int, _ round: LeaseRound) throws {
        guard let node = nodes[number] else {
            if !storeIsAway, random.chance(50) { try hold(round) }
            return
        }
        if node.isStopped, random.chance(50) {
            nodes[number]?.held.append(.roundArrives(node: number, round))
            return
        }
        guard reaches(number) else {
            switch random.pick(0...3) {
            case 0, 1: report.count(.lostRound)
            case 2:
                report.count(.lostRoundAnswer)
                nodes[number]?.rounds += 1
                try hold(round)
            default:
                report.count(.lateRound)
                plan(.lateRound(node: number, round, after: node.rounds), within: 9000)
            }
            let error = StoreError(.unavailable, "simulated")
            return plan(.roundEnds(node: number, .failure(error)), within: random.chance(50) ? 100 : 9000)
        }
        nodes[number]?.rounds += 1
        let result = try hold(round)
        plan(.roundEnds(node: number, .success(result)), within: random.chance(5) ? 500 : 10)
    }

    /// It takes place before the next one of its session, or never: a new connection waits for what the one before has begun.
    func holdLate(_ round: LeaseRound, _ number: Int, after rounds: Int) throws {
        if nodes[number].map({ $0.rounds == rounds }) ?? true { try hold(round) }
    }

    @discardableResult
    private func hold(_ round: LeaseRound) throws -> LeaseRoundResult {
        report.rounds += 1
        guard case .success(let result) = store.holdNow(round) else { throw Violation("the store failed by itself") }
        if round.leaves || !round.ends.isEmpty || !round.releases.isEmpty || round.registers { notify(.leases) }
        return result
    }

    func roundEnds(_ number: Int, _ result: Result<LeaseRoundResult, StoreError>) throws {
        try changeLeases(number) { $0.ended(result, now: $1) }
        try process(number) { _, _ in }
    }
}
