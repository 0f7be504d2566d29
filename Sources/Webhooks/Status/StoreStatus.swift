package import WebhookCore
internal import WebhooksSQLite

/// A store as an operator asks for it: is it alive, is it behind, who told what.
///
/// Read from the store, its lock and its files alone: no configuration has to be valid.
package struct StoreStatus: Sendable, Hashable {
    /// The dispatcher that delivers what is in the store.
    package struct Dispatcher: Sendable, Hashable {
        package var processID: Int32
        /// The machine's name; `nil` where an older program doesn't say.
        package var host: String?
        package var version: String?
        /// The time at which it took the store's lock.
        package var since: Timestamp?
        /// True when it makes no more attempts, and ends.
        package var isStopping = false
        /// The reason why it can't record anything, in a word such as `full`.
        package var trouble: String?
        /// The age of its last sign of life; `nil`: it gives none.
        package var lastSignOfLife: Duration?
        /// The subscriptions that it can't send to because of their settings.
        package var unusable = UnusableSubscriptions()
        /// The dispatchers that have refused the configuration on their disk.
        package var refusals: [ConfigurationRefusal] = []

        package init(processID: Int32) { self.processID = processID }
    }

    /// A reason why a subscription's deliveries are not attempted now.
    package struct Hold: Sendable, Hashable {
        package enum Reason: Sendable, Hashable {
            case disabled(SubscriptionHealth.Disabled)
            case paused(SubscriptionHealth.Paused)
            case breaker(SubscriptionHealth.Breaker)
            /// The configuration doesn't have it, or says `enabled: false`.
            case parked
            /// Its settings can't be used, and the dispatcher serves the others.
            case broken
            /// None of the dispatchers that share the store serves it, at least since a delivery was due; `nil`: none is.
            case unserved(since: Timestamp?)
            /// Kept in the store and not in force: events pass it by.
            case refused
            /// It is ordered, and its first delivery has failed and is tried again: those behind it wait for that.
            case order
        }

        package var subscription: String
        package var reason: Reason
        /// Its deliveries that wait for an attempt.
        package var waiting: Int
        /// The number of its deliveries with an attempt under way.
        package var inFlight = 0

        var isUnserved: Bool { if case .unserved = reason { true } else { false } }
    }

    /// The store's files, in bytes.
    package struct Files: Sendable, Hashable {
        package var path: String
        package var size: Int64
        /// `nil`: it has no such log of its own.
        package var walSize: Int64?
        /// Free for this user on the disk; `nil` where that can't be told.
        package var free: Int64?
    }

    /// A subscription's newest attempt, where it failed.
    package struct LastError: Sendable, Hashable {
        package var subscription: String
        package var failure: SubscriptionStatistics.Failure
    }

    package var at: Timestamp
    package var dispatcher: Dispatcher?
    /// The dispatchers that share the store, by node; `nil` where it is one dispatcher's alone.
    package var nodes: [LivingNode]?
    /// Events that are due and not matched.
    package var events = 0
    package var oldestEventAt: Timestamp?
    /// Events that are due later.
    package var scheduled = ScheduledEvents()
    package var setAside = 0
    /// Deliveries that are due and that nothing holds.
    package var due = 0
    /// The number of these that have been due for longer than ``StatusRules/lateness``.
    package var late = 0
    package var oldestDueAt: Timestamp?
    package var inFlight = 0
    /// Deliveries that wait for an attempt, whenever it is due and whatever holds them.
    package var waiting = 0
    /// By subscription.
    package var holds: [Hold] = []
    /// Owners of the subscriptions that it tells about.
    package var owners = SubscriptionOwners()
    package var files: Files
    /// The errors of the configuration as it is on the disk now.
    package var configurationErrors = 0
    package var lastError: LastError?
    /// Deliveries that have failed for good within ``StatusRules/lossWindow``, or are unknown, and were not sent again.
    package var lost = 0
    /// The number of these whose outcome is unknown: they may have arrived.
    package var unknown = 0
    /// Problems of the store's server that should be seen to, and keep nothing from being delivered.
    package var serverWarnings: [StatusProblem] = []

    package init(at now: Timestamp, files: Files) {
        at = now
        self.files = files
    }
}

