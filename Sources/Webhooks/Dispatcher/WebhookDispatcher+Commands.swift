internal import WebhookCore
internal import WebhookEngine
internal import WebhooksSQLite

/// Delivering for the length of a command: what a short-lived process needs that emits, tests or sends again.
extension WebhookDispatcher {
    /// Runs an operation while somebody sees to the deliveries of what the operation emits.
    ///
    /// Where no dispatcher runs on the store, this process is one itself, for its own deliveries only. Otherwise the one
    /// that runs does the work. Another command sees to its own deliveries alone: this process takes its place as soon as
    /// it ends, likewise that of a dispatcher that ends meanwhile.
    package func delivering<R: Sendable>(
        as role: DispatcherRole,
        _ operation: () async throws(WebhooksError) -> R
    ) async throws(WebhooksError) -> R {
        state.withLock { ($0.ownEvents, $0.isCommandUnderWay, $0.failure) = ([], true, nil) }
        defer { state.withLock { ($0.ownEvents, $0.isCommandUnderWay) = ([], false) } }
        let successor: Task<DeliverySession?, Never>
        do throws(WebhooksError) {
            let session = try await openSession(role)
            successor = Task { session }
        } catch  where error.store?.code == .locked {
            successor = Task { await succeed(as: role) }
        }
        let result: Result<R, WebhooksError>
        do throws(WebhooksError) {
            result = .success(try await operation())
        } catch {
            result = .failure(error)
        }
        successor.cancel()
        let failure: StoreError? = if let session = await successor.value { await drain(session) } else { nil }
        let value = try result.get()
        if let failure { throw WebhooksError(failure) }
        return value
    }

    /// Tries to become the store's dispatcher until it works, then takes care of what was emitted so far.
    ///
    /// - Returns: `nil` where the task was cancelled before.
    private func succeed(as role: DispatcherRole) async -> DeliverySession? {
        while (try? await Task.sleep(for: .milliseconds(50))) != nil {
            guard let session = try? await openSession(role) else { continue }
            session.runner.takeOver(state.withLock { $0.ownEvents })
            return session
        }
        return nil
    }

    /// Lets what is on the wire end and be recorded, within the configured grace.
    ///
    /// - Returns: why not everything is on record, where it isn't.
    private func drain(_ session: DeliverySession) async -> StoreError? {
        let grace = registry.settings.shutdownGrace
        state.withLock { $0.endOfGrace = .now + grace }
        session.drain(within: grace)
        let failure: StoreError?
        do throws(StoreError) {
            try await session.runner.wait(untilAny: [.drained])
            failure = nil
        } catch {
            failure = error
        }
        await close(session)
        state.withLock { $0.endOfGrace = nil }
        return failure
    }

    /// Stores an event as ``emit(_:)`` does; where it was there before, sees to what of it is still open.
    ///
    /// - Parameter target: the only subscription it is for.
    package func emitWithinCommand(_ event: Event, target: String? = nil) async throws(WebhooksError) -> EmitReceipt {
        let accepted = try await accept(event, target: target)
        take(accepted)
        return accepted.receipt
    }

    /// Sees to an event of this command's that is in the store; where this process doesn't deliver yet, once it does.
    func take(_ accepted: AcceptedEvent) { take([accepted]) }

    func take(_ accepted: [AcceptedEvent]) {
        let session = state.withLock { state in
            state.ownEvents.append(contentsOf: accepted.map(\.row))
            return state.session
        }
        // An engine that has accepted them itself has them already.
        let others = accepted.filter { $0.receipt.isDuplicate || !$0.isWithEngine }.map(\.row)
        if !others.isEmpty { session?.runner.takeOver(others) }
    }
}
