internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Counts and durations for each subscription.",
        discussion: """
            Also says which subscriptions are disabled and why, which are paused and until when, where attempts pause after failures in a row (an open breaker), and what waits for those that the configuration no longer \
            has. Tests are left out.

              webhooks stats
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let rows = try await opened.log.overview(of: opened.known, areAll: opened.configured != nil)
        let owners = try await opened.log.owners(of: rows.map(\.name))
        if options.json {
            for row in rows { JSONOutput.object(JSONOutput.members(of: row) + owners.members(row.name)).write() }
            return try await warnOfSetAside(opened.log)
        }
        let columns: [Table.Column] = [
            .init("SUBSCRIPTION", flexible: true), .init("STATE", flexible: true), .init("DELIVERED", number: true),
            .init("FAILED", number: true), .init("UNKNOWN", number: true), .init("WAITING", number: true),
            .init("PENDING", number: true, sacrifice: 6), .init("P50", number: true, sacrifice: 2),
            .init("P95", number: true, sacrifice: 5),
            .init("P99", number: true, sacrifice: 3), .init("LAST ERROR", sacrifice: 4),
            .init("LAST DELIVERED", sacrifice: 1),
        ]
        var table = Table(columns + owners.columns)
        for row in rows { table.add(cells(row) + owners.cells(row.name)) }
        Pages.write(table, empty: "no subscriptions")
        if let line = try await waiting(opened) { Output.standard.writeLine(line) }
        try await warnOfSetAside(opened.log)
    }

    /// Events that no row counts, for nobody knows yet who gets them, and what is due although nobody delivers it.
    private func waiting(_ opened: OpenedLog) async throws -> String? {
        let events = try await opened.log.unmatchedEvents()
        let presence = await opened.log.dispatcherPresence()
        var parts: [String] = []
        if events.due > 0 {
            let wait = events.due == 1 ? "1 event waits" : "\(events.due) events wait"
            parts.append("\(wait) \(DispatcherText.forWhom(presence))")
        }
        let due = presence.running == nil ? try await opened.log.dueDeliveries(configured: opened.configured) : 0
        if due > 0 {
            let wait = due == 1 ? "1 delivery is due and waits" : "\(due) deliveries are due and wait"
            parts.append("\(wait) \(DispatcherText.forWhom(presence))")
        }
        if events.later > 0 {
            parts.append("\(events.later == 1 ? "1 event is" : "\(events.later) events are") due later")
        }
        return parts.isEmpty ? nil : parts.joined(separator: ". ")
    }

    /// They belong to no subscription, so that no row has them.
    private func warnOfSetAside(_ log: WebhookLog) async throws {
        for event in try await log.setAsideEvents(limit: 20) {
            Notice.warning(
                "set_aside",
                "the event \(event.id) (\(event.topic)) is set aside: \(event.reason); "
                    + "`webhooks retrigger` tries it again, `webhooks cancel` drops it",
                asJSON: options.json
            )
        }
    }

    private func cells(_ row: WebhookLog.SubscriptionOverview) -> [Table.Cell] {
        let numbers = row.statistics
        func count(_ value: Int, _ style: Terminal.Style) -> Table.Cell {
            .init(String(value), value > 0 ? style : .plain)
        }
        func span(_ duration: Duration?) -> Table.Cell { .init(duration.map(RelativeTime.duration)) }
        return [
            .init(row.name),
            obstacle(row).map { .init($0, .bad) } ?? hold(row).map { .init($0, .doubtful) } ?? .init("enabled", .good),
            count(numbers.count(.delivered), .plain), count(numbers.count(.failed), .bad),
            count(numbers.count(.unknown), .doubtful), count(numbers.openRetries, .doubtful),
            count(numbers.openFirstAttempts, .plain), span(numbers.p50), span(numbers.p95), span(numbers.p99),
            .init(numbers.lastFailure.map(text) ?? "-"), .init(numbers.lastDeliveredAt.map { RelativeTime.text($0) }),
        ]
    }

    /// `503, 12 s ago`; without an answer the class of the error.
    private func text(_ failure: SubscriptionStatistics.Failure) -> String {
        "\(failure.status.map(String.init) ?? failure.error.rawValue), \(RelativeTime.text(failure.at))"
    }

    /// The reason why nothing is sent, for people.
    private func obstacle(_ row: WebhookLog.SubscriptionOverview) -> String? {
        guard let disabled = row.obstacle?.disabled else { return row.obstacle?.reason }
        return HoldText.disabled(disabled)
    }

    private func hold(_ row: WebhookLog.SubscriptionOverview) -> String? {
        if let pause = row.paused { return HoldText.paused(pause) }
        return row.breaker.map { HoldText.breaker($0) }
    }
}
