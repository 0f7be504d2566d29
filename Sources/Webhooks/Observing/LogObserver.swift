internal import Dispatch
internal import Logging
internal import Synchronization
internal import WebhookCore
internal import WebhookEngine

/// Tells the log and the stream of notices what the engine did.
struct LogObserver: EngineObserver {
    private let logger: Logger
    private let lines: BoundedLogger
    private let audience: Audience
    /// The budgets for lines about lost deliveries, by subscription.
    private let losses = LineBudgets(lines: 5)
    private let notifier: NoticeBroadcast
    private let onFailure: @Sendable (StoreError) -> Void
    private let onStoreTrouble: @Sendable (StoreError?) -> Void

    /// - Parameters:
    ///   - lines: shared with whoever else writes to the log.
    ///   - audience: who reads it.
    ///   - onStoreTrouble: told that the store doesn't take what is recorded, and with `nil` that it does again.
    ///   - onFailure: told that the store can't be trusted, and that delivery has stopped.
    init(
        lines: BoundedLogger,
        for audience: Audience,
        notifier: NoticeBroadcast,
        onStoreTrouble: @escaping @Sendable (StoreError?) -> Void = { _ in },
        onFailure: @escaping @Sendable (StoreError) -> Void
    ) {
        (self.lines, logger, self.audience) = (lines, lines.logger, audience)
        self.notifier = notifier
        self.onStoreTrouble = onStoreTrouble
        self.onFailure = onFailure
    }

    /// A message, and what its reader can do.
    private func advised(_ message: String, _ remedy: Remedy) -> Logger.Message {
        "\(remedy.text(after: message, for: audience))"
    }

    func settled(_ deliveries: [SettledDelivery]) {
        notifier.send { deliveries.flatMap { WebhookNotice.of($0) } }
        for delivery in deliveries {
            let metadata: Logger.Metadata = [
                "delivery": "\(delivery.delivery)", "event": "\(delivery.event.id)",
                "subscription": "\(delivery.subscription)", "error": "\(delivery.error?.rawValue ?? "")",
                "detail": "\(delivery.detail ?? "")",
            ]
            if delivery.state == .failed, !delivery.event.isTest {
                lost("delivery failed without an attempt", delivery.subscription) { metadata }
            } else {
                line(.info, "delivery \(delivery.state.rawValue) without an attempt", delivery.state.rawValue) {
                    metadata
                }
            }
        }
    }

    /// Tells what the store won't change, of a row at most ``mostRefused``.
    static func refused(_ items: [RefusedItem], _ what: String, _ lines: BoundedLogger) {
        for item in items.prefix(mostRefused) {
            lines.line(
                .warning,
                "the store refuses a row, and the others are done",
                ["id": "\(item.id)", "what": "\(what)", "reason": "\(item.reason)"]
            )
        }
        if items.count > mostRefused {
            lines.line(
                .warning,
                "the store refuses more rows",
                ["count": "\(items.count - mostRefused)", "what": "\(what)"]
            )
        }
    }

    /// The number of rows that are named one by one.
    static let mostRefused = 20

    /// Warns of a delivery that is lost for good, a few of each subscription; the others are counted.
    private func lost(_ message: Logger.Message, _ subscription: String, _ metadata: () -> Logger.Metadata) {
        guard logger.logLevel <= .warning else { return }
        let suppressed = losses.take(subscription) { [self] count in
            logger.warning(
                advised("more deliveries have failed or are unknown", .listFailed),
                metadata: ["subscription": "\(subscription)", "deliveries": "\(count)"]
            )
        }
        guard let suppressed else { return }
        var metadata = metadata()
        if suppressed > 0 { metadata["leftOut"] = "\(suppressed)" }
        logger.warning(BoundedLogger.counted(message, suppressed), metadata: metadata)
    }

