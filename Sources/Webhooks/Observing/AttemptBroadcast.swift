internal import Synchronization
internal import WebhookEngine

/// Hands finished attempts to everybody who listens; slow listeners lose the oldest.
final class AttemptBroadcast: Sendable {
    private let listeners = Mutex<[UInt64: AsyncStream<FinishedDeliveryAttempt>.Continuation]>([:])
    private let lastListener = Atomic<UInt64>(0)

    /// A stream of what is recorded from now on.
    func stream(buffering limit: Int) -> AsyncStream<FinishedDeliveryAttempt> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: FinishedDeliveryAttempt.self,
            bufferingPolicy: .bufferingNewest(limit)
        )
        let number = lastListener.wrappingAdd(1, ordering: .relaxed).newValue
        listeners.withLock { $0[number] = continuation }
        continuation.onTermination = { [weak self] _ in
            self?.listeners.withLock { _ = $0.removeValue(forKey: number) }
        }
        return stream
    }

    func send(_ attempts: [RecordedAttempt]) {
        let current = listeners.withLock { $0.isEmpty ? [] : Array($0.values) }
        guard !current.isEmpty else { return }
        for recorded in attempts {
            let finished = FinishedDeliveryAttempt(
                delivery: recorded.delivery.id,
                event: recorded.delivery.event.id,
                topic: recorded.delivery.event.topic,
                tenant: recorded.delivery.event.tenant,
                subscription: recorded.delivery.subscription,
                isTest: recorded.delivery.event.isTest,
                state: recorded.state,
                nextAttemptAt: recorded.nextAttemptAt,
                attempt: recorded.attempt
            )
            for listener in current { listener.yield(finished) }
        }
    }
}
