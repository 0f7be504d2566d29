internal import DequeModule
internal import Synchronization
internal import WebhookCore
internal import WebhookEngine

/// Hands notices to everybody who listens. Nothing waits for a listener.
final class NoticeBroadcast: Sendable {
    private struct Listeners {
        var last: UInt64 = 0
        var all: [UInt64: NoticeListener] = [:]
        /// The dispatcher's own events, which are made of notices while it runs.
        var operations: OperationalEvents?

        var current: [any NoticeTaker] {
            if all.isEmpty, operations == nil { return [] }
            return Array(all.values) + (operations.map { [$0] } ?? [])
        }
    }

    private let listeners = Mutex(Listeners())

    deinit {
        for listener in listeners.withLock({ Array($0.all.values) }) { listener.finish() }
    }

    /// A stream of what is sent from now on.
    func stream(buffering limit: Int) -> AsyncStream<WebhookNotice> {
        let listener = NoticeListener(limit: limit)
        let number = listeners.withLock { listeners in
            listeners.last += 1
            listeners.all[listeners.last] = listener
            return listeners.last
        }
        let subscription = Subscription { [weak self] in
            listener.finish()
            self?.listeners.withLock { _ = $0.all.removeValue(forKey: number) }
        }
        // The closure lives as long as somebody has the stream.
        return AsyncStream {
            let notice = await listener.next()
            return withExtendedLifetime(subscription) { notice }
        } onCancel: {
            subscription.end()
        }
    }

    /// Makes the dispatcher's own events of what is sent from now on; `nil`: none.
    func set(_ operations: OperationalEvents?) { listeners.withLock { $0.operations = operations } }

    /// - Parameter notices: only made where somebody listens.
    func send(_ notices: () -> [WebhookNotice]) {
        let current = listeners.withLock(\.current)
        guard !current.isEmpty else { return }
        for notice in notices() {
            for listener in current { listener.send(notice) }
        }
    }

    /// Sends the notices of attempts. Where nobody but the dispatcher's own events listens, only of those that are a loss:
    /// a delivery that goes well costs nothing.
    func send(_ attempts: [RecordedAttempt]) {
        let isHeard = listeners.withLock { !$0.all.isEmpty }
        let told = isHeard ? attempts : attempts.filter(WebhookNotice.isLoss)
        if !told.isEmpty { send { told.flatMap { WebhookNotice.of($0) } } }
    }

    func send(_ notice: @autoclosure () -> WebhookNotice) { send { [notice()] } }

    /// Ends a listener once its stream is given up.
    private final class Subscription: Sendable {
        private let onEnd: @Sendable () -> Void

        init(onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }

        deinit { onEnd() }

        func end() { onEnd() }
    }
}

/// Somebody who is given notices, at once and without a wait.
protocol NoticeTaker: Sendable {
    func send(_ notice: WebhookNotice)
}

/// A listener's notices, as far as they are not read: bounded, the oldest go first and are counted.
final class NoticeListener: NoticeTaker {
    private struct State {
        var waiting: Deque<WebhookNotice> = []
        var dropped = 0
        var readers: Deque<CheckedContinuation<WebhookNotice?, Never>> = []
        var isFinished = false

        /// The next to read; `nil` where there is none.
        mutating func take() -> WebhookNotice? {
            guard dropped > 0 else { return waiting.popFirst() }
            let count = dropped
            dropped = 0
            return WebhookNotice(.dropped) { $0.count = count }
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    func send(_ notice: WebhookNotice) {
        let reader = state.withLock { state -> CheckedContinuation<WebhookNotice?, Never>? in
            if state.isFinished { return nil }
            // Whoever waits has read everything.
            if let reader = state.readers.popFirst() { return reader }
            if state.waiting.count == limit {
                state.waiting.removeFirst()
                state.dropped += 1
            }
            state.waiting.append(notice)
            return nil
        }
        reader?.resume(returning: notice)
    }

    /// The next notice; `nil` once there will be none.
    func next() async -> WebhookNotice? {
        await withCheckedContinuation { continuation in
            let result = state.withLock { state -> WebhookNotice?? in
                if let notice = state.take() { return notice }
                if state.isFinished { return .some(nil) }
                state.readers.append(continuation)
                return nil
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    func finish() {
        let readers = state.withLock { state in
            state.isFinished = true
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.resume(returning: nil) }
    }
}
