internal import WebhookCore
internal import Webhooks

/// Counts of deliveries by state, to tell what a run has changed. Tests and subscriptions that are gone don't count.
struct RunTally {
    private var delivered = 0
    private var failed = 0
    private var unknown = 0
    private var waiting = 0
    private var pending = 0
    /// Open deliveries of subscriptions that the configuration has no more, or not enabled.
    private(set) var parked = 0

    /// The numbers now; all zero where there is no store yet.
    static func now(_ dispatcher: WebhookDispatcher) async throws -> RunTally {
        var tally = RunTally()
        do throws(WebhooksError) {
            for row in try await dispatcher.overview() { tally.add(row) }
        } catch {
            guard error.store?.code == .missing else { throw error }
        }
        return tally
    }

    private mutating func add(_ row: WebhookLog.SubscriptionOverview) {
        switch row.obstacle?.kind {
        case .missing, .configuration:
            parked += [.pending, .waiting, .inFlight].reduce(0) { $0 + row.statistics.count($1) }
            return
        case .disabled, .unusable, .refused, nil: break
        }
        delivered += row.statistics.count(.delivered)
        failed += row.statistics.count(.failed)
        unknown += row.statistics.count(.unknown)
        waiting += row.statistics.openRetries
        pending += row.statistics.openFirstAttempts
    }

    /// Counts what has settled since, and what is open now.
    func since(_ before: RunTally) -> RunTally {
        var change = self
        // Pruning may have taken away more than was added.
        change.delivered = max(0, delivered - before.delivered)
        change.failed = max(0, failed - before.failed)
        change.unknown = max(0, unknown - before.unknown)
        return change
    }

    /// True when nothing failed, and nothing waits for a retry.
    var isGood: Bool { failed == 0 && unknown == 0 && waiting == 0 && pending == 0 }

    /// - Parameter later: events that were not waited for.
    func text(later: ScheduledEvents, now: Timestamp = .now) -> String {
        let parts = [
            (delivered, "delivered"), (failed, "failed"), (unknown, "unknown"), (waiting, "waiting for a retry"),
            (pending, "pending"),
        ]
        let present = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let text = present.isEmpty ? "nothing to deliver" : present.joined(separator: ", ")
        guard let next = later.next else { return text }
        let are = later.count == 1 ? "is" : "are"
        return text + (present.isEmpty ? " now" : "")
            + "; \(Counted.text(later.count, "event")) \(are) due later, the next \(RelativeTime.text(next, now: now))"
    }

    /// - Parameter later: events that were not waited for.
    func json(later: ScheduledEvents) -> JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("delivered", .integer(delivered)), ("failed", .integer(failed)), ("unknown", .integer(unknown)),
            ("waiting", .integer(waiting)), ("pending", .integer(pending)),
        ]
        if let next = later.next { members.append(("later", ["events": .integer(later.count), "next": .time(next)])) }
        return .object(members)
    }
}
