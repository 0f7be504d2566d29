internal import DequeModule
internal import Synchronization
internal import WebhookCore

/// The dispatcher's own events, about what it does: subscribable by topic like any other, and never a reason for more.
///
/// They are made of notices alone, so that what is told and what is stored agree. A notice is kept in mind only where a
/// subscription asks for its topic; where notices come faster than they are stored, the newest stay, and the others are
/// counted.
final class OperationalEvents: NoticeTaker {
    private struct State {
        var waiting: Deque<WebhookNotice> = []
        /// The notices that found no room since somebody was told.
        var lost = 0
        /// The time since which the store fails.
        var failingSince: Timestamp?
        /// The store may be closed next: nothing more is begun.
        var isOver = false
        var work: Task<Void, Never>?
    }

    /// The most notices that wait to be stored.
    static let mostWaiting = 1000

    private let isAskedFor: @Sendable (OperationalTopic, WebhookNotice) -> Bool
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// - Parameter isAskedFor: whether a subscription may want the event that a notice becomes.
    init(isAskedFor: @escaping @Sendable (OperationalTopic, WebhookNotice) -> Bool) {
        self.isAskedFor = isAskedFor
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes a notice; returns at once.
    func send(_ notice: WebhookNotice) {
        var notice = notice
        if notice.kind == .storeFailed { state.withLock { $0.failingSince = $0.failingSince ?? notice.at } }
        if notice.kind == .storeRecovered { notice.since = state.withLock { $0.failingSince.take() } }
        guard let topic = OperationalTopic(notice), isAskedFor(topic, notice) else { return }
        let isTaken = state.withLock { state in
            if state.isOver { return false }
            if state.waiting.count == Self.mostWaiting {
                state.waiting.removeFirst()
                state.lost += 1
            }
            state.waiting.append(notice)
            return true
        }
        if isTaken { signal.yield() }
    }

    /// Begins to store what comes.
    ///
    /// - Parameter store: given one notice after the other, with how many were lost before it.
    func start(_ store: @escaping @Sendable (WebhookNotice, _ lost: Int) async -> Void) {
        let work = Task { [self] in
            for await _ in signals {
                while let (notice, lost) = next() { await store(notice, lost) }
            }
        }
        state.withLock { $0.work = work }
    }

    /// Takes no more, and waits for what is to be stored.
    ///
    /// - Parameter limit: how long to wait; past it, nothing more is begun.
    /// - Returns: how many were not stored.
    func finish(within limit: Duration) async -> Int {
        signal.finish()
        let work = state.withLock { $0.work }
        _ = await BlockingWork.value(within: limit) { await work?.value }
        return state.withLock { state in
            state.isOver = true
            defer { (state.waiting, state.lost) = ([], 0) }
            return state.waiting.count + state.lost
        }
    }

    private func next() -> (WebhookNotice, lost: Int)? {
        state.withLock { state in
            guard !state.isOver, let notice = state.waiting.popFirst() else { return nil }
            defer { state.lost = 0 }
            return (notice, state.lost)
        }
    }
}

extension OperationalTopic {
    /// The topic of the event that a notice becomes; `nil`: none.
    init?(_ notice: WebhookNotice) {
        switch notice.kind {
        case .disabled: self = .subscriptionDisabled
        case .enabled: self = .subscriptionEnabled
        case .failing: self = .subscriptionFailing
        // What happens to an event of ours is no reason for another.
        case .exhausted where !(notice.topic.map(Self.isOperational) ?? false): self = .deliveryExhausted
        case .breakerOpened where !notice.isRepeated: self = .breakerOpened
        case .breakerClosed: self = .breakerClosed
        case .reloadRefused: self = .configurationRefused
        // Nothing could be stored before.
        case .storeRecovered where notice.since != nil: self = .storeFailing
        default: return nil
        }
    }
}

extension WebhookNotice {
    /// The data of the event that a notice becomes: `{"subscription":…,…}`.
    func data(for topic: OperationalTopic) -> String {
        var members: [(String, String)] = []
        if let subscription { members.append(("subscription", JSON.string(subscription))) }
        func text(_ value: String?) -> String { value.map(JSON.string) ?? "null" }
        func number(_ value: Int?) -> String { value.map(String.init) ?? "null" }
        switch topic {
        case .subscriptionDisabled: members.append(("cause", text(detail)))
        case .subscriptionEnabled: break
        case .subscriptionFailing:
            members.append(("failingSince", text(since?.description)))
            members.append(("disabledAt", text(until?.description)))
        case .deliveryExhausted:
            members += [
                ("delivery", text(delivery?.description)), ("event", text(event)), ("topic", text(self.topic)),
                ("state", text(state?.rawValue)), ("attempts", number(count)), ("status", number(status)),
                ("error", text(error?.rawValue)),
            ]
        case .breakerOpened:
            members += [
                ("failures", number(count)), ("status", number(status)), ("error", text(error?.rawValue)),
            ]
        case .breakerClosed: members.append(("failures", number(count)))
        case .configurationRefused:
            // The first problems, which quote no value.
            let shown = diagnostics.prefix(5).map { JSON.string($0.description) }.joined(separator: ",")
            members += [("problems", "[\(shown)]"), ("count", String(diagnostics.count))]
        case .storeFailing:
            members += [("since", text(since?.description)), ("until", text(at.description))]
        }
        return "{" + members.map { "\(JSON.string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    /// The id of the event that a notice becomes; `nil`: a generated one. A subscription is told of once for each time that
    /// it begins to fail, over restarts too.
    var operationalID: String? {
        guard kind == .failing, let subscription, let since else { return nil }
        // No id may hold a dot, where `id.timestamp.body` is signed; and no name holds this.
        return "webhooks_failing_\(subscription.replacing(".", with: "~"))_\(since.milliseconds)"
    }

    /// A notice of a subscription that has had nothing but failures for half of the time after which it is disabled.
    static func failing(
        _ health: SubscriptionHealth,
        disableAfter: Duration,
        at now: Timestamp
    ) -> WebhookNotice? {
        guard health.disabled == nil, let since = health.failingSince, since + disableAfter / 2 <= now else {
            return nil
        }
        return WebhookNotice(.failing, at: now) { notice in
            notice.subscription = health.subscription
            (notice.since, notice.until) = (since, since + disableAfter)
        }
    }
}
