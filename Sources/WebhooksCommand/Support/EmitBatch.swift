internal import Synchronization
internal import WebhookCore
internal import Webhooks

/// `emit --batch`: checks every line, then stores and delivers.
struct EmitBatch {
    var dispatcher: WebhookDispatcher
    var emit: Emit

    /// Events whose deliveries are read at a time.
    private static let page = 100

    func run(path: String) async throws {
        var batch = try BatchReader(path: path)
        for (line, event, givesID) in batch.events where givesID {
            do throws(WebhooksError) {
                try dispatcher.preview.check(event)
            } catch {
                batch.refuse(line, error.message)
            }
        }
        for (line, event, givesID) in batch.events where givesID {
            if let conflict = try await dispatcher.log.conflict(with: event) { batch.refuse(line, conflict) }
        }
        let isBad = !batch.problems.isEmpty
        if isBad, !emit.keepGoing { throw Self.failure(batch, stored: 0) }
        let areDelivered = try await send(batch.events.map(\.event))
        if isBad { throw Self.failure(batch, stored: batch.events.count) }
        if !areDelivered { throw ExitStatus.negative }
    }

    /// - Returns: whether all is delivered, as far as it was waited for.
    private func send(_ events: [Event]) async throws -> Bool {
        guard !events.isEmpty else {
            if !emit.options.json { Output.error.writeLine("no events") }
            return true
        }
        let trap = InterruptTrap()
        let waiting = FirstAttemptsWait(dispatcher: dispatcher, trap: trap, asJSON: emit.options.json)
        let (stored, due, first, failure) = try await dispatcher.delivering(as: .emit) { () throws(WebhooksError) in
            let (stored, failure) = await store(events, trap)
            let now = Timestamp.now
            let due = stored.map(\.event).filter { $0.deliverAt.map { $0 <= now } ?? true }.map(\.id)
            var wait = FirstAttempts(areDone: true, outstanding: 0)
            if failure == nil, !due.isEmpty {
                wait = try await waiting.run(events: due, timeout: emit.patience.wait.duration)
            }
            return (stored, due, wait, failure)
        }
        let wait = try await waiting.afterDraining(first, events: due)
        let summary = try await report(stored)
        if !emit.options.json { try await summary.table(dispatcher.log).write() }
        if wait.paused > 0 {
            let wait =
                wait.paused == 1
                ? "1 delivery waits: its subscription is" : "\(wait.paused) deliveries wait: their subscriptions are"
            Notice.note("paused", "\(wait) paused; `webhooks stats` shows until when", asJSON: emit.options.json)
        }
        let others = try await dispatcher.log.waitReasons(of: summary.unattempted) { name in
            dispatcher.registry.subscription(named: name)
        }
        .filter { if case .paused = $0.reason { false } else { true } }
        WaitNotice.write(others, waited: emit.patience.wait.duration, asJSON: emit.options.json)
        if !emit.options.json { Output.standard.writeLine(summary.text) }
        if let failure { throw Self.failure(failure, stored: summary.events, of: events.count) }
        return wait.areDone && summary.events == events.count && summary.areDelivered
            && !(emit.requireMatch && summary.hasUnmatched)
    }

    /// Stores events in their order until all are stored, one can't be, or a signal comes.
    private func store(
        _ events: [Event],
        _ trap: InterruptTrap
    ) async -> (stored: [EmitReceipt], failure: WebhooksError?) {
        let line = ProgressLine()
        defer { line.clear() }
        return await dispatcher.emitWithinCommand(
            events,
            isStopped: { trap.isTriggered },
            progress: { line.update("stored \($0) of \(events.count) events") }
        )
    }

    static func failure(_ error: WebhooksError, stored: Int, of count: Int) -> CommandFailure {
        let atLeast = error.store?.isOutcomeUnknown == true ? "at least " : ""
        let text = "\(error.message); \(atLeast)\(stored) of \(count) events are stored"
        guard error.store != nil else { return .data(text, hint: nil) }
        let hint = "emit the batch again: events that have an `id` are stored once"
        return CommandFailure(.unavailable, code: error.code.description, text, hint: hint)
    }