/// Something that is wrong with a store, with advice.
package struct StatusProblem: Sendable, Hashable {
    /// Stable, for programs.
    package var code: String
    package var message: String
    package var hint: String?

    package init(_ code: String, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

/// The limits beyond which something is wrong.
package enum StatusRules {
    /// A delivery that has been due for longer is late.
    package static let lateness: Duration = .seconds(60)
    /// An event that has waited for its fan-out for longer is late.
    package static let eventLateness: Duration = .seconds(10)
    /// Less free room on the disk, in bytes, is too little.
    package static let leastFree: Int64 = 256 * 1024 * 1024
    /// A write-ahead log beyond this number of bytes is held by somebody.
    package static let mostWAL = Int64(WALSizeWatch.limit)
    /// The time for which a final failure is told of.
    package static let lossWindow: Duration = .seconds(3600)
    /// The most failed deliveries to look at, the newest.
    package static let mostLost = 500
    /// A dispatcher whose last sign of life is older is stopped or hung.
    package static let mostSilence = SignOfLife.mostSilence
    /// Dispatchers that have had different files for longer are no deployment any more.
    package static let deployment: Duration = .seconds(300)
}

extension StoreStatus {
    /// Everything that is wrong, the worst first; empty: all is well.
    package var problems: [StatusProblem] {
        dispatcherProblems + configurationProblems + disagreement(isLong: true) + backlogProblems + holdProblems
            + fileProblems
    }

    /// Everything that should be seen to, and is not wrong.
    package var warnings: [StatusProblem] { lossWarnings + disagreement(isLong: false) + serverWarnings }

    private var lossWarnings: [StatusProblem] {
        let isCut = lost >= StatusRules.mostLost
        func have(_ count: Int) -> String {
            let more = isCut ? " or more" : ""
            return count == 1 && !isCut ? "1 delivery has" : "\(count) deliveries\(more) have"
        }
        var warnings: [StatusProblem] = []
        if lost > unknown {
            let message = "\(have(lost - unknown)) failed for good within an hour, and nobody tries again"
            let hint = "`webhooks deliveries list --state failed` shows them, `webhooks retrigger ID` sends one again"
            warnings.append(StatusProblem("lost", message, hint: hint))
        }
        if unknown > 0 {
            let message =
                "\(have(unknown)) ended within an hour without anybody knowing the outcome: they may have arrived, and nobody "
                + "tries again"
            let hint =
                "`webhooks deliveries list --state unknown` shows them; ask the receiver: `webhooks retrigger ID` sends one a "
                + "second time where it has arrived"
            warnings.append(StatusProblem("unknown", message, hint: hint))
        }
        return warnings
    }

    private var configurationProblems: [StatusProblem] {
        guard configurationErrors > 0 else { return refusalProblems }
        let count = configurationErrors == 1 ? "1 error" : "\(configurationErrors) errors"
        let message =
            "the configuration has \(count): a dispatcher goes on with the one before, and would not start again"
        return [StatusProblem("configuration", message, hint: "`webhooks validate` names the lines")]
    }

    /// A refusal that the file doesn't show: it may be valid, and another than the dispatcher can take up.
    private var refusalProblems: [StatusProblem] {
        guard let refusals = dispatcher?.refusals, !refusals.isEmpty else { return [] }
        let names = refusals.map { "process \($0.processID)" + (nodes == nil ? "" : $0.host.map { " on \($0)" } ?? "") }
        let (who, go) =
            names.count == 1
            ? ("the dispatcher, \(names[0]), has", "goes")
            : ("\(names.count) dispatchers, \(names.joined(separator: ", ")), have", "go")
        let message = "\(who) refused the configuration on the disk, and \(go) on with the one before"
        let hint =
            "the log says why; another `store` takes a restart, and a key of `server.encryptionKey` may go after `webhooks reseal`"
        return [StatusProblem("configuration", message, hint: hint)]
    }

    private var dispatcherProblems: [StatusProblem] {
        guard let dispatcher else {
            if let reconnecting { return [reconnecting] }
            let hint =
                "start one: `webhooks run` or `serve`; one that was started with another `store` is shown by --store with that one"
            var waiting: [String] = []
            if events > 0 { waiting.append(events == 1 ? "1 event" : "\(events) events") }
            if due > 0 { waiting.append(due == 1 ? "1 delivery" : "\(due) deliveries") }
            let count = events + due
            let wait =
                count == 0 ? "" : "; \(waiting.joined(separator: " and ")) \(count == 1 ? "waits" : "wait") for it"
            // A command may be sending them now.
            let left =
                inFlight == 0
                ? ""
                : "; \(inFlight == 1 ? "1 is" : "\(inFlight) are") in flight, or cut off until the next one settles that"
            return [StatusProblem("no_dispatcher", "no dispatcher runs\(wait)\(left)", hint: hint)]
        }
        var problems: [StatusProblem] = []
        if let age = dispatcher.lastSignOfLife, age > StatusRules.mostSilence {
            let message =
                "the dispatcher, process \(dispatcher.processID), doesn't respond: its last sign of life is "
                + "\(age.components.seconds) s old"
            let hint = "stopped (`kill -CONT \(dispatcher.processID)`), or hung on its disk: end it and start another"
            problems.append(StatusProblem("not_responding", message, hint: hint))
        }
        if let trouble = dispatcher.trouble {
            let message = "the dispatcher can't record anything (\(trouble)): nothing is delivered"
            problems.append(StatusProblem("store_trouble", message, hint: Self.hint(for: trouble)))
        }
        if dispatcher.isStopping {
            let message = "the dispatcher, process \(dispatcher.processID), is stopping"
            problems.append(
                StatusProblem("stopping", message, hint: "start another when it has ended: `webhooks run` or `serve`")
            )
        }
        return problems
    }

    /// The way out of a trouble with the store.
    private static func hint(for trouble: String) -> String {
        switch trouble {
        case StoreError.Code.full.rawValue: "make room on the disk"
        case StoreError.Code.busy.rawValue:
            "another program holds the store's write lock: end it, or its transaction (`fuser` with the file names it)"
        default: "the dispatcher's log says why"
        }
    }

    /// Dispatchers that were there a moment ago: the server has restarted, or they were killed.
    package var reconnecting: StatusProblem? {
        guard dispatcher == nil, let lost = LostDispatchers(nodes, at: at) else { return nil }
        let message = "no dispatcher is connected to the database; \(lost.text)"
        let hint = "after a restart of the server they are back within seconds; one that was killed is forgotten soon"
        return StatusProblem("reconnecting", message, hint: hint)
    }

    /// Dispatchers with different files.
    ///
    /// - Parameter isLong: whether to tell of those that take longer than a deployment, or of the others.
    private func disagreement(isLong: Bool) -> [StatusProblem] {
        guard let nodes, let since = nodes.disagreeSince, (since < at - StatusRules.deployment) == isLong else {
            return []
        }
        let message =
            "the dispatchers have \(nodes.configurations) different files since \(since): events that one of them matches miss "
            + "the subscriptions that it doesn't know"
        let hint =
            "`webhooks nodes` shows who has which: give all the same file and reload them (SIGHUP); then `webhooks retrigger "
            + "--missing --subscription NAME --since \(since)` sends what one has missed"
        return [StatusProblem("nodes_disagree", message, hint: hint)]
    }

    private var backlogProblems: [StatusProblem] {
        var problems: [StatusProblem] = []
        // Without a dispatcher the reason is said already.
        if dispatcher != nil, events > 0, let oldestEventAt, oldestEventAt < at - StatusRules.eventLateness {
            let count = events == 1 ? "1 event has" : "\(events) events have"
            let message = "\(count) not been matched; the oldest waits since \(oldestEventAt)"
            problems.append(
                StatusProblem("events_late", message, hint: "the dispatcher's log says what it does instead")
            )
        }
        if dispatcher != nil, late > 0 {
            let count = late == 1 ? "1 delivery is" : "\(late) deliveries are"
            let since = oldestDueAt.map { ", the oldest since \($0)" } ?? ""
            let hint =
                "`webhooks stats` shows whose; `maxInFlight` and `rateLimit` bound what is sent at once, and what one tenant has in "
                + "the store gets half of `dispatcher.maxInFlight`"
            problems.append(StatusProblem("late", "\(count) late\(since)", hint: hint))
        }
        if setAside > 0 {
            let count = setAside == 1 ? "1 event is" : "\(setAside) events are"
            let hint =
                "`webhooks check` names them; `webhooks retrigger` tries them again, `webhooks cancel` drops them"
            problems.append(StatusProblem("set_aside", "\(count) set aside: given out no more", hint: hint))
        }
        return problems
    }

    private var holdProblems: [StatusProblem] {
        let parked = Set(holds.filter { $0.reason == .parked }.map(\.subscription))
        return holds.compactMap { hold in
            let name = hold.subscription
            let label = owners.label(name)
            switch hold.reason {
            case .breaker(let breaker):
                let failures = breaker.failures == 1 ? "1 failure" : "\(breaker.failures) failures"
                let next = breaker.until > at ? "attempts pause until \(breaker.until)" : "the next attempt is due"
                let message = "\(label): \(failures) in a row; \(next)"
                let hint = "`webhooks deliveries list --subscription \(name)` shows the answers"
                return StatusProblem("breaker_open", message, hint: hint)
            case .disabled(let disabled) where disabled.cause != .manual && !parked.contains(name):
                let cause = disabled.cause == .gone ? "answered 410" : "nothing but failures"
                let message = "\(label) is disabled since \(disabled.at): \(cause)"
                return StatusProblem("disabled", message, hint: "`webhooks enable \(name)` when the receiver is back")
            // What a person has decided is no fault.
            case .disabled, .paused: return nil
            case .parked where hold.waiting > 0:
                let count = hold.waiting == 1 ? "1 delivery waits" : "\(hold.waiting) deliveries wait"
                let hint = "bring it back, or `webhooks cancel --subscription \(name)`"
                return StatusProblem("parked", "\(label): \(count), and the configuration doesn't serve it", hint: hint)
            case .parked: return nil
            case .unserved(let since?) where since < at - StatusRules.lateness:
                let count = hold.waiting == 1 ? "1 delivery waits" : "\(hold.waiting) deliveries wait"
                let message = "\(label): \(count), and no dispatcher that runs has served it since \(since)"
                let hint =
                    "start a dispatcher whose file has it, or `webhooks cancel --subscription \(name)`; `webhooks nodes` shows "
                    + "who runs"
                return StatusProblem("unserved", message, hint: hint)
            case .unserved: return nil
            // The receiver that fails is told of by its breaker, and by what it loses.
            case .broken, .refused, .order: return nil
            }
        } + unusableProblems(.broken) + unusableProblems(.refused)
    }

    /// More of a kind are counted: where one lost key seals them, they are all of the same.
    private static let mostUnusable = 5

    private func unusableProblems(_ reason: Hold.Reason) -> [StatusProblem] {
        let found = holds.filter { $0.reason == reason }
        guard found.count > Self.mostUnusable else {
            return found.map { unusableProblem(reason, owners.label($0.subscription), [$0]) }
        }
        return [unusableProblem(reason, "\(found.count) subscriptions", found)]
    }

    private func unusableProblem(_ reason: Hold.Reason, _ who: String, _ holds: [Hold]) -> StatusProblem {
        let (its, it) = holds.count == 1 ? ("its", "it") : ("their", "them")
        // The configuration has nothing of those that the store keeps.
        let command = holds.allSatisfy { StoredSubscription.isName($0.subscription) } ? "doctor" : "validate"
        if reason == .refused {
            let message = "\(who): refused by the dispatcher, and events pass \(it) by"
            let hint =
                "`webhooks doctor` says why; once that is mended, `replay-missing` of the HTTP API sends what was missed"
            return StatusProblem("refused", message, hint: hint)
        }
        let waiting = holds.reduce(0) { $0 + $1.waiting }
        let count = waiting == 1 ? "1 delivery waits" : "\(waiting) deliveries wait"
        let message = "\(who): \(its) settings can't be used, and the dispatcher serves the others; \(count)"
        let hint =
            "`webhooks \(command)` says what is wrong; once it is mended they are sent. If it finds nothing, the dispatcher's "
            + "environment has another value: its log says which, and only a restart takes over a new one"
        return StatusProblem("broken", message, hint: hint)
    }

    /// Says how much room is left on a store's disk: in the same words wherever that is said.
    static func freeText(_ free: Int64, _ path: String) -> String {
        "\(SizeText.short(free)) are free on the disk of \(path)"
    }

    private var fileProblems: [StatusProblem] {
        var problems: [StatusProblem] = []
        if let free = files.free, free < StatusRules.leastFree {
            let message = Self.freeText(free, files.path)
            problems.append(StatusProblem("disk", message, hint: "make room: a store that can't grow delivers nothing"))
        }
        if let size = files.walSize, size > StatusRules.mostWAL {
            let message = "the write-ahead log has \(SizeText.short(size))"
            let hint = "some program holds a read transaction on the store: end it"
            problems.append(StatusProblem("wal", message, hint: hint))
        }
        return problems
    }
}
