internal import ArgumentParser
internal import Glibc
internal import WebhookCore
internal import Webhooks

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the dispatcher.",
        discussion: """
            Delivers what is in the store and what others emit, until it is stopped. One dispatcher works on a store at \
            a time; another run exits 69. SIGTERM and SIGINT let requests on their way end within `shutdownGrace`, a \
            second one stops at once. SIGHUP, or a change of the configuration's files, reloads them; one that comes \
            while they are loaded for the first time reloads them afterwards.

              webhooks run
              webhooks run --until-idle       (from cron: delivers what is due and ends)

            With --until-idle or --until-settled it exits 1 where deliveries failed meanwhile or wait for a retry. \
            Neither waits for events that are due later (--in, --deliver-at): it says how many there are.
            """
    )

    @Flag(help: "Ends when nothing is due now and nothing is in flight; retries are left to the next run.")
    var untilIdle = false

    @Flag(help: "Ends when every delivery has settled; events that are due later are not waited for.")
    var untilSettled = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if untilIdle && untilSettled { throw ValidationError("--until-idle and --until-settled exclude each other") }
    }

    func run() async throws {
        try options.checkStore()
        let (logger, isBounded) = (options.logger(.notice), untilIdle || untilSettled)
        let signals = RunSignals {
            // Nothing was begun: there is nothing to bring to an end.
            logger.notice("stopped while loading")
            _exit((isBounded ? ExitStatus.negative : .success).rawValue)
        }
        let dispatcher = try await WebhookDispatcher(configuration: options.configuration, logger: logger)
        FileDescriptors.raiseLimit()
        signals.onStop { dispatcher.shutDown() }
        signals.onReload { dispatcher.reload() }
        signals.onAbort {
            guard let count = dispatcher.attemptsUnderWay else { return logger.warning("stopped at once") }
            logger.warning("stopped at once; \(Counted.text(count, "attempt")) cut off")
        }
        guard isBounded else { return try await dispatcher.run(until: .shutdown) }
        let before = try await RunTally.now(dispatcher)
        try await dispatcher.run(until: untilIdle ? .idle : .settled)
        let change = try await RunTally.now(dispatcher).since(before)
        let later = try await dispatcher.log.scheduledEvents()
        if options.json {
            change.json(later: later).write()
        } else {
            Output.standard.writeLine(change.text(later: later))
        }
        if change.parked > 0, untilSettled {
            let are = change.parked == 1 ? "is" : "are"
            Notice.note(
                "parked",
                "\(Counted.deliveries(change.parked)) \(are) parked: the configuration lacks their subscriptions, "
                    + "which `webhooks stats` shows",
                asJSON: options.json
            )
        }
        if signals.isStopping || !change.isGood { throw ExitStatus.negative }
    }
}