    /// Tells of a cancellation by hand.
    static func cancelled(_ result: CancelResult, _ lines: BoundedLogger) {
        guard !result.deliveries.isEmpty || !result.events.isEmpty || !result.underWay.isEmpty else { return }
        lines.line(
            .info,
            "cancelled by hand",
            [
                "deliveries": "\(result.deliveries.count)", "events": "\(result.events.count)",
                "underWay": "\(result.underWay.count)",
            ]
        )
    }

    /// Writes a line unless there were too many of its kind.
    private func line(
        _ level: Logger.Level,
        _ message: Logger.Message,
        _ kind: String,
        _ metadata: () -> Logger.Metadata
    ) {
        lines.line(level, message, kind: kind, metadata())
    }

    func recorded(_ attempts: [RecordedAttempt]) {
        notifier.send(attempts)
        for recorded in attempts {
            let subscription = recorded.delivery.subscription
            switch recorded.state {
            case .delivered:
                logger.debug("delivered", metadata: metadata(recorded))
            case .failed where !recorded.delivery.event.isTest:
                lost("delivery failed", subscription) { metadata(recorded) }
            case .unknown where !recorded.delivery.event.isTest:
                lost("delivery unknown: nobody can tell whether it arrived", subscription) { metadata(recorded) }
            default:
                line(.info, "attempt failed", "attempt failed \(subscription)") { metadata(recorded) }
            }
        }
    }

