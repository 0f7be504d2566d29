internal import WebhookCore
internal import WebhookEngine

/// Transactions: they take time, fail, and are applied before the engine hears of it.
extension SimulatedWorld {
    func startCommit(_ batch: StoreBatch) throws {
        guard let number = process?.number else { return }
        try Violation.require(process?.commit == nil, "two transactions at once")
        process?.commit = SimulatedProcess.CommitUnderWay(batch: batch)
        agenda.plan(.commitApplies(process: number), at: now + Int64(random.pick(0...(random.chance(5) ? 500 : 20))))
    }

    func commitApplies(_ number: Int) throws {
        guard process?.number == number, let commit = process?.commit else { return }
        if let storeFault {
            process?.commit?.result = .failure(storeFault)
            report.failedCommits += 1
        } else {
            let result = try apply(commit.batch)
            process?.commit?.result = .success(result)
            // What the engine can know: what it has read, and what it has decided itself, if the store took it.
            let written = Set(commit.batch.health.filter { $0.disabled != nil }.map(\.subscription))
            let known = store.rows.health.filter { health in
                health.disabled != nil && (commit.batch.reads.health || written.contains(health.subscription))
            }
            process?.commit?.disabled = Set(known.map(\.subscription))
        }
        agenda.plan(.commitEnds(process: number), at: now + Int64(random.pick(0...5)))
    }

    func commitEnds(_ number: Int) throws {
        guard process?.number == number, let commit = process?.commit, let result = commit.result else { return }
        process?.commit = nil
        process?.knownDisabled.formUnion(commit.disabled)
        process?.eventsDueBy = commit.batch.reads.pendingEventsDueBy
        switch result {
        case .success(let result):
            try drive { engine, time in engine.committed(result, at: time) }
        case .failure(let error):
            log("commit failed")
            try drive { engine, time in engine.commitFailed(error, at: time) }
        }
    }

    /// Applies a batch, and notes what became durable.
    func apply(_ batch: StoreBatch) throws -> StoreBatchResult {
        report.commits += 1
        let result: StoreBatchResult
        switch store.commitNow(batch) {
        case .success(let done): result = done
        case .failure(let error): throw Violation("the store failed by itself: \(error)")
        }
        for (write, isRecorded) in zip(batch.results, result.results) where isRecorded { try recorded(write) }
        for (acceptance, outcome) in zip(batch.acceptances, result.acceptances) {
            if case .stored(_, let ids) = outcome, let new = acceptance.deliveries {
                let names = new.deliveries.map(\.subscription)
                let emits = process?.emits.values.filter { $0.event.id == acceptance.event.id } ?? []
                try Violation.require(
                    emits.contains { $0.subscriptions == names },
                    "\(acceptance.event.id) is stored for \(names)"
                )
                expected[acceptance.event.id] = names
                try inserted(new, ids, acceptance.event)
            }
        }
        for (fanOut, outcome) in zip(batch.fanOuts, result.fanOuts) {
            if case .stored(let ids) = outcome, let event = store.rows.events[fanOut.event]?.event {
                expected[event.id] = expectation[fanOut.event]
                try inserted(fanOut.deliveries, ids, event)
            }
        }
        for (claim, outcome) in zip(batch.claims, result.claims) where outcome != .refused {
            try claimed(claim.delivery, claim.number)
        }
        return result
    }

    private func inserted(_ new: NewDeliveries, _ ids: [Delivery.ID], _ event: Event) throws {
        try Violation.require(!cancelledEvents.contains(event.id), "the cancelled event \(event.id) has deliveries")
        try Violation.require(ids.count == new.deliveries.count, "ids don't match the deliveries")
        for (delivery, id) in zip(new.deliveries, ids) {
            deliveries[id] = DeliveryLedger(commit: report.commits)
            if case .claimed = delivery.start { try claimed(id, 1) }
            log("\(id) of \(event.id) for \(delivery.subscription): \(delivery.start)")
        }
    }

    private func claimed(_ id: Delivery.ID, _ number: Int) throws {
        guard let ledger = deliveries[id] else { throw Violation("\(id) is claimed and was never inserted") }
        try Violation.require(number == ledger.claims + 1, "\(id): attempt \(number) follows \(ledger.claims)")
        deliveries[id]?.claims = number
    }

    private func recorded(_ write: AttemptWrite) throws {
        let id = write.delivery
        guard let row = store.rows.deliveries[id.rawValue], let ledger = deliveries[id] else {
            throw Violation("\(id) has a result and was never inserted")
        }
        log("\(id) attempt \(write.attempt.number): \(write.attempt.error?.rawValue ?? "ok"), \(write.next)")
        if let ended = process?.ended.removeValue(forKey: id) { note(ended.request, at: ended.at) }
        if write.attempt.error == .interrupted, write.attempt.number != ledger.interruptedNumber {
            deliveries[id]?.interruptedNumber = write.attempt.number
            // The attempt had been claimed, so its moment had come.
            deliveries[id]?.earliest = nil
            deliveries[id]?.interruptions += 1
            if ledger.interruptions >= 10 { deliveries[id]?.steps += 1 }
        }
        if case .waiting(let until) = write.next {
            try Violation.require(
                row.mode == .retry || !ledger.sent.contains(write.attempt.number),
                "\(id) is single-shot and waits for a retry"
            )
            if let earliest = deliveries[id]?.earliest {
                try Violation.require(until >= earliest, "\(id) is to be retried before its schedule says so")
            }
        }
    }
}
