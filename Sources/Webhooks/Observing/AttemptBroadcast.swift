internal import Synchronization
public import WebhookCore
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

/// A broadcast of finished attempts and settled deliveries to all listeners.
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

/// An attempt that is on record, with the outcome for its delivery.
public struct FinishedDeliveryAttempt: Sendable, Hashable {
    /// The delivery.
    public var delivery: Delivery.ID
    /// The event's id.
    public var event: String
    /// The event's topic.
    public var topic: String
    /// The event's tenant.
    public var tenant: String?
    /// The subscription's name.
    public var subscription: String
    /// Whether it is a test's.
    public var isTest: Bool
    /// The delivery's state after the attempt.
    public var state: DeliveryState
    /// When the next attempt is due, where there is one.
    public var nextAttemptAt: Timestamp?
    /// The attempt. Its request's body is not along: the log has it.
    public var attempt: Attempt
}

/// A delivery that settled without an attempt, with the reason.
public struct SettledWithoutAttempt: Sendable, Hashable {
    /// The delivery.
    public var delivery: Delivery.ID
    /// The event's id.
    public var event: String
    /// The event's topic.
    public var topic: String
    /// The event's tenant.
    public var tenant: String?
    /// The subscription's name.
    public var subscription: String
    /// Whether it is a test's.
    public var isTest: Bool
    /// `failed` or `cancelled`.
    public var state: DeliveryState
    /// `template`, `disabled` or `internal`.
    public var error: FailureKind?
    /// More about it, for people.
    public var detail: String?
}

extension WebhookDispatcher {
    /// Attempts as they are recorded by this process's dispatcher, from now on.
    ///
    /// For showing what happens as it happens. It is no log: a listener that falls behind by more than `limit` attempts loses
    /// the oldest, and what another process delivers does not come through here; ``deliveries(_:limit:)`` has all.
    public func finishedAttempts(buffering limit: Int = 1000) -> AsyncStream<FinishedDeliveryAttempt> {
        broadcast.attempts.stream(buffering: limit)
    }

    /// Deliveries as they settle without an attempt, by this process's dispatcher and from now on: a body that can't be
    /// rendered, a subscription that is disabled, a row that the store refuses.
    ///
    /// Beside ``finishedAttempts(buffering:)``, with the same reservations. What a disabled subscription had waiting is
    /// cancelled as a whole and not told of one by one.
    public func settledWithoutAttempt(buffering limit: Int = 1000) -> AsyncStream<SettledWithoutAttempt> {
        broadcast.settled.stream(buffering: limit)
    }
}
