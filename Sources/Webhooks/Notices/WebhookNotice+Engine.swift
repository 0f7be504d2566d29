package import WebhookCore
internal import WebhookEngine

extension WebhookNotice {
    /// The notices of an attempt that is on record: of the attempt, and of what it has settled.
    static func of(_ recorded: RecordedAttempt) -> [WebhookNotice] {
        let event = recorded.delivery.event
        func notice(_ kind: Kind) -> WebhookNotice {
            WebhookNotice(kind) { notice in
                notice.delivery = recorded.delivery.id
                (notice.event, notice.topic, notice.tenant) = (event.id, event.topic, event.tenant)
                (notice.subscription, notice.isTest) = (recorded.delivery.subscription, event.isTest)
                (notice.state, notice.nextAttemptAt) = (recorded.state, recorded.nextAttemptAt)
                (notice.status, notice.error) = (recorded.attempt.status, recorded.attempt.error)
                notice.detail = recorded.attempt.detail
            }
        }
        var attempted = notice(.attempted)
        attempted.attempt = recorded.attempt
        guard recorded.state.isSettled else { return [attempted] }
        guard isLoss(recorded) else { return [attempted, notice(.settled)] }
        var exhausted = notice(.exhausted)
        exhausted.count = recorded.attempt.number
        return [attempted, notice(.settled), exhausted]
    }

    /// Tells whether a delivery is lost with an attempt.
    static func isLoss(_ recorded: RecordedAttempt) -> Bool {
        isLoss(recorded.state, isTest: recorded.delivery.event.isTest)
    }

    private static func isLoss(_ state: DeliveryState, isTest: Bool) -> Bool {
        !isTest && (state == .failed || state == .unknown)
    }

    /// The notices of a delivery that settled without an attempt, or without another one.
    static func of(_ settled: SettledDelivery) -> [WebhookNotice] {
        func notice(_ kind: Kind) -> WebhookNotice {
            WebhookNotice(kind) { notice in
                notice.delivery = settled.delivery
                (notice.event, notice.topic) = (settled.event.id, settled.event.topic)
                (notice.tenant, notice.isTest) = (settled.event.tenant, settled.event.isTest)
                (notice.subscription, notice.state) = (settled.subscription, settled.state)
                (notice.error, notice.detail) = (settled.error, settled.detail)
            }
        }
        guard isLoss(settled.state, isTest: settled.event.isTest) else { return [notice(.settled)] }
        var exhausted = notice(.exhausted)
        exhausted.count = settled.attempts
        return [notice(.settled), exhausted]
    }

    /// The notices that one of the engine's becomes; none where it repeats another.
    static func of(_ notice: EngineNotice) -> [WebhookNotice] {
        guard isTold(notice) else { return [] }
        let told = WebhookNotice(of: notice)
        // A delivery that can't be read has settled, without an attempt of this process.
        guard told.kind == .exhausted else { return [told] }
        return [WebhookNotice(.settled, at: told.at) { $0.copy(told) }, told]
    }

    /// Takes over what another notice says of a delivery.
    private mutating func copy(_ other: WebhookNotice) {
        (delivery, event, subscription) = (other.delivery, other.event, other.subscription)
        (state, error, detail) = (other.state, other.error, other.detail)
    }

    /// The notice of a cancellation by hand; `nil`: nothing was cancelled.
    package static func cancelled(
        _ result: CancelResult,
        event: String? = nil,
        subscription: String? = nil
    ) -> WebhookNotice? {
        guard !result.deliveries.isEmpty || !result.events.isEmpty || result.unmatchedEvents > 0 else { return nil }
        return WebhookNotice(.cancelled) { notice in
            (notice.event, notice.subscription) = (event, subscription)
            (notice.state, notice.count) = (.cancelled, result.deliveries.count)
        }
    }

    /// A notice of the engine's, for listeners.
    private init(of notice: EngineNotice) {
        switch notice {
        case .disabled(let subscription, let cause, let attempt):
            self.init(.disabled) { notice in
                (notice.subscription, notice.detail) = (subscription, cause.rawValue)
                (notice.delivery, notice.event) = (attempt?.delivery, attempt?.event)
                (notice.status, notice.error) = (attempt?.status, attempt?.error)
            }
        case .enabled(let subscription): self.init(.enabled) { $0.subscription = subscription }
        case .paused(let subscription, let until):
            self.init(.paused) { ($0.subscription, $0.until) = (subscription, until) }
        case .resumed(let subscription): self.init(.resumed) { $0.subscription = subscription }
        case .breakerOpened(let opening):
            self.init(.breakerOpened) { notice in
                (notice.subscription, notice.count) = (opening.subscription, opening.failures)
                notice.until = notice.at + opening.pause
                notice.isRepeated = opening.isAgain
                (notice.status, notice.error) = (opening.status, opening.error)
            }
        case .breakerClosed(let subscription, let failures):
            self.init(.breakerClosed) { ($0.subscription, $0.count) = (subscription, failures) }
        case .openDeliveriesCancelled(let subscription, let count), .cancellationEnded(let subscription, let count):
            self.init(.cancelled) { notice in
                (notice.subscription, notice.count) = (subscription, count)
                (notice.state, notice.error) = (.cancelled, .disabled)
            }
        case .unmatched(let event):
            self.init(.unmatched) { notice in
                (notice.event, notice.topic) = (event.id, event.topic)
                (notice.tenant, notice.isTest) = (event.tenant, event.isTest)
            }
        case .storeFailed(let error, _): self.init(.storeFailed) { $0.detail = error.message }
        case .storeRecovered: self.init(.storeRecovered)
        case .recovered(let interrupted, _): self.init(.recovered) { $0.count = interrupted }
        case .refused(let row):
            self.init(.rowRefused) { notice in
                (notice.delivery, notice.event) = (row.delivery, row.event)
                (notice.subscription, notice.detail) = (row.subscription, row.reason)
            }
        case .givenUp(let delivery, let event, let subscription, let reason):
            self.init(.exhausted) { notice in
                (notice.delivery, notice.event) = (delivery, event)
                notice.subscription = subscription.isEmpty ? nil : subscription
                (notice.detail, notice.state, notice.error) = (reason, .failed, .internal)
            }
        case .setAside(let event, let reason): self.init(.setAside) { ($0.event, $0.detail) = (event, reason) }
        }
    }

    /// Tells whether a notice of the engine is one for listeners: what repeats another one is left out.
    private static func isTold(_ notice: EngineNotice) -> Bool {
        switch notice {
        // Its batches are told.
        case .cancellationEnded: false
        // Its attempt is on record and told of.
        case .givenUp(_, _, _, SetAside.endedRequestDetail): false
        case .storeFailed(_, .first): true
        case .storeFailed: false
        case .storeRecovered(let isSaid): isSaid
        default: true
        }
    }
}
