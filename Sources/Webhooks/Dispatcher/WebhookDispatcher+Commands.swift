internal import SQLiteStore
internal import WebhookCore
internal import WebhookEngine

/// Delivering for the length of a command: what a short-lived process needs that emits, tests or sends again.
extension WebhookDispatcher {
    /// Runs an operation while this process sees to the deliveries of what the operation emits.
    ///
    /// Where no dispatcher runs on the store, this process is one itself, for its own deliveries only; otherwise the one
    /// that runs does the work, and `operation` is told so.
    /// - Parameter operation: gets whether this process delivers itself.
    public func delivering<R: Sendable>(
        as role: DispatcherRole,
        _ operation: (_ isDelivering: Bool) async throws(WebhooksError) -> R
    ) async throws(WebhooksError) -> R {
        let session: DeliverySession?
        do throws(WebhooksError) {
            session = try await openSession(role)
        } catch where error.store?.code == .locked {
            session = nil
        }
        do throws(WebhooksError) {
            let result = try await operation(session != nil)
            if let session { await drain(session) }
            return result
        } catch {
            if let session { await drain(session) }
            throw error
        }
    }

    /// Lets what is on the wire end and be recorded.
    private func drain(_ session: DeliverySession) async {
        session.runner.drain()
        let grace = registry.settings.shutdownGrace
        let cutOff = Task {
            try await Task.sleep(for: grace)
            session.runner.cancelRequests()
        }
        try? await session.runner.wait(untilAny: [.drained])
        cutOff.cancel()
        close(session)
    }

    /// Stores an event as ``emit(_:)`` does; where it was there before, sees to what of it is still open.
    ///
    /// - Parameter target: the only subscription it is for.
    public func emitWithinCommand(_ event: Event, target: String? = nil) async throws(WebhooksError) -> EmitReceipt {
        let (receipt, row) = try await accept(event, target: target)
        if receipt.isDuplicate, let session = state.withLock({ $0.session }) { session.runner.adopt([row]) }
        return receipt
    }

    /// Waits until every delivery of these events has had its first attempt, or the time is over.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait at most.
    ///   - progress: told now and then how far it is.
    public func waitForFirstAttempts(
        of events: [String],
        timeout: Duration,
        progress: (FirstAttempts) -> Void = { _ in }
    ) async throws(WebhooksError) -> FirstAttempts {
        let start = ContinuousClock.now
        var pause: Duration = .milliseconds(2)
        var remaining = events[...]
        while true {
            var outstanding = 0
            // What is done stays done: each round asks only for the events that were not.
            var open: [String] = []
            while !remaining.isEmpty {
                let chunk = Array(remaining.prefix(400))
                remaining = remaining.dropFirst(400)
                let state: EventProgress
                do throws(StoreError) {
                    state = try await stores.reader().progress(ofEvents: chunk)
                } catch {
                    throw WebhooksError(error)
                }
                let count = state.waitingForFanOut + state.withoutFirstAttempt
                outstanding += count
                if count > 0 { open += chunk }
            }
            let result = FirstAttempts(areDone: outstanding == 0, outstanding: outstanding)
            progress(result)
            if result.areDone || ContinuousClock.now - start >= timeout || Task.isCancelled { return result }
            remaining = open[...]
            try? await Task.sleep(for: min(pause, timeout - (ContinuousClock.now - start)))
            pause = min(pause * 2, .milliseconds(50))
        }
    }
}
