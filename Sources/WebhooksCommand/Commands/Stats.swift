internal import ArgumentParser
internal import Webhooks

struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Counts and durations for each subscription.",
        discussion: """
            Also says which subscriptions are disabled and why, which are paused and until when, and what waits for those that the configuration no longer \
            has. Tests are left out.

              webhooks stats
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let rows = try await opened.log.overview(of: opened.outline.entries?.map { ($0.name, $0.isEnabled) })
        if options.json {
            for row in rows { json(row).write() }
            return try await warnOfSetAside(opened.log)
        }
        var table = Table([
            .init("SUBSCRIPTION", flexible: true), .init("STATE", flexible: true), .init("DELIVERED", number: true),
            .init("FAILED", number: true), .init("UNKNOWN", number: true), .init("WAITING", number: true),
            .init("PENDING", number: true, sacrifice: 6), .init("P50", number: true, sacrifice: 2),
            .init("P95", number: true, sacrifice: 5),
            .init("P99", number: true, sacrifice: 3), .init("LAST ERROR", sacrifice: 4),
            .init("LAST DELIVERED", sacrifice: 1),
        ])
        for row in rows { table.add(cells(row)) }
        Pages.write(table, empty: "no subscriptions")
        try await warnOfSetAside(opened.log)
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

    private func json(_ row: SubscriptionOverview) -> JSONOutput {
        let numbers = row.statistics
        var members: [(String, JSONOutput)] = [
            ("subscription", .text(row.name)),
            ("enabled", .bool(row.obstacle == nil)),
            ("disabledReason", .string(reason(row))),
            ("delivered", .integer(numbers.count(.delivered))),
            ("failed", .integer(numbers.count(.failed))),
            ("unknown", .integer(numbers.count(.unknown))),
            ("waiting", .integer(numbers.count(.waiting))),
            ("pending", .integer(pending(row))),
            ("p50Ms", .milliseconds(numbers.p50)),
            ("p95Ms", .milliseconds(numbers.p95)),
            ("p99Ms", .milliseconds(numbers.p99)),
            ("lastError", .string(numbers.lastError?.rawValue)),
            ("lastDeliveredAt", .time(numbers.lastDeliveredAt)),
        ]
        if let paused = row.paused { members += [("paused", .bool(true)), ("pausedUntil", .time(paused.until))] }
        return .object(members)
    }

    private func cells(_ row: SubscriptionOverview) -> [Table.Cell] {
        let numbers = row.statistics
        func count(_ value: Int, _ style: Terminal.Style) -> Table.Cell {
            .init(String(value), value > 0 ? style : .plain)
        }
        func span(_ duration: Duration?) -> Table.Cell { .init(duration.map(RelativeTime.duration)) }
        return [
            .init(row.name),
            reason(row).map { .init($0, .bad) } ?? pause(row).map { .init($0, .doubtful) } ?? .init("enabled", .good),
            count(numbers.count(.delivered), .plain), count(numbers.count(.failed), .bad),
            count(numbers.count(.unknown), .doubtful), count(numbers.count(.waiting), .doubtful),
            count(pending(row), .plain), span(numbers.p50), span(numbers.p95), span(numbers.p99),
            .init(numbers.lastError?.rawValue), .init(numbers.lastDeliveredAt.map { RelativeTime.text($0) }),
        ]
    }

    /// Those in flight have not settled either.
    private func pending(_ row: SubscriptionOverview) -> Int {
        row.statistics.count(.pending) + row.statistics.count(.inFlight)
    }

    private func pause(_ row: SubscriptionOverview) -> String? {
        row.paused.map { pause in "paused" + (pause.until.map { " until \($0)" } ?? "") }
    }

    private func reason(_ row: SubscriptionOverview) -> String? {
        switch row.obstacle {
        case nil: nil
        case .missing: "not in the configuration"
        case .configuration: "enabled: false"
        case .disabled(let disabled):
            switch disabled.cause {
            case .manual: "by hand since \(disabled.at)"
            case .gone: "the receiver answered 410 at \(disabled.at)"
            case .failing: "nothing but failures until \(disabled.at)"
            }
        }
    }
}
