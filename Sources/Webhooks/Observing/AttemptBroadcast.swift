internal import Synchronization
internal import WebhookEngine

/// Hands elements to everybody who listens; slow listeners lose the oldest.
final class Broadcast<Element: Sendable>: Sendable {
    private let listeners = Mutex<[UInt64: AsyncStream<Element>.Continuation]>([:])
    private let lastListener = Atomic<UInt64>(0)

    /// A stream of what is sent from now on.
    func stream(buffering limit: Int) -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Element.self,
            bufferingPolicy: .bufferingNewest(limit)
        )
        let number = lastListener.wrappingAdd(1, ordering: .relaxed).newValue
        listeners.withLock { $0[number] = continuation }
        continuation.onTermination = { [weak self] _ in
            self?.listeners.withLock { _ = $0.removeValue(forKey: number) }
        }
        return stream
    }

    /// - Parameter elements: only made where somebody listens.
    func send(_ elements: () -> [Element]) {
        let current = listeners.withLock { $0.isEmpty ? [] : Array($0.values) }
        guard !current.isEmpty else { return }
        for element in elements() {
            for listener in current { listener.yield(element) }
        }
    }
}

/// What becomes of deliveries, for who listens.
final class AttemptBroadcast: Sendable {
    let attempts = Broadcast<FinishedDeliveryAttempt>()
    let settled = Broadcast<SettledWithoutAttempt>()

    func send(_ recorded: [RecordedAttempt]) {
        attempts.send {
            recorded.map { recorded in
                FinishedDeliveryAttempt(
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
            }
        }
    }

    func send(settled deliveries: [SettledDelivery]) {
        settled.send {
            deliveries.map { delivery in
                SettledWithoutAttempt(
                    delivery: delivery.delivery,
                    event: delivery.event.id,
                    topic: delivery.event.topic,
                    tenant: delivery.event.tenant,
                    subscription: delivery.subscription,
                    isTest: delivery.event.isTest,
                    state: delivery.state,
                    error: delivery.error,
                    detail: delivery.detail
                )
            }
        }
    }
}
