internal import Logging
internal import Synchronization
internal import WebhookCore
internal import WebhookEngine
internal import WebhooksSQLite

extension WebhookDispatcher {
    /// The time between two looks for subscriptions that are about to be disabled: a minute, or less where the shortest time
    /// to that is half over sooner. A look goes over all subscriptions, so that of many it comes the more rarely.
    static func failingInterval(_ shortest: Duration?, of count: Int) -> Duration {
        min(.seconds(60), max(.seconds(1), .milliseconds(count), (shortest ?? .seconds(240)) / 4))
    }

    /// The longest wait at the end for the dispatcher's own events to be stored.
    static let operationsTime: Duration = .milliseconds(500)

    /// The dispatcher's own events that a subscription asks for.
    func makeOperations() -> OperationalEvents {
        let asked = AskedTopics()
        return OperationalEvents { [weak self] topic, notice in
            self.map { asked.contains(topic, notice, $0.registry) } ?? false
        }
    }

    /// Begins to store the dispatcher's own events, by its engine alone: once that has ended, nothing is written.
    func start(_ operations: OperationalEvents, _ session: DeliverySession, told: ToldFailures) {
        operations.start { [weak self] notice, lost in
            guard let self, let topic = OperationalTopic(notice) else { return }
            if lost > 0 { warnOfLost(lost, "they came faster than they could be stored") }
            let (registry, snapshot) = state.withLock { ($0.snapshot.registry, $0.snapshot(for: session.role)) }
            do {
                let tenant = notice.subscription.flatMap { registry.subscription(named: $0)?.tenant }
                let event = try Event(
                    topic: topic.rawValue,
                    data: ByteString(notice.data(for: topic)),
                    id: notice.operationalID,
                    tenant: tenant
                )
                // Without a listener it would only fill the log.
                guard !registry.subscriptions(for: event).isEmpty else { return }
                let result = try await session.runner.emit(event, snapshot: snapshot).get()
                if case .refused(let reason) = result { throw WebhooksError(.event, reason) }
            } catch {
                // Its next look tells of it again.
                if let subscription = notice.subscription { told.forget(subscription, notice.kind) }
                warnOfLost(1, "\(topic.rawValue): \(error)")
            }
        }
    }

    /// Stores what is to be stored, for a moment, and tells of what is not.
    func finish(_ operations: OperationalEvents) async {
        notifier.set(nil)
        let lost = await operations.finish(within: Task.isCancelled ? .zero : Self.operationsTime)
        if lost > 0 { warnOfLost(lost, "the dispatcher has ended before") }
    }

    private func warnOfLost(_ count: Int, _ reason: String) {
        logger.warning(
            "events of the dispatcher's own are not stored",
            metadata: ["events": "\(count)", "reason": "\(reason)"]
        )
    }

    /// Tells of subscriptions that are half-way to being disabled, for as long as the task lives.
    func watchFailing(of session: DeliverySession, _ told: ToldFailures) async {
        var interval: Duration
        repeat {
            let health = (try? await session.store.health()) ?? []
            let registry = registry
            var failing: [WebhookNotice] = []
            let shortest = registry.subscriptions.lazy.filter(\.isEnabled).map(\.policy.disableAfter).min()
            interval = Self.failingInterval(shortest, of: registry.subscriptions.count)
            for row in health {
                guard let subscription = registry.subscription(named: row.subscription), subscription.isEnabled else {
                    continue
                }
                let disableAfter = subscription.policy.disableAfter
                if let notice = WebhookNotice.failing(row, disableAfter: disableAfter, at: .now) {
                    failing.append(notice)
                }
            }
            for notice in told.new(failing) { notifier.send(notice) }
        } while (try? await IdleBeat.sleep(for: interval)) != nil
    }
}

/// The subscriptions that were told of as failing, and since when: of those that fail now.
final class ToldFailures: Sendable {
    private let told = Mutex<[String: Timestamp]>([:])

    /// The notices among all that fail now that nobody was told of.
    func new(_ failing: [WebhookNotice]) -> [WebhookNotice] {
        told.withLock { told in
            let new = failing.filter { notice in notice.subscription.map { told[$0] != notice.since } ?? false }
            // What doesn't fail any more is forgotten.
            told = Dictionary(
                failing.compactMap { notice in notice.subscription.flatMap { name in notice.since.map { (name, $0) } }
                },
                uniquingKeysWith: { first, _ in first }
            )
            return new
        }
    }

    /// A notice has not become an event.
    func forget(_ subscription: String, _ kind: WebhookNotice.Kind) {
        if kind == .failing { told.withLock { $0[subscription] = nil } }
    }
}

/// The topics of our own that a registry's subscriptions ask for, looked up once for each tenant: a receiver that fails a
/// thousand times a second asks a thousand times.
private final class AskedTopics: Sendable {
    private struct Question: Hashable {
        var topic: OperationalTopic
        var tenant: String?
    }

    private struct State {
        weak var registry: Registry?
        var answers: [Question: Bool] = [:]
    }

    /// The most answers that are kept.
    private static let most = 10_000
    private let state = Mutex(State())

    func contains(_ topic: OperationalTopic, _ notice: WebhookNotice, _ registry: Registry) -> Bool {
        let tenant = notice.subscription.flatMap { registry.subscription(named: $0)?.tenant }
        let question = Question(topic: topic, tenant: tenant)
        return state.withLock { state in
            if state.registry !== registry || state.answers.count >= Self.most { state = State(registry: registry) }
            if let answer = state.answers[question] { return answer }
            let answer = registry.isAskedFor(topic: topic.rawValue, tenant: tenant)
            state.answers[question] = answer
            return answer
        }
    }
}
