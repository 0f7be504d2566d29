internal import Webhooks

/// `emit --batch --detach`: checks every line, then stores all events. Needs the store alone.
struct DetachedBatch {
    var opened: OpenedLog
    var emit: Emit

    private var log: WebhookLog { opened.log }

    func run(path: String) async throws {
        var batch = try BatchReader(path: path)
        let lines = batch.events.map(\.line)
        for (index, problem) in opened.checkIDs(batch.events.map(\.event)) {
            batch.refuse(lines[index], problem.message)
        }
        for (line, event, givesID) in batch.events where givesID {
            if let conflict = try await log.conflict(with: event) { batch.refuse(line, conflict) }
        }
        let isBad = !batch.problems.isEmpty
        if isBad, !emit.keepGoing { throw EmitBatch.failure(batch, stored: 0) }
        let events = batch.events.map(\.event)
        let (receipts, failure) = await store(events)
        try await report(receipts)
        if let failure { throw EmitBatch.failure(failure, stored: receipts.count, of: events.count) }
        if isBad { throw EmitBatch.failure(batch, stored: receipts.count) }
    }

    /// In portions, so that others who write get their turn in between; each is durable before the next.
    private func store(_ events: [Event]) async -> (receipts: [EmitReceipt], failure: WebhooksError?) {
        var receipts: [EmitReceipt] = []
        do throws(WebhooksError) {
            for start in stride(from: 0, to: events.count, by: Self.portion) {
                receipts += try await log.append(Array(events[start..<min(start + Self.portion, events.count)]))
            }
            return (receipts, nil)
        } catch {
            return (receipts, error)
        }
    }

    private static let portion = 1_000

    private func report(_ receipts: [EmitReceipt]) async throws {
        if receipts.isEmpty {
            if !emit.options.json { Output.error.writeLine("no events") }
            return
        }
        let running = log.runningDispatcher()
        var summary = BatchSummary()
        var waiting = 0
        for receipt in receipts {
            var deliveries: [Delivery] = []
            let matching: EmittedEvent.Matching
            if receipt.isDuplicate {
                (deliveries, matching) = try await log.matching(of: receipt.event, []) { nil }
            } else if let due = receipt.event.deliverAt, due > .now {
                matching = .waitsForTime(due)
            } else {
                matching = running.map { .waitsForDispatcher($0) } ?? .waitsForStart
            }
            // What is due later waits for nobody.
            if matching.waitsForDispatcher { waiting += 1 }
            for delivery in deliveries { summary.add(delivery) }
            guard emit.options.json else { continue }
            let emitted = EmittedEvent(
                event: receipt.event,
                isDuplicate: receipt.isDuplicate,
                deliveries: deliveries,
                matching: matching
            )
            emitted.json.write()
        }
        guard !emit.options.json else { return }
        Output.standard.writeLine(summary.text(stored: receipts.count))
        let who = running.map(DispatcherText.waitsFor) ?? "a dispatcher, and none runs"
        if waiting > 0 {
            Notice.note("waiting", "\(waiting) \(waiting == 1 ? "waits" : "wait") for \(who)", asJSON: false)
        }
    }
}
