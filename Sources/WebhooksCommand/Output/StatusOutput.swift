internal import WebhookCore
internal import Webhooks

/// A store's status, as JSON and for people.
enum StatusOutput {
    static func json(_ status: StoreStatus) -> JSONOutput {
        guard let nodes = status.nodes else { return withoutNodes(status) }
        return withoutNodes(status).adding([
            ("nodes", .array(nodes.map(NodeOutput.json))), ("unserved", holds(status, unserved)),
        ])
    }

    private static func withoutNodes(_ status: StoreStatus) -> JSONOutput {
        [
            "ok": .bool(status.problems.isEmpty),
            "at": .time(status.at),
            "problems": .array(status.problems.map(problem)),
            "warnings": .array(status.warnings.map(problem)),
            "dispatcher": dispatcher(status.dispatcher),
            "events": [
                "waiting": .integer(status.events), "oldestAt": .time(status.oldestEventAt),
                "oldestMs": age(status.oldestEventAt, status.at), "later": .integer(status.scheduled.count),
                "nextAt": .time(status.scheduled.next), "setAside": .integer(status.setAside),
            ],
            "deliveries": [
                "waiting": .integer(status.waiting), "due": .integer(status.due), "late": .integer(status.late),
                "oldestDueAt": .time(status.oldestDueAt), "lagMs": age(status.oldestDueAt, status.at),
                "inFlight": .integer(status.inFlight), "lost": .integer(status.lost),
                "unknown": .integer(status.unknown),
            ],
            "breakers": holds(status, breaker),
            "disabled": holds(status, disabled),
            "paused": holds(status, paused),
            "parked": holds(status) { waiting($0, .parked) },
            "broken": holds(status) { waiting($0, .broken) },
            "refused": holds(status) { waiting($0, .refused) },
            "behind": holds(status) { waiting($0, .order) },
            "store": [
                "path": .text(status.files.path), "bytes": .integer(status.files.size),
                "walBytes": status.files.walSize.map { .integer($0) } ?? .null,
                "freeBytes": status.files.free.map { .integer($0) } ?? .null,
            ],
            "lastError": lastError(status.lastError, status.owners),
        ]
    }

    /// What holds subscriptions, with the owners of those that the store keeps.
    private static func holds(_ status: StoreStatus, _ json: (StoreStatus.Hold) -> JSONOutput?) -> JSONOutput {
        .array(status.holds.compactMap { hold in json(hold)?.adding(status.owners.members(hold.subscription)) })
    }

    private static func problem(_ problem: StatusProblem) -> JSONOutput {
        ["code": .text(problem.code), "message": .text(problem.message), "hint": .string(problem.hint)]
    }

    private static func dispatcher(_ dispatcher: StoreStatus.Dispatcher?) -> JSONOutput {
        guard let dispatcher else { return .null }
        return [
            "pid": .integer(Int64(dispatcher.processID)), "host": .string(dispatcher.host),
            "version": .string(dispatcher.version), "since": .time(dispatcher.since),
            "stopping": .bool(dispatcher.isStopping), "trouble": .string(dispatcher.trouble),
            "lastSignOfLifeMs": .integer(dispatcher.lastSignOfLife.map { Int($0.wholeMilliseconds) }),
        ]
    }

    private static func age(_ since: Timestamp?, _ now: Timestamp) -> JSONOutput {
        since.map { .integer(max(0, now.milliseconds - $0.milliseconds)) } ?? .null
    }

    private static func breaker(_ hold: StoreStatus.Hold) -> JSONOutput? {
        guard case .breaker(let breaker) = hold.reason else { return nil }
        return [
            "subscription": .text(hold.subscription), "failures": .integer(breaker.failures),
            "nextAttemptAt": .time(breaker.until), "waiting": .integer(hold.waiting),
        ]
    }

    private static func disabled(_ hold: StoreStatus.Hold) -> JSONOutput? {
        guard case .disabled(let disabled) = hold.reason else { return nil }
        return [
            "subscription": .text(hold.subscription), "cause": .text(disabled.cause.rawValue), "at": .time(disabled.at),
            "waiting": .integer(hold.waiting),
        ]
    }

    private static func paused(_ hold: StoreStatus.Hold) -> JSONOutput? {
        guard case .paused(let paused) = hold.reason else { return nil }
        return [
            "subscription": .text(hold.subscription), "at": .time(paused.at), "until": .time(paused.until),
            "waiting": .integer(hold.waiting),
        ]
    }

    private static func waiting(_ hold: StoreStatus.Hold, _ reason: StoreStatus.Hold.Reason) -> JSONOutput? {
        guard hold.reason == reason else { return nil }
        return ["subscription": .text(hold.subscription), "waiting": .integer(hold.waiting)]
    }

    private static func unserved(_ hold: StoreStatus.Hold) -> JSONOutput? {
        guard case .unserved(let since) = hold.reason else { return nil }
        return [
            "subscription": .text(hold.subscription), "since": .time(since), "waiting": .integer(hold.waiting),
            "inFlight": .integer(hold.inFlight),
        ]
    }