    /// Prints each event under `--json`, and adds up the deliveries for people.
    private func report(_ receipts: [EmitReceipt]) async throws(WebhooksError) -> BatchSummary {
        var summary = BatchSummary()
        for start in stride(from: 0, to: receipts.count, by: Self.page) {
            let page = receipts[start..<min(start + Self.page, receipts.count)]
            let found = try await dispatcher.log.deliveries(ofEvents: page.map(\.event.id))
            let byEvent = Dictionary(grouping: found, by: \.event)
            for receipt in page {
                let event = receipt.event
                summary.add(receipt)
                let (deliveries, matching) = try await dispatcher.log.matching(of: event, byEvent[event.id] ?? []) {
                    dispatcher.preview.nearMisses(of: event)
                }
                summary.add(matching)
                for delivery in deliveries { summary.add(delivery) }
                guard emit.options.json else { continue }
                var emitted = EmittedEvent(
                    event: event,
                    isDuplicate: receipt.isDuplicate,
                    deliveries: deliveries,
                    matching: matching
                )
                emitted.owners = try await dispatcher.log.owners(of: emitted.subscriptions)
                emitted.json.write()
            }
        }
        return summary
    }

    static func failure(_ batch: BatchReader, stored: Int) -> CommandFailure {
        let problems = batch.problems.sorted { $0.line < $1.line }
        let count = problems.count == 1 ? "1 line is bad" : "\(problems.count) lines are bad"
        let rest =
            stored == 0
            ? "nothing is stored" : Counted.text(stored, "event") + (stored == 1 ? " is" : " are") + " stored"
        return .data(
            (problems.map(\.text) + ["\(count), \(rest)"]).joined(separator: "\n"),
            hint: stored == 0 ? "mend them, or emit the others with --keep-going" : nil
        )
    }
}

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
        do throws(WebhooksError) {
            try await report(receipts)
        } catch {
            throw EmitBatch.failure(failure ?? error, stored: receipts.count, of: events.count)
        }
        if let failure { throw EmitBatch.failure(failure, stored: receipts.count, of: events.count) }
        if isBad { throw EmitBatch.failure(batch, stored: receipts.count) }
    }

    /// Stores in batches, so that others who write get their turn in between; each is durable before the next.
    private func store(_ events: [Event]) async -> (receipts: [EmitReceipt], failure: WebhooksError?) {
        var receipts: [EmitReceipt] = []
        do throws(WebhooksError) {
            for start in stride(from: 0, to: events.count, by: Self.batchSize) {
                receipts += try await log.append(Array(events[start..<min(start + Self.batchSize, events.count)]))
            }
            return (receipts, nil)
        } catch {
            return (receipts, error)
        }
    }

    private static let batchSize = 1_000

    private func report(_ receipts: [EmitReceipt]) async throws(WebhooksError) {
        if receipts.isEmpty {
            if !emit.options.json { Output.error.writeLine("no events") }
            return
        }
        let presence = await log.dispatcherPresence()
        var summary = BatchSummary()
        var waiting = 0
        for receipt in receipts {
            summary.add(receipt)
            var deliveries: [Delivery] = []
            let matching: EmittedEvent.Matching
            if receipt.isDuplicate {
                (deliveries, matching) = try await log.matching(of: receipt.event, []) { nil }
            } else if let due = receipt.event.deliverAt, due > .now {
                matching = .waitsForTime(due)
            } else {
                matching = .waits(for: presence)
            }
            // What is due later waits for nobody.
            if matching.waitsForDispatcher { waiting += 1 }
            for delivery in deliveries { summary.add(delivery) }
            guard emit.options.json else { continue }
            var emitted = EmittedEvent(
                event: receipt.event,
                isDuplicate: receipt.isDuplicate,
                deliveries: deliveries,
                matching: matching
            )
            emitted.owners = try await log.owners(of: emitted.subscriptions)
            emitted.json.write()
        }
        guard !emit.options.json else { return }
        Output.standard.writeLine(summary.text)
        if waiting > 0 {
            let wait = waiting == 1 ? "waits" : "wait"
            Notice.note("waiting", "\(waiting) \(wait) for \(DispatcherText.waitsFor(presence))", asJSON: false)
        }
    }
}
