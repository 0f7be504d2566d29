internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says whether deliveries are alive and on time, and exits 1 when something is wrong.",
        discussion: """
            The dispatcher, what waits for its fan-out or its attempt and since when, open breakers, disabled and paused \
            subscriptions, the store's files, the last error; then what is wrong, with what to do. Needs the store alone. \
            What a person has decided (a pause, `disable`) is shown and is not wrong; a delivery is late once it has been due \
            for 60 s, and nothing holds it. A configuration that can't be used is wrong, too: a dispatcher goes on with the one \
            before, and would not start again. It warns, without exiting 1, of deliveries that have failed for good within an \
            hour, which nobody tries again. On PostgreSQL it also names subscriptions with open deliveries that no dispatcher \
            serves, dispatchers that have had different files for five minutes, and warns of what keeps the server from removing \
            old rows.

              webhooks status
              webhooks status --json | jq .problems
              webhooks status --watch     (until Ctrl-C)
            """
    )

    @OptionGroup var watching: WatchOptions

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        var report: WebhookConfiguration.Report?
        let status = try await watching.look(asJSON: options.json) {
            try await look(opened, &report)
        } write: { status in
            options.json ? StatusOutput.json(status).write() : StatusOutput.write(status)
        }
        if !status.problems.isEmpty { throw ExitStatus.negative }
    }

    /// One look at the store, and at the configuration that a dispatcher would start with.
    ///
    /// - Parameter report: of the last look; loaded again where a file has changed since.
    private func look(_ opened: OpenedLog, _ report: inout WebhookConfiguration.Report?) async throws -> StoreStatus {
        var status = try await opened.log.status(configured: opened.configured)
        status.serverWarnings = try await opened.log.serverWarnings()
        if report?.isCurrent != true { report = opened.configuration?.withoutSources().load() }
        status.configurationErrors = report?.diagnostics.count { $0.severity == .error } ?? 0
        return status
    }
}
