internal import WebhookCore
internal import WebhookEngine

/// Pauses, and deliveries that are made due by hand.
extension SimulatedWorld {
    func setPaused(_ isPaused: Bool, _ name: String) {
        let length: Duration? = random.chance(60) ? .seconds(random.pick(1...120)) : nil
        // Now and then by a clock that is wrong.
        let instant = clock.now + .seconds(random.chance(10) ? random.pick(-3600...3600) : 0)
        let pause = isPaused ? SubscriptionHealth.Paused(at: instant, until: length.map { instant + $0 }) : nil
        _ = write { $0.setPaused(pause, subscription: name, at: instant) }
        if !isPaused {
            process?.knownPauses[name] = nil
            for index in process?.endedCommits.indices ?? 0..<0 { process?.endedCommits[index].paused?[name] = nil }
        }
        report.count(isPaused ? .pause : .resume)
        log("\(name) is \(isPaused ? "paused for \(length?.description ?? "good")" : "resumed") from outside")
    }

    func retry() {
        let rows = store.rows.deliveryRows
        let ids = (0..<random.pick(1...4)).compactMap { _ in
            random.chance(80) ? random.pick(rows.filter(\.isWaiting))?.id : random.pick(rows)?.id
        }
        for (id, outcome) in zip(ids, write({ $0.retry(ids, at: clock.now) }) ?? []) {
            log("\(id) is to be retried at once: \(outcome)")
            guard outcome == .due else { continue }
            deliveries[id]?.earliest = nil
            report.retries += 1
            report.count(.retry)
        }
    }

    /// The engine has read who is paused.
    func learn(pauses: [String: SubscriptionHealth.Paused]?) {
        guard let pauses, let time = process?.clock.now, let batches = process?.batchesTaken else { return }
        for subscription in allSubscriptions {
            let name = subscription.name
            guard let pause = pauses[name] else {
                process?.knownPauses[name] = nil
                continue
            }
            let end = pause.remaining(at: time.wall).map { time.monotonic + $0 }
            // One that is known may end as early as it was first worked out.
            if let known = process?.knownPauses[name] {
                let ends = [known.end, end].compactMap(\.self)
                process?.knownPauses[name]?.end = ends.min()
            } else {
                process?.knownPauses[name] = SimulatedProcess.KnownPause(afterBatch: batches, end: end)
            }
        }
    }

    /// No attempt begins for a subscription that is known to be paused.
    func checkPauses(_ batch: StoreBatch) throws {
        for claim in batch.claims {
            if let row = store.rows.deliveries[claim.delivery.rawValue] { try checkNotPaused(row.subscription) }
        }
        let accepted = batch.acceptances.filter { $0.target == nil }.compactMap(\.deliveries)
        let fannedOut = batch.fanOuts.filter { store.rows.events[$0.event]?.target == nil }.map(\.deliveries)
        for new in (accepted + fannedOut).flatMap(\.deliveries) {
            if case .claimed = new.start { try checkNotPaused(new.subscription) }
        }
    }

    private func checkNotPaused(_ name: String) throws {
        guard let process, let pause = process.knownPauses[name], process.batchesTaken > pause.afterBatch + 1 else {
            return
        }
        let isOver = pause.end.map { $0 <= process.clock.monotonic } ?? false
        try Violation.require(isOver, "an attempt begins for \(name), which is paused")
    }

    /// Tells whether a subscription's deliveries are held at the end.
    func isPaused(_ name: String) -> Bool {
        store.rows.health.first { $0.subscription == name }?.paused != nil
    }
}
