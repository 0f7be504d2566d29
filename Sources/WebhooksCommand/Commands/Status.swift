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
            before, and would not start again.

              webhooks status
              webhooks status --json | jq .problems
              webhooks status --watch     (until Ctrl-C)
            """
    )

    @Flag(help: "Looks again and again, until Ctrl-C; the exit code is the last look's.")
    var watch = false

    @Option(
        help: ArgumentHelp("The time between two looks, such as 500ms or 10s. (default: 2s)", valueName: "duration"),
        transform: DurationArgument.read
    )
    var interval = DurationArgument(.seconds(2))

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if interval.duration < .milliseconds(100) { throw ValidationError("--interval is at least 100ms") }
    }

    func run() async throws {
        let opened = try options.openLog()
        var report: WebhookConfiguration.Report?
        var status = try await look(opened, &report)
        write(status)
        guard watch else { return try Self.end(status) }
        let looks = Ticks(every: interval.duration)
        for await _ in looks.stream {
            status = try await look(opened, &report)
            // From the top of the screen; a pipe gets one after the other.
            if Terminal.standardOutput.isTerminal, !options.json { Output.standard.write("\u{1B}[H\u{1B}[2J") }
            write(status)
            if Output.standard.isBroken { break }
        }
        try Self.end(status)
    }

    /// One look at the store, and at the configuration that a dispatcher would start with.
    ///
    /// - Parameter report: of the last look; loaded again where a file has changed since.
    private func look(_ opened: OpenedLog, _ report: inout WebhookConfiguration.Report?) async throws -> StoreStatus {
        var status = try await opened.log.status(configured: opened.configured)
        if report?.isCurrent != true { report = opened.configuration?.withoutSources().load() }
        status.configurationErrors = report?.diagnostics.count { $0.severity == .error } ?? 0
        return status
    }

    private func write(_ status: StoreStatus) {
        options.json ? StatusOutput.json(status).write() : StatusOutput.write(status)
        Output.standard.flush()
    }

    private static func end(_ status: StoreStatus) throws {
        if !status.problems.isEmpty { throw ExitStatus.negative }
    }
}

/// A beat that ends with Ctrl-C.
struct Ticks {
    let stream: AsyncStream<Void>

    init(every interval: Duration) {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let beat = Task {
            while (try? await Task.sleep(for: interval)) != nil { continuation.yield() }
        }
        let trap = InterruptTrap { continuation.finish() }
        // The trap lives as long as the beat.
        continuation.onTermination = { _ in withExtendedLifetime(trap) { beat.cancel() } }
        self.stream = stream
    }
}