    private func metadata(_ recorded: RecordedAttempt) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "delivery": "\(recorded.delivery.id)",
            "event": "\(recorded.delivery.event.id)",
            "subscription": "\(recorded.delivery.subscription)",
            "attempt": "\(recorded.attempt.number)",
            "state": "\(recorded.state.rawValue)",
        ]
        if let status = recorded.attempt.status { metadata["status"] = "\(status)" }
        if let error = recorded.attempt.error { metadata["error"] = "\(error.rawValue)" }
        if let detail = recorded.attempt.detail { metadata["detail"] = "\(detail)" }
        if let next = recorded.nextAttemptAt { metadata["next"] = "\(next)" }
        return metadata
    }

    func noticed(_ notice: EngineNotice) {
        notifier.send { WebhookNotice.of(notice) }
        switch notice {
        case .disabled(let subscription, let cause, let attempt):
            var metadata: Logger.Metadata = ["subscription": "\(subscription)", "cause": "\(cause.rawValue)"]
            if let attempt {
                metadata["delivery"] = "\(attempt.delivery)"
                metadata["event"] = "\(attempt.event)"
                if let status = attempt.status { metadata["status"] = "\(status)" }
                if let error = attempt.error { metadata["error"] = "\(error.rawValue)" }
            }
            let isStored = StoredSubscription.isName(subscription)
            line(
                .warning,
                advised("subscription disabled: its open deliveries are cancelled", .bringBack(isStored: isStored)),
                "disabled"
            ) { metadata }
        case .cancellationEnded(let subscription, let count):
            line(.notice, "open deliveries of a disabled subscription are cancelled", "cancellationEnded") {
                ["subscription": "\(subscription)", "deliveries": "\(count)"]
            }
        case .enabled(let subscription):
            line(.notice, "subscription enabled", "enabled") { ["subscription": "\(subscription)"] }
        case .paused(let subscription, let until):
            line(.notice, advised("subscription paused: its deliveries are held", .resume), "paused") {
                ["subscription": "\(subscription)", "until": "\(until?.description ?? "resumed")"]
            }
        case .resumed(let subscription):
            line(.notice, "subscription resumed", "resumed") { ["subscription": "\(subscription)"] }
        case .breakerOpened(let opening):
            let message: Logger.Message =
                opening.isAgain
                ? "attempts pause again: the next one failed too" : "attempts pause after failures in a row"
            line(opening.isAgain ? .notice : .warning, message, opening.isAgain ? "breakerAgain" : "breaker") {
                var metadata: Logger.Metadata = [
                    "subscription": "\(opening.subscription)", "pauseMs": "\(opening.pause.wholeMilliseconds)",
                    "failures": "\(opening.failures)",
                ]
                if let status = opening.status { metadata["status"] = "\(status)" }
                if let error = opening.error { metadata["error"] = "\(error.rawValue)" }
                return metadata
            }
        case .breakerClosed(let subscription, let failures):
            line(.notice, "attempts go on: one has succeeded", "breakerClosed") {
                ["subscription": "\(subscription)", "failures": "\(failures)"]
            }
        case .openDeliveriesCancelled(let subscription, let count):
            logger.debug(
                "deliveries of a disabled subscription are cancelled",
                metadata: ["subscription": "\(subscription)", "deliveries": "\(count)"]
            )
        case .unmatched(let event):
            line(.debug, "nobody subscribes to the event", "unmatched") {
                ["event": "\(event.id)", "topic": "\(event.topic)"]
            }
        case .refused(let row):
            line(.warning, Self.message(row.part), "refused") {
                var metadata: Logger.Metadata = ["reason": "\(row.reason)"]
                if let delivery = row.delivery { metadata["delivery"] = "\(delivery)" }
                if let event = row.event { metadata["event"] = "\(event)" }
                if let subscription = row.subscription { metadata["subscription"] = "\(subscription)" }
                return metadata
            }
        case .givenUp(let delivery, let event, let subscription, let reason):
            line(.error, advised("a delivery has failed", .retriggerFailed), "givenUp") {
                [
                    "delivery": "\(delivery)", "event": "\(event)", "subscription": "\(subscription)",
                    "reason": "\(reason)",
                ]
            }
        case .setAside(let event, let reason):
            line(.error, advised("an event is set aside", .settleSetAside), "setAside") {
                ["event": "\(event)", "reason": "\(reason)"]
            }
        case .storeFailed(let error, let occasion):
            onStoreTrouble(error)
            switch occasion {
            // What ends it says so.
            case _ where error.isFinal: break
            case .first:
                logger.error("the store failed; no new attempts until it works again", metadata: ["error": "\(error)"])
            case .reminder(let since):
                logger.error("the store still fails", metadata: ["error": "\(error)", "since": "\(since)"])
            case .again:
                logger.debug("the store failed again", metadata: ["error": "\(error)"])
            }
        case .storeRecovered(let isSaid):
            onStoreTrouble(nil)
            if isSaid { logger.notice("the store works again") }
        case .recovered(let interrupted, let unknown):
            logger.warning(
                "a dispatcher ended during attempts; they are recorded as interrupted",
                metadata: ["attempts": "\(interrupted)", "unknown": "\(unknown)"]
            )
        }
    }

    func noticed(_ notice: LeaseNotice) {
        switch notice {
        case .serves(let count, let all):
            logger.notice("serving", metadata: ["subscriptions": "\(count)", "of": "\(all)"])
        case .lost(let count):
            logger.warning(
                "the leases have run out: others may serve what this dispatcher did; it begins again",
                metadata: ["subscriptions": "\(count)"]
            )
        case .disagreement(let hosts) where hosts.isEmpty:
            logger.notice("all dispatchers have the same subscriptions again")
        case .disagreement(let hosts):
            logger.warning(
                "other dispatchers have other subscriptions: give all the same file, or what only one knows stays with it",
                metadata: ["hosts": "\(hosts.joined(separator: ", "))"]
            )
        }
    }

    private static func message(_ part: RefusedRow.Part) -> Logger.Message {
        switch part {
        case .delivery: "the store refuses a delivery; it has failed"
        case .claim: "the store refuses to let a delivery be attempted; it is given up"
        case .attempt: "the store refuses the record of an attempt"
        case .settlement: "the store refuses to let a delivery settle; it is left alone until the next start"
        case .health: "the store refuses what is to be remembered of a subscription"
        case .event: "the store refuses an event's deliveries"
        }
    }

    func failed(_ error: StoreError) {
        onFailure(error)
        notifier.send(WebhookNotice(.stopped) { $0.detail = error.message })
        logger.critical("the store can't be trusted; delivery has stopped", metadata: ["error": "\(error)"])
    }
}

/// Bounds the log's lines of one kind: what comes by the thousand is counted, not repeated.
struct LineBudget {
    static let period: Duration = .seconds(10)

