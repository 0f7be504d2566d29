public import WebhookCore
internal import WebhookEngine

extension WebhookDispatcher {
    /// The deliveries that a retrigger sends again, and those that it refuses.
    public struct RetriggerPlan: Sendable, Hashable {
        /// The deliveries to send again, oldest first.
        public var deliveries: [Delivery.ID] { retriggers.map(\.delivery) }
        /// Events that were set aside and are to be rendered again.
        public internal(set) var setAside: [String] = []
        /// The number of deliveries and events.
        public var count: Int { retriggers.count + setAside.count + missing.count }
        /// Events that a subscription has missed, oldest first.
        package internal(set) var missing: [String] = []
        /// The subscription that has missed them.
        var receiver = ""
        /// The deliveries that are left out, by subscription: how many, and why.
        public internal(set) var refusals: [Refusal] = []
        /// Ids of events that have no deliveries: nobody subscribed, or they wait to be matched.
        public internal(set) var withoutDeliveries: [String] = []
        /// Ids that name nothing.
        public internal(set) var unknown: [String] = []
        /// The number of deliveries that filters found and leave out, because somebody has cancelled them: only their ids
        /// send them again.
        public internal(set) var cancelledByHand = 0
        /// The number of deliveries whose outcome is unknown: they may have arrived, and then arrive a second time.
        public internal(set) var mayHaveArrived = 0
        var retriggers: [Retrigger] = []

        /// A subscription that can't be sent to now, or deliveries of it that have not settled.
        public struct Refusal: Sendable, Hashable {
            /// The subscription's name.
            public var subscription: String
            /// The number of its deliveries that are not sent again.
            public var deliveries: Int
            /// With what to do next.
            public var reason: String { reason(for: .host) }
            package var cause: Cause

            /// The reason, with what a reader can do next.
            package func reason(for audience: Audience) -> String {
                cause.remedy.text(after: cause.text, for: audience)
            }

            /// A reason, and what can be done about it.
            package struct Cause: Sendable, Hashable {
                package var text: String
                package var remedy = Remedy.inMessage
            }
        }
    }
}

/// Sorts deliveries into those that can be sent again and those that can't.
struct RetriggerPlanBuilder {
    var plan = WebhookDispatcher.RetriggerPlan()
    private let snapshot: ConfigurationSnapshot
    private let allowsDuplicates: Bool
    private let disabled: [String: SubscriptionHealth.Disabled]
    private var refused: [Reason: Int] = [:]

    private typealias Cause = WebhookDispatcher.RetriggerPlan.Refusal.Cause

    private struct Reason: Hashable {
        var subscription: String
        var cause: Cause
    }

    /// - Parameter allowsDuplicates: whether a delivery that has not settled gets a second copy.
    init(snapshot: ConfigurationSnapshot, health: [SubscriptionHealth], allowsDuplicates: Bool) {
        self.snapshot = snapshot
        self.allowsDuplicates = allowsDuplicates
        disabled = Dictionary(
            health.compactMap { row in row.disabled.map { (row.subscription, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Adds the next delivery, newest first.
    mutating func add(_ delivery: Delivery, _ log: WebhookLog) async throws(WebhooksError) {
        if let cause = obstacle(to: delivery.subscription) { return refuse(delivery.subscription, cause) }
        if delivery.isExpunged { return refuse(delivery.subscription, Self.isErased) }
        if !allowsDuplicates, !delivery.state.isSettled { return refuse(delivery.subscription, Self.isOpen) }
        var retrigger = Retrigger(delivery: delivery.id)
        // There may be no body: then it is rendered now, by the configuration as it is now.
        if [.template, .internal].contains(delivery.lastError), let event = try await log.event(delivery.event) {
            do throws(RenderingError) {
                retrigger.rendering = try rendering(of: event, for: delivery.subscription)
            } catch {
                let reason =
                    "its body can't be rendered: \(error); mend the template, or emit the event again with another id"
                return refuse(delivery.subscription, Cause(text: reason))
            }
        }
        if delivery.state == .unknown { plan.mayHaveArrived += 1 }
        plan.retriggers.append(retrigger)
    }

    private mutating func refuse(_ subscription: String, _ cause: Cause, deliveries: Int = 1) {
        refused[Reason(subscription: subscription, cause: cause), default: 0] += deliveries
    }

    /// The plan, oldest first.
    func finished() -> WebhookDispatcher.RetriggerPlan {
        var plan = plan
        plan.retriggers.sort { $0.delivery < $1.delivery }
        plan.refusals = refused.map { reason, count in
            WebhookDispatcher.RetriggerPlan.Refusal(
                subscription: reason.subscription,
                deliveries: count,
                cause: reason.cause
            )
        }
        .sorted { ($0.subscription, $0.reason) < ($1.subscription, $1.reason) }
        return plan
    }

    private static let isOpen = Cause(text: "still open", remedy: .retryOpen)

    private static let isNotMissed = Cause(
        text:
            "it has a delivery of the event, or doesn't want it, or the event was erased or cancelled, or is not matched yet"
    )

    private static let isErased = Cause(text: "its event was erased: there is nothing to send")

    /// Adds the events that a subscription has missed, oldest first.
    ///
    /// - Parameter asked: those that somebody has named; of these it need not have missed all.
    mutating func add(missing events: [String], asked: [String], of name: String) {
        plan.receiver = name
        if let cause = obstacle(to: name) { return refuse(name, cause, deliveries: max(1, events.count)) }
        plan.missing += events
        let others = Set(asked).subtracting(events).count
        if others > 0 { refuse(name, Self.isNotMissed, deliveries: others) }
    }

    private func obstacle(to name: String) -> Cause? {
        guard let subscription = snapshot.registry.subscription(named: name) else {
            if snapshot.registry.given(named: name) != nil {
                return Cause(text: "it is refused, and not in force", remedy: .explainRefusal)
            }
            return Cause(
                text: StoredSubscription.isName(name)
                    ? "the store keeps it no more: it was deleted"
                    : "the configuration has no such subscription; it can be sent again once it is back"
            )
        }
        if let disabled = disabled[name] {
            return Cause(
                text: "it is disabled (\(disabled.cause.rawValue), since \(disabled.at))",
                remedy: .enable(name)
            )
        }
        guard subscription.isEnabled else { return Cause(text: "the configuration says `enabled: false`") }
        return subscription.obstacles.first.map { Cause(text: "its settings can't be used here: \($0.located)") }
    }

    private func rendering(of event: Event, for name: String) throws(RenderingError) -> Retrigger.Rendering? {
        guard let subscription = snapshot.registry.subscription(named: name) else { return nil }
        let rendered = snapshot.renderer.render(event, for: [subscription])
        let renderedBody = try rendered.renderedBodies[0].get()
        return Retrigger.Rendering(body: rendered.bodies[renderedBody.body], contentType: renderedBody.contentType)
    }
}