    private static func lastError(_ error: StoreStatus.LastError?, _ owners: SubscriptionOwners) -> JSONOutput {
        guard let error else { return .null }
        let members: JSONOutput = [
            "subscription": .text(error.subscription), "error": .text(error.failure.error.rawValue),
            "status": .integer(error.failure.status), "at": .time(error.failure.at),
        ]
        return members.adding(owners.members(error.subscription))
    }

    // MARK: For people

    static func write(_ status: StoreStatus) {
        let terminal = Terminal.standardOutput
        for (name, text) in facts(status) {
            let padded = name + String(repeating: " ", count: max(1, 13 - name.count))
            Output.standard.writeLine(terminal.styled(padded, .dim) + PlainText.escaped(text))
        }
        Output.standard.writeLine()
        let (wrong, warning) = (terminal.styled("wrong", .bad), terminal.styled("warning", .doubtful))
        let problems = status.problems.map { (wrong, 5, $0) } + status.warnings.map { (warning, 7, $0) }
        for (mark, width, problem) in problems {
            Output.standard.writeLine(mark + "  " + PlainText.escaped(problem.message))
            if let hint = problem.hint {
                let indent = String(repeating: " ", count: width + 2)
                Output.standard.writeLine(indent + terminal.styled(PlainText.escaped(hint), .dim))
            }
        }
        if status.problems.isEmpty { Output.standard.writeLine(terminal.styled("ok", .good)) }
    }

    /// Names with their texts, in order.
    static func facts(_ status: StoreStatus) -> [(String, String)] {
        let now = status.at
        var facts = [("dispatcher", dispatcherText(status.dispatcher, now))]
        if let nodes = status.nodes, nodes.count > (status.dispatcher == nil ? 0 : 1) {
            let state = status.dispatcher == nil ? "not connected: " : ""
            facts = nodes.map { ("dispatcher", state + nodeText($0, now)) }
        }
        var events = "\(status.events) waiting"
        if let oldest = status.oldestEventAt { events += ", the oldest since \(RelativeTime.long(oldest, now: now))" }
        if status.scheduled.count > 0 {
            let next = status.scheduled.next.map { ", the next \(RelativeTime.text($0, now: now))" } ?? ""
            events += "; \(status.scheduled.count) due later\(next)"
        }
        if status.setAside > 0 { events += "; \(status.setAside) set aside" }
        facts.append(("events", events))
        var deliveries = "\(status.due) due"
        if let oldest = status.oldestDueAt { deliveries += ", the oldest since \(RelativeTime.long(oldest, now: now))" }
        deliveries += "; \(status.late) late; \(status.inFlight) in flight; \(status.waiting) waiting in all"
        facts.append(("deliveries", deliveries))
        for hold in status.holds {
            let waiting = hold.waiting > 0 ? "; \(Counted.deliveries(hold.waiting)) waiting" : ""
            let inFlight = hold.inFlight > 0 ? "; \(hold.inFlight) in flight" : ""
            let label = status.owners.label(hold.subscription)
            facts.append(("subscription", "\(label): \(text(hold.reason, now))\(waiting)\(inFlight)"))
        }
        facts.append(("store", files(status.files)))
        if let error = status.lastError {
            let kind = error.failure.status.map(String.init) ?? error.failure.error.rawValue
            let label = status.owners.label(error.subscription)
            facts.append(("last error", "\(label): \(kind), \(RelativeTime.text(error.failure.at, now: now))"))
        }
        return facts
    }

    private static func dispatcherText(_ dispatcher: StoreStatus.Dispatcher?, _ now: Timestamp) -> String {
        guard let dispatcher else { return "none runs" }
        var text = "process \(dispatcher.processID)"
        if let host = dispatcher.host { text += " on \(host)" }
        if let version = dispatcher.version { text += ", version \(version)" }
        if let since = dispatcher.since { text += ", since \(RelativeTime.long(since, now: now))" }
        if dispatcher.isStopping { text += ", stopping" }
        return text
    }

    private static func nodeText(_ node: LivingNode, _ now: Timestamp) -> String {
        let record = node.record
        let served = Counted.text(record.subscriptions, "subscription")
        var text = "process \(record.pid) on \(record.host), serves \(served)"
        if let lag = record.lag { text += ", \(RelativeTime.duration(lag)) behind" }
        return text + ", since \(RelativeTime.long(record.startedAt, now: now))"
    }

    private static func text(_ reason: StoreStatus.Hold.Reason, _ now: Timestamp) -> String {
        switch reason {
        case .disabled(let disabled): HoldText.disabled(disabled, now: now)
        case .paused(let paused): HoldText.paused(paused)
        case .breaker(let breaker): HoldText.breaker(breaker, now: now)
        case .parked: "not served by the configuration"
        case .broken: "held, for its settings can't be used"
        case .unserved: "no dispatcher that runs serves it"
        case .refused: "refused, and events pass it by"
        case .order: "ordered, and its first delivery is tried again"
        }
    }

    private static func files(_ files: StoreStatus.Files) -> String {
        let free = files.free.map { ", \(SizeText.short($0)) free on its disk" } ?? ""
        let wal = files.walSize.map { ", write-ahead log \(SizeText.short($0))" } ?? ""
        return "\(files.path): \(SizeText.short(files.size))\(wal)\(free)"
    }
}
