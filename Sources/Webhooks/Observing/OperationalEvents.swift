internal import Synchronization
internal import WebhookCore
internal import WebhookEngine

/// Events of the dispatcher's own, about what it does: subscribable by topic like any other, and never a reason for more.
///
/// An event is stored only where a subscription asks for its topic, and only the newest are kept in mind where they come
/// faster than they are stored.
final class OperationalEvents: EngineObserver {
    /// An event to be.
    struct Draft: Sendable, Equatable {
        var topic: OperationalTopic
        /// The subscription that it is about.
        var subscription: String?
        /// Further members of its data, as JSON.
        var members: [(String, String)] = []
        /// `nil`: a generated one.
        var id: String?

        static func == (a: Draft, b: Draft) -> Bool {
            a.topic == b.topic && a.data == b.data && a.id == b.id
        }

        /// The data: `{"subscription":…,…}`.
        var data: String {
            let all = (subscription.map { [("subscription", JSON.string($0))] } ?? []) + members
            return "{" + all.map { "\(JSON.string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
        }
    }

    /// The most drafts that wait to be stored.
    private static let mostWaiting = 1000

    private let drafts: AsyncStream<Draft>
    private let continuation: AsyncStream<Draft>.Continuation
    /// Since when the store fails.
    private let failingSince = Mutex<Timestamp?>(nil)
    private let isDone = Atomic(false)
    /// The store may be closed next: what waits is left.
    private let isOver = Atomic(false)

    init() {
        (drafts, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.mostWaiting))
    }

    /// Stores what comes, for as long as the task lives.
    func run(_ store: @escaping @Sendable (Draft) async -> Void) async {
        for await draft in drafts where !isOver.load(ordering: .acquiring) { await store(draft) }
        isDone.store(true, ordering: .releasing)
    }

    /// Takes no more, and waits for what is to be stored, no longer than half a second.
    func finish() async {
        continuation.finish()
        for _ in 0..<50 where !isDone.load(ordering: .acquiring) { try? await Task.sleep(for: .milliseconds(10)) }
        isOver.store(true, ordering: .releasing)
    }

    /// Takes a draft; returns at once.
    func add(_ draft: Draft) { continuation.yield(draft) }

    func recorded(_ attempts: [RecordedAttempt]) {
        for attempt in attempts { if let draft = Self.draft(attempt) { add(draft) } }
    }

    func settled(_ deliveries: [SettledDelivery]) {
        for delivery in deliveries { if let draft = Self.draft(delivery) { add(draft) } }
    }

    func noticed(_ notice: EngineNotice) {
        switch notice {
        case .storeFailed(_, .first): failingSince.withLock { $0 = $0 ?? .now }
        case .storeRecovered:
            // Nothing can be stored before.
            guard let since = failingSince.withLock({ $0.take() }) else { return }
            let members = [
                ("since", JSON.string(since.description)), ("until", JSON.string(Timestamp.now.description)),
            ]
            add(Draft(topic: .storeFailing, members: members))
        default:
            if let draft = Self.draft(notice) { add(draft) }
        }
    }

    func failed(_ error: StoreError) {}
}

// MARK: Decisions

extension OperationalEvents {
    /// A delivery that has failed for good after an attempt.
    static func draft(_ recorded: RecordedAttempt) -> Draft? {
        guard recorded.state == .failed || recorded.state == .unknown else { return nil }
        let event = recorded.delivery.event
        guard !event.isTest, !OperationalTopic.isOperational(event.topic) else { return nil }
        return Draft(
            topic: .deliveryExhausted,
            subscription: recorded.delivery.subscription,
            members: [
                ("delivery", JSON.string(recorded.delivery.id.description)), ("event", JSON.string(event.id)),
                ("topic", JSON.string(event.topic)), ("state", JSON.string(recorded.state.rawValue)),
                ("attempts", String(recorded.attempt.number)),
                ("status", recorded.attempt.status.map(String.init) ?? "null"),
                ("error", recorded.attempt.error.map { JSON.string($0.rawValue) } ?? "null"),
            ]
        )
    }

    /// A delivery that has failed without an attempt.
    static func draft(_ settled: SettledDelivery) -> Draft? {
        guard settled.state == .failed, !settled.event.isTest, !OperationalTopic.isOperational(settled.event.topic)
        else { return nil }
        return Draft(
            topic: .deliveryExhausted,
            subscription: settled.subscription,
            members: [
                ("delivery", JSON.string(settled.delivery.description)), ("event", JSON.string(settled.event.id)),
                ("topic", JSON.string(settled.event.topic)), ("state", JSON.string(settled.state.rawValue)),
                ("attempts", String(settled.attempts)), ("status", "null"),
                ("error", settled.error.map { JSON.string($0.rawValue) } ?? "null"),
            ]
        )
    }

    static func draft(_ notice: EngineNotice) -> Draft? {
        switch notice {
        case .disabled(let subscription, let cause, _):
            Draft(
                topic: .subscriptionDisabled,
                subscription: subscription,
                members: [("cause", JSON.string(cause.rawValue))]
            )
        case .enabled(let subscription):
            Draft(topic: .subscriptionEnabled, subscription: subscription)
        case .breakerOpened(let opening) where !opening.isAgain:
            Draft(
                topic: .breakerOpened,
                subscription: opening.subscription,
                members: [
                    ("failures", String(opening.failures)), ("status", opening.status.map(String.init) ?? "null"),
                    ("error", opening.error.map { JSON.string($0.rawValue) } ?? "null"),
                ]
            )
        case .breakerClosed(let subscription, let failures):
            Draft(topic: .breakerClosed, subscription: subscription, members: [("failures", String(failures))])
        default: nil
        }
    }

    /// A subscription that has had nothing but failures for half of the time after which it is disabled. Its id says since
    /// when, so that it comes once, over restarts too.
    static func failing(
        _ health: SubscriptionHealth,
        disableAfter: Duration,
        at now: Timestamp
    ) -> Draft? {
        guard health.disabled == nil, let since = health.failingSince, since + disableAfter / 2 <= now else {
            return nil
        }
        let members = [
            ("failingSince", JSON.string(since.description)),
            ("disabledAt", JSON.string((since + disableAfter).description)),
        ]
        let id = "webhooks_failing_\(health.subscription.replacing(".", with: "_"))_\(since.milliseconds)"
        return Draft(topic: .subscriptionFailing, subscription: health.subscription, members: members, id: id)
    }

    /// A configuration that is not put in force: its first problems, which quote no value.
    static func refused(_ problems: [Diagnostic]) -> Draft {
        let shown = problems.prefix(5).map { JSON.string($0.description) }.joined(separator: ",")
        return Draft(
            topic: .configurationRefused,
            members: [("problems", "[\(shown)]"), ("count", String(problems.count))]
        )
    }
}

/// Tells several observers, in order.
struct ObserverGroup: EngineObserver {
    var observers: [any EngineObserver]

    func recorded(_ attempts: [RecordedAttempt]) { for observer in observers { observer.recorded(attempts) } }
    func settled(_ deliveries: [SettledDelivery]) { for observer in observers { observer.settled(deliveries) } }
    func noticed(_ notice: EngineNotice) { for observer in observers { observer.noticed(notice) } }
    func failed(_ error: StoreError) { for observer in observers { observer.failed(error) } }
}
