internal import WebhookCore

/// The order of an ordered subscription, worked out apart from the engine: that of the events' rows, which are given out at
/// acceptance, whoever accepts. Where an event waits for a later time, the transaction that finds it due decides.
extension SimulatedWorld {
    /// The record of an event that was due later than it was accepted, once it was found due.
    struct FoundDue {
        /// The transaction.
        var commit: Int
        /// The last event (row) at its end.
        var lastEvent: Int64
    }

    /// After a transaction that looked for events that are due.
    func noteFoundDue(by instant: Timestamp) throws {
        let rows = store.rows
        if process?.beganWrong == false {
            // Steps of an hour count once they have lasted; a jump of days never does.
            let most = rightWall + .seconds(12 * 3600)
            try Violation.require(instant <= most, "events are looked for that are due by \(instant), at \(rightWall)")
        }
        for turn in rows.dueEvents.values where isLate(turn.row) && foundDue[turn.row] == nil {
            let due = rows.events[turn.row]?.dueAt
            try Violation.require(
                due.map { $0 <= instant } ?? false,
                "event \(turn.row) is taken for due before its time"
            )
            foundDue[turn.row] = FoundDue(commit: report.commits, lastEvent: rows.lastEvent)
        }
    }

    /// Tells whether an event was due later than it was accepted.
    func isLate(_ row: Int64) -> Bool {
        guard let event = store.rows.events[row] else { return false }
        return !event.event.isDue(at: event.createdAt)
    }

    /// Tells whether an event, matched in a transaction or not yet, must be delivered before another.
    private func comes(_ first: (row: Int64, commit: Int?), before second: (row: Int64, commit: Int?)) -> Bool {
        switch (isLate(first.row), isLate(second.row)) {
        case (false, false): return first.row < second.row
        case (true, false): return foundDue[first.row].map { $0.lastEvent < second.row } ?? false
        case (false, true):
            guard let commit = first.commit, let found = foundDue[second.row] else { return false }
            return commit < found.commit
        case (true, true): return false
        }
    }

    /// Nothing that was accepted before may be open or wait to be matched when a first attempt leaves.
    func checkOrder(_ id: Delivery.ID, _ name: String) throws {
        guard let row = store.rows.deliveries[id.rawValue], row.attempts == 1, deliveries[id]?.isForeign == false else {
            return
        }
        let own = (row: row.event, commit: deliveries[id]?.commit)
        let running =
            process?.requests.values.filter { $0.subscription == name && !$0.order.context.event.isTest } ?? []
        let open = (store.rows.waiting[name]?.values.map(\.delivery) ?? []) + running.map(\.delivery)
        for other in open where other != id && deliveries[other]?.isForeign == false && !staysOpen(other) {
            guard let event = store.rows.deliveries[other.rawValue]?.event else { continue }
            try Violation.require(
                !comes((event, deliveries[other]?.commit), before: own),
                "\(id) (event \(row.event)) leaves before \(other) (event \(event)) of the ordered \(name)"
            )
        }
        for turn in store.rows.dueEvents.values {
            guard comes((turn.row, nil), before: own), let event = store.rows.events[turn.row],
                event.target.map({ $0 == name }) ?? registry.subscription(named: name)?.wants(event.event) ?? false
            else { continue }
            throw Violation(
                "\(id) (event \(row.event)) leaves before event \(turn.row) is matched for the ordered \(name)"
            )
        }
    }
}