    /// Lines in a period, where nothing else is said.
    static let lines = 20
    private let limit: Int
    private var left: Int
    private var suppressed = 0
    private var renewedAt: Timestamp?

    init(lines: Int = Self.lines) { (limit, left) = (lines, lines) }

    /// Asks for a line.
    ///
    /// - Returns: how many were left out since the last one, or `nil` where this one is left out too.
    mutating func take(at now: Timestamp) -> Int? {
        // A clock that was put back renews it as well.
        if renewedAt.map({ now < $0 || now >= $0 + Self.period }) ?? true {
            (left, renewedAt) = (limit, now)
        }
        guard left > 0 else {
            suppressed += 1
            return nil
        }
        left -= 1
        return takeSuppressed()
    }

    /// Returns the number of lines that were left out and not told of, which they are now.
    mutating func takeSuppressed() -> Int {
        defer { suppressed = 0 }
        return suppressed
    }

    /// Tells whether it is as good as new: its period is over, and nothing was left out.
    func isUnused(at now: Timestamp) -> Bool {
        suppressed == 0 && (renewedAt.map { now < $0 || now >= $0 + Self.period } ?? true)
    }
}

/// A budget for each kind of line. Kinds have names in them, such as a subscription's: those that say nothing are forgotten,
/// and where too many do, the rest share one.
final class LineBudgets: Sendable {
    private struct Kind {
        var budget: LineBudget
        /// Somebody will tell what was left out.
        var hasTeller = false
    }

    private struct State {
        var kinds: [String: Kind] = [:]
        /// Before, looking for what can be forgotten is in vain.
        var nextLook: Timestamp?

        /// The kind that a line is counted under.
        mutating func place(of kind: String, at now: Timestamp) -> String {
            guard kinds[kind] == nil, kinds.count >= LineBudgets.mostKinds else { return kind }
            if nextLook.map({ now >= $0 || now < $0 - LineBudget.period }) ?? true {
                kinds = kinds.filter { $0.value.hasTeller || !$0.value.budget.isUnused(at: now) }
                nextLook = now + LineBudget.period
            }
            return kinds.count < LineBudgets.mostKinds ? kind : LineBudgets.others
        }
    }

    /// The most kinds that have a budget of their own.
    static let mostKinds = 1000
    private static let others = ""

    private let lines: Int
    private let state = Mutex(State())

    init(lines: Int = LineBudget.lines) { self.lines = lines }

    /// Asks for a line.
    ///
    /// - Parameter tell: called a period later, where lines were left out since, with how many: what comes last is told,
    ///   too. `nil`: the next line of the kind tells.
    /// - Returns: how many were left out before this one, or `nil` where this one is left out too.
    func take(_ kind: String, at now: Timestamp = .now, orTell tell: (@Sendable (Int) -> Void)? = nil) -> Int? {
        let (suppressed, needsTeller) = state.withLock { state -> (Int?, Bool) in
            let place = state.place(of: kind, at: now)
            let taken = state.kinds[place, default: Kind(budget: LineBudget(lines: lines))].budget.take(at: now)
            // What several share, only their next line can tell.
            guard taken == nil, tell != nil, place == kind, state.kinds[place]?.hasTeller == false else {
                return (taken, false)
            }
            state.kinds[place]?.hasTeller = true
            return (taken, true)
        }
        if needsTeller, let tell {
            let seconds = Int(LineBudget.period.components.seconds)
            DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .seconds(seconds)) { [self] in
                let count = drain(kind)
                if count > 0 { tell(count) }
            }
        }
        return suppressed
    }

    /// Returns the number of lines of a kind that were left out and not told of, which they are now.
    func drain(_ kind: String) -> Int {
        state.withLock { state in
            state.kinds[kind]?.hasTeller = false
            return state.kinds[kind]?.budget.takeSuppressed() ?? 0
        }
    }

    /// The number of kinds that are kept in mind.
    var count: Int { state.withLock { $0.kinds.count } }
}
