internal import WebhookCore
internal import Webhooks

/// An event with its outcome.
struct EmittedEvent {
    var event: Event
    var isDuplicate: Bool
    /// Oldest first.
    var deliveries: [Delivery]
    var matching: Matching
    /// Owners of the deliveries' subscriptions, and of those that almost matched.
    var owners = SubscriptionOwners()

    /// The number of subscriptions that the event matched.
    enum Matching {
        /// It has deliveries.
        case matched
        /// It is due later, and matched then.
        case waitsForTime(Timestamp)
        /// A dispatcher runs and has not got to it.
        case waitsForDispatcher(WebhookLog.RunningDispatcher)
        /// No dispatcher runs, or none is connected to the database that was a moment ago.
        case waitsForStart(LostDispatchers?)
        /// It is given out no more until somebody tries it again, with the reason.
        case setAside(String)
        /// It was cancelled before it was matched.
        case cancelled
        /// It was matched, and nobody subscribes to it.
        case nobody(NearMisses?)
        /// It is stored, and the store could not be read after that.
        case unread

        /// The reasons why there are no deliveries, where that may change or somebody has decided it: members of an
        /// event's object.
        var members: [(String, JSONOutput)] {
            switch self {
            case .matched, .nobody, .unread: []
            case .cancelled: [("cancelled", .bool(true))]
            case .setAside(let reason): [("setAside", .text(reason))]
            case .waitsForTime(let due): [("waiting", ["for": .text("time"), "until": .time(due)])]
            case .waitsForDispatcher(let running):
                [("waiting", Self.waiting(running))]
            case .waitsForStart(let lost): [("waiting", Self.waitingForStart(lost))]
            }
        }

        private static func waiting(_ running: WebhookLog.RunningDispatcher) -> JSONOutput {
            var members: [(String, JSONOutput)] = [
                ("for", .text("dispatcher")), ("processID", .integer(Int64(running.processID))),
            ]
            if running.isStopping { members.append(("stopping", .bool(true))) }
            return .object(members)
        }

        private static func waitingForStart(_ lost: LostDispatchers?) -> JSONOutput {
            let members: [(String, JSONOutput)] = [("for", .text("dispatcher")), ("processID", nil)]
            return .object(members + (lost == nil ? [] : [("reconnecting", .bool(true))]))
        }

        /// - Parameter presence: who will match it.
        static func waits(for presence: DispatcherPresence) -> Matching {
            presence.running.map { .waitsForDispatcher($0) } ?? .waitsForStart(presence.lost)
        }

        /// Reads what a row of the list of events says.
        ///
        /// - Parameter presence: who delivers.
        init?(_ event: LoggedEvent, _ presence: DispatcherPresence) {
            if event.isCancelled {
                self = .cancelled
            } else if let reason = event.setAside {
                self = .setAside(reason)
            } else if !event.isUnmatched {
                return nil
            } else if let due = event.deliverAt, due > .now {
                self = .waitsForTime(due)
            } else {
                self = .waits(for: presence)
            }
        }

        /// True when a row of the list of events has its member.
        var isSaidByTheEvent: Bool {
            switch self {
            case .setAside, .cancelled: true
            case .matched, .waitsForTime, .waitsForDispatcher, .waitsForStart, .nobody, .unread: false
            }
        }

        var isNobody: Bool { if case .nobody = self { true } else { false } }
        var waitsForDispatcher: Bool {
            switch self {
            case .waitsForDispatcher, .waitsForStart: true
            case .matched, .waitsForTime, .setAside, .cancelled, .nobody, .unread: false
            }
        }
    }

    /// The subscriptions that its outputs name.
    var subscriptions: [String] {
        guard case .nobody(let misses?) = matching else { return deliveries.map(\.subscription) }
        return misses.nearest.map(\.subscription)
    }

    /// The interface's form. `duplicate`, `waiting` and `nearMisses` are there only where they say something.
    var json: JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("event", EventOutput.json(event)),
            ("deliveries", .array(deliveries.map { DeliveryOutput.json($0, owners: owners) })),
        ]
        if isDuplicate { members.append(("duplicate", .bool(true))) }
        members += matching.members
        switch matching {
        case .matched, .cancelled, .waitsForTime, .waitsForDispatcher, .waitsForStart, .setAside, .unread: break
        case .nobody(let misses):
            members += (misses ?? NearMisses()).members(owners)
        }
        return .object(members)
    }

    /// - Parameter holds: what holds its deliveries.
    func write(holds: DeliveryHolds) {
        let terminal = Terminal.standardOutput
        var line = terminal.styled(PlainText.escaped(event.id), .bold) + "  " + PlainText.escaped(event.topic)
        if event.isTest { line += " (test)" }
        line += isDuplicate ? "  stored before" : "  stored"
        switch matching {
        case .matched: line += ", " + Counted.deliveries(deliveries.count)
        case .waitsForTime(let due): line += ", to be delivered \(RelativeTime.long(due))"
        case .waitsForDispatcher(let running): line += "; waits for \(DispatcherText.waitsFor(running))"
        case .waitsForStart(let lost):
            line +=
                "; waits for a dispatcher; \(DispatcherText.nobody(lost, advice: "\(DispatcherText.start) delivers it"))"
        case .setAside(let reason): line += "; it is set aside: \(PlainText.escaped(reason))"
        case .cancelled: line += "; it was cancelled then, and is not sent: emit it with another id to send it"
        case .nobody: line += "; nobody subscribes to it"
        case .unread: break
        }
        Output.standard.writeLine(line)
        if case .nobody(let misses?) = matching { write(misses) }
        if !deliveries.isEmpty { DeliveryOutput.outcomeTable(deliveries, owners: owners, holds: holds).write() }
        if isDuplicate, !deliveries.isEmpty, deliveries.allSatisfy({ $0.state == .cancelled }) {
            let id = PlainText.escaped(event.id)
            Output.standard.writeLine("  cancelled, and not sent: `webhooks retrigger \(id)` sends it all the same")
        }
    }

    private func write(_ misses: NearMisses) {
        for miss in misses.nearest {
            Output.standard.writeLine(PlainText.escaped("  not to \(owners.label(miss.subscription)): \(miss.message)"))
        }
        if misses.others > 0 { Output.standard.writeLine("  nor to \(Counted.text(misses.others, "other")) as near") }
        if let topic = misses.suggestion { Output.standard.writeLine(PlainText.escaped("  did you mean \(topic)?")) }
    }
}

extension WebhookLog {
    /// Returns whether anybody wants an event, and its deliveries.
    ///
    /// - Parameters:
    ///   - deliveries: those that were found so far.
    ///   - misses: asked for where nobody wants it.
    func matching(
        of event: Event,
        _ deliveries: [Delivery],
        _ misses: () -> NearMisses?
    ) async throws(WebhooksError) -> (deliveries: [Delivery], matching: EmittedEvent.Matching) {
        guard deliveries.isEmpty else { return (deliveries, .matched) }
        guard try await unmatched(of: [event.id]).isEmpty else {
            if let reason = try await loggedEvent(event.id)?.setAside { return ([], .setAside(reason)) }
            if let due = event.deliverAt, due > .now { return ([], .waitsForTime(due)) }
            return ([], .waits(for: await dispatcherPresence()))
        }
        // Perhaps it was matched only a moment ago: with that its deliveries were there.
        let found = try await self.deliveries(ofEvents: [event.id])
        guard found.isEmpty else { return (found, .matched) }
        let isCancelled = try await loggedEvent(event.id)?.isCancelled ?? false
        return ([], isCancelled ? .cancelled : .nobody(misses()))
    }
}
