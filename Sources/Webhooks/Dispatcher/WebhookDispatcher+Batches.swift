internal import WebhookCore
internal import WebhookEngine
internal import WebhooksSQLite

/// Emitting many events: in their order, whoever stores them.
extension WebhookDispatcher {
    /// Events of one transaction.
    static let emitBatchSize = 500

    /// Events that were given to be stored.
    struct EmitUnderWay: Sendable {
        var events: [Event]
        /// Comes once, when all of them are durable or failed.
        var results: AsyncStream<[Result<AcceptanceResult, StoreError>]>
        var isWithEngine: Bool
    }

    /// Stores events durably, in their order; returns once all are on disk.
    ///
    /// They are accepted in one transaction: on an error of the store none of them is stored. An event whose id is taken by
    /// another is not stored, which doesn't hold up the others.
    ///
    /// - Returns: a receipt for each, in their order.
    /// - Throws: ``WebhooksError``: with `event` where ``WebhookPreview/check(_:)`` refuses one, and nothing is stored, or where an id is
    ///   taken: then all others are stored. With `store` where they could not be stored: then nothing is acknowledged, and
    ///   they may be emitted again.
    @discardableResult
    public func emit(_ events: [Event]) async throws(WebhooksError) -> [EmitReceipt] {
        for event in events { try event.checkTopicIsFree() }
        try EventIDCheck(registry: registry).check(events)
        let (all, failure) = accepted(try await results(of: begin(events)))
        if let failure { throw failure }
        return all.map(\.receipt)
    }

    /// Stores events as ``emit(_:)-([Event])`` does, in batches, each with a transaction of its own; one is matched and
    /// rendered while the one before is written. Sees to what of them is open.
    ///
    /// - Parameters:
    ///   - isStopped: asked before each batch; `true` leaves the rest.
    ///   - progress: told how many are stored.
    /// - Returns: what is stored, in order, and why it ended before all was.
    package func emitWithinCommand(
        _ events: [Event],
        isStopped: () -> Bool = { false },
        progress: (Int) -> Void = { _ in }
    ) async -> (stored: [EmitReceipt], failure: WebhooksError?) {
        var stored: [EmitReceipt] = []
        var before: EmitUnderWay?
        var failure: WebhooksError?
        do throws(WebhooksError) {
            for event in events { try event.checkTopicIsFree() }
            try EventIDCheck(registry: registry).check(events)
            for start in stride(from: 0, to: events.count, by: Self.emitBatchSize) {
                if failure != nil || isStopped() { break }
                let next = try await begin(Array(events[start..<min(start + Self.emitBatchSize, events.count)]))
                if let before { failure = await take(before, &stored) }
                before = next
                progress(stored.count)
            }
        } catch {
            failure = error
        }
        if let before, let last = await take(before, &stored) { failure = failure ?? last }
        progress(stored.count)
        return (stored, failure)
    }

    /// Waits until a batch is durable, and sees to it.
    private func take(_ emit: EmitUnderWay, _ stored: inout [EmitReceipt]) async -> WebhooksError? {
        do throws(WebhooksError) {
            let (all, failure) = accepted(try await results(of: emit))
            take(all)
            stored += all.map(\.receipt)
            return failure
        } catch {
            return error
        }
    }

    /// Gives events to the engine of this process, behind what was given before; or stores them where none runs.
    private func begin(_ events: [Event]) async throws(WebhooksError) -> EmitUnderWay {
        let events = events.map(emittedNow)
        let (stream, continuation) = AsyncStream.makeStream(of: [Result<AcceptanceResult, StoreError>].self)
        let (session, snapshot) = state.withLock { state in
            (state.session, state.session.map { state.snapshot(for: $0.role) })
        }
        defer { continuation.finish() }
        guard let session, let snapshot else {
            do throws(StoreError) {
                continuation.yield(try await stores.writer().append(events).map { .success($0) })
                wake(eventsOnly: true)
            } catch {
                metrics?.emitted(.failed, events.count)
                throw WebhooksError(accepting: error)
            }
            return EmitUnderWay(events: events, results: stream, isWithEngine: false)
        }
        let answers = AsyncStream.makeStream(of: [Result<AcceptanceResult, StoreError>].self)
        await session.runner.emit(events, snapshot: snapshot) { results in
            answers.continuation.yield(results)
            answers.continuation.finish()
        }
        return EmitUnderWay(events: events, results: answers.stream, isWithEngine: true)
    }

    private func results(of emit: EmitUnderWay) async throws(WebhooksError) -> (EmitUnderWay, [AcceptanceResult]) {
        for await results in emit.results {
            do throws(StoreError) {
                var all: [AcceptanceResult] = []
                for result in results { all.append(try result.get()) }
                metrics?.emitted(all)
                return (emit, all)
            } catch {
                metrics?.emitted(.failed, emit.events.count)
                throw WebhooksError(accepting: error)
            }
        }
        return (emit, [])
    }

    /// - Returns: also the first whose id is taken.
    private func accepted(_ emit: (EmitUnderWay, [AcceptanceResult])) -> ([AcceptedEvent], WebhooksError?) {
        var all: [AcceptedEvent] = []
        var failure: WebhooksError?
        for (event, result) in zip(emit.0.events, emit.1) {
            do throws(WebhooksError) {
                all.append(try AcceptedEvent(event, result, isWithEngine: emit.0.isWithEngine))
            } catch {
                failure = failure ?? error
            }
        }
        return (all, failure)
    }
}
