internal import WebhookCore
internal import WebhookEngine

/// Transactions: they take time, fail, and are applied before the engine hears of it.
extension SimulatedWorld {
    /// A transaction is asked for. It begins soon, and takes its first batch only then.
    func startCommit() throws {
        guard let number = process?.number else { return }
        try Violation.require(process?.commit == nil, "two transactions at once")
        process?.commit = []
        agenda.plan(.commitTakes(process: number), at: now + Int64(random.pick(0...(random.chance(5) ? 500 : 3))))
    }

    /// A transaction takes a batch: its first, or one more.
    func commitTakes(_ number: Int) throws {
        guard process?.number == number, process?.commit != nil else { return }
        if let batch = process?.engine.takeBatch() {
            digest.add(batch)
            process?.commit?.append(batch)
            process?.batchesTaken += 1
            try checkPauses(batch)
            if process?.commit?.count ?? 0 > 1 { report.commitsExtended += 1 }
        }
        if random.chance(20) {
            agenda.plan(.commitTakes(process: number), at: now + Int64(random.pick(0...10)))
        } else {
            let wait = random.pick(0...(random.chance(5) ? 500 : 20))
            agenda.plan(.commitApplies(process: number), at: now + Int64(wait))
        }
    }

    func commitApplies(_ number: Int) throws {
        guard process?.number == number, let batches = process?.commit else { return }
        process?.commit = nil
        var ended = SimulatedProcess.EndedCommit(batches: batches)
        if let failure = store.lostFiles ?? storeFault {
            ended.result = .failure(failure)
            report.failedCommits += 1
        } else {
            ended.result = .success(try batches.map(apply))
            // What the engine can know: what it has read, and what it has decided itself, if the store took it.
            let written = Set(batches.flatMap(\.health).filter { $0.disabled != nil }.map(\.subscription))
            let hasRead = batches.contains { $0.reads.health }
            let asked = batches.reduce(into: written) { $0.formUnion($1.reads.healthOf) }
            let known = store.rows.health.filter {
                $0.disabled != nil && (hasRead || asked.contains($0.subscription))
            }
            ended.disabled = Set(known.map(\.subscription))
            if hasRead {
                let pauses = store.rows.health.compactMap { row in row.paused.map { (row.subscription, $0) } }
                ended.paused = Dictionary(uniqueKeysWithValues: pauses)
            }
        }
        let isApplied = if case .success = ended.result { true } else { false }
        if isApplied, let lost = loseFilesAfterCommit() {
            ended = SimulatedProcess.EndedCommit(batches: batches, result: .failure(lost))
        }
        process?.endedCommits.append(ended)
        // Not before the one that ended earlier.
        let instant = max(now + Int64(random.pick(0...(random.chance(10) ? 100 : 5))), process?.lastCommitEnd ?? now)
        process?.lastCommitEnd = instant
        agenda.plan(.commitEnds(process: number), at: instant)
        if case .success = ended.result, process?.engine.continuesCommitting() == true {
            report.commitsAhead += 1
            try startCommit()
        }
    }

    func commitEnds(_ number: Int) throws {
        guard process?.number == number, let ended = process?.endedCommits.first else { return }
        process?.endedCommits.removeFirst()
        process?.knownDisabled.formUnion(ended.disabled)
        learn(pauses: ended.paused)
        // A batch that read no events says nothing of when they were due.
        let dueBy = ended.batches.filter { $0.reads.pendingEvents > 0 }.map(\.reads.pendingEventsDueBy).max()
        process?.eventsDueBy = dueBy ?? Timestamp(milliseconds: 0)
        switch ended.result {
        case .success(let results):
            if !results.isEmpty { renderingMark = nil }
            try process { engine, time in engine.committed(results, at: time) }
        case .failure(let error):
            log("commit failed")
            if error.isFinal { stop() }
            try process { engine, time in engine.commitFailed(error, at: time) }
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
        digest.add(result)
        report.refusals += result.refusals.count
        for refusal in result.refusals {
            if let fault = SimulatedFault(refusal, in: batch) { report.count(fault) }
        }
        for (write, outcome) in zip(batch.results, result.results) where outcome != .refused {
            try recorded(write)
        }
        for (acceptance, outcome) in zip(batch.acceptances, result.acceptances) {
            if case .stored(_, let ids) = outcome, var new = acceptance.deliveries {
                new = asStored(new, ids)
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
            if case .stored(let ids, let cancelled) = outcome, let event = store.rows.events[fanOut.event]?.event {
                expected[event.id] = expectation[fanOut.event]
                try checkCancelled(fanOut, ids, cancelled)
                try inserted(asStored(fanOut.deliveries, ids), ids, event, cancelled: cancelled)
            }
        }
        if batch.reads.pendingEvents > 0 || !batch.reads.takeovers.isEmpty {
            try noteFoundDue(by: batch.reads.pendingEventsDueBy)
        }
        for (claim, outcome) in zip(batch.claims, result.claims) where outcome != .refused {
            try claimed(claim.delivery, claim.number)
        }
        return result
    }

    /// Makes the refused deliveries failed, as they are stored.
    private func asStored(_ new: NewDeliveries, _ ids: [Delivery.ID]) -> NewDeliveries {
        var new = new
        for (index, id) in ids.enumerated() where store.rows.deliveries[id.rawValue]?.lastError == .internal {
            new.deliveries[index].start = .settled(.failed, .internal, detail: nil)
        }
        return new
    }

    /// Checks that what was cancelled with its whole subscription, before it was matched, stays so, and nothing else
    /// is.
    private func checkCancelled(_ fanOut: FanOut, _ ids: [Delivery.ID], _ cancelled: Set<Int>) throws {
        for (position, (delivery, id)) in zip(fanOut.deliveries.deliveries, ids).enumerated() {
            let isCancelled =
                cancelledUpTo[delivery.subscription].map { fanOut.event <= $0 } ?? false
                || cancelledShares[delivery.subscription]?.contains(fanOut.event) == true
            try Violation.require(
                isCancelled == cancelled.contains(position),
                "\(id) for \(delivery.subscription) \(isCancelled ? "is started although" : "is cancelled, and not") cancelled"
            )
            if isCancelled {
                try Violation.require(store.rows.deliveries[id.rawValue]?.state == .cancelled, "\(id) is not cancelled")
                report.cancelledUnmatched += 1
            }
        }
    }

    private func inserted(
        _ new: NewDeliveries,
        _ ids: [Delivery.ID],
        _ event: Event,
        cancelled: Set<Int> = []
    ) throws {
        try Violation.require(!cancelledEvents.contains(event.id), "the cancelled event \(event.id) has deliveries")
        try Violation.require(ids.count == new.deliveries.count, "ids don't match the deliveries")
        for (position, (delivery, id)) in zip(new.deliveries, ids).enumerated() {
            deliveries[id] = DeliveryLedger(commit: report.commits)
            if cancelled.contains(position) {
                deliveries[id]?.isCancelled = true
            } else if case .claimed = delivery.start {
                try claimed(id, 1)
            }
            log("\(id) of \(event.id) (\(event.topic)) for \(delivery.subscription): \(delivery.start)")
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
        if let ended = process?.endedRequests.removeValue(forKey: id) { note(ended.request, at: ended.at) }
        if write.attempt.error == .interrupted, write.attempt.number != ledger.interruptedNumber {
            deliveries[id]?.interruptedNumber = write.attempt.number
            // The attempt had been claimed, so its time had come.
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
