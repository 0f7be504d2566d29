internal import ArgumentParser
internal import Glibc
internal import Logging
internal import WebhookCore
internal import WebhookMonitoring
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
              webhooks run --wait             (a standby: takes over when the running one ends)
              webhooks run --listen 127.0.0.1:9464

            With --listen it serves /healthz (200 while the process lives), /readyz (200 while it delivers, else 503 and \
            why) and /metrics, in Prometheus' text format, to whoever asks by address. Nobody is asked for a password: \
            beyond this machine it takes --public, and a network that keeps strangers out.

            With --until-idle or --until-settled it exits 1 where deliveries failed meanwhile or wait for a retry. \
            Neither waits for events that are due later (--in, --deliver-at): it says how many there are.

            A service manager that asks for it (NOTIFY_SOCKET, as systemd's Type=notify) is told of the start, reloads, \
            the end and a line of figures, and by WATCHDOG_USEC that deliveries get on.

            With --skip-broken a subscription whose secrets, URL, headers or TLS files can't be used doesn't keep the others \
            from being served: it gets its deliveries, and they wait until a reload finds it mended. The log and `webhooks \
            status` say so. What decides who gets which event, and with what body, must be right all the same.
            """
    )

    @Flag(help: "Ends when nothing is due now and nothing is in flight; retries are left to the next run.")
    var untilIdle = false

    @Flag(help: "Ends when every delivery has settled; events that are due later are not waited for.")
    var untilSettled = false

    @Option(
        help: ArgumentHelp(
            "Serves /healthz, /readyz and /metrics there, such as 127.0.0.1:9464.",
            valueName: "host:port"
        ),
        transform: ListenArgument.read
    )
    var listen: ListenAddress?

    @Flag(name: .customLong("public"), help: "With --listen: for other machines, too. There is no password.")
    var isPublic = false

    @Flag(help: "Waits where another dispatcher runs on the store, and delivers when that ends; else it exits 69.")
    var wait = false

    @Flag(help: "Holds subscriptions whose secrets, URL, headers or TLS files can't be used, and serves the others.")
    var skipBroken = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if let listen, !listen.isLoopback, !isPublic {
            throw ValidationError(
                "\(listen) is open to other machines, and there is no password: add --public if that is meant"
            )
        }
        if isPublic, listen == nil { throw ValidationError("--public goes with --listen") }
        if untilIdle && untilSettled { throw ValidationError("--until-idle and --until-settled exclude each other") }
    }

    func run() async throws {
        try options.checkStore()
        let (logger, isBounded) = (options.logger(.notice), untilIdle || untilSettled)
        let manager = SystemdNotifier(environment: ProcessEnvironment.current) { problem in
            logger.warning("the service manager can't be told of this process", metadata: ["error": "\(problem)"])
        }
        manager?.loads()
        let signals = RunSignals {
            // Nothing was begun: there is nothing to bring to an end.
            logger.notice("stopped while loading")
            manager?.stopsAtOnce()
            _exit((isBounded ? ExitStatus.negative : .success).rawValue)
        }
        let registry = listen.map { _ in PrometheusRegistry(help: MetricDescription.help) }
        let dispatcher: WebhookDispatcher
        do throws(WebhooksError) {
            dispatcher = try await WebhookDispatcher(
                configuration: skipBroken ? options.configuration.holdingBroken() : options.configuration,
                logger: logger,
                metrics: registry
            )
        } catch {
            throw BrokenConfiguration.atStart(error, options.configuration)
        }
        if let manager { dispatcher.report(to: manager) }
        FileDescriptors.raiseLimit()
        let server = try serve(dispatcher, registry, logger)
        defer { server?.stop() }
        signals.onStop { dispatcher.shutDown() }
        signals.onReload { dispatcher.reload() }
        signals.onAbort {
            guard let count = dispatcher.attemptsUnderWay else { return logger.warning("stopped at once") }
            logger.warning("stopped at once; \(Counted.text(count, "attempt")) cut off")
        }
        let whenLocked: WebhookDispatcher.LockedStore = wait ? .wait : .fail
        guard isBounded else {
            return try await dispatcher.run(until: .shutdown, whenLocked: whenLocked)
        }
        let before = try await RunTally.now(dispatcher)
        try await dispatcher.run(until: untilIdle ? .idle : .settled, whenLocked: whenLocked)
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

    /// Answers whoever watches, where that is asked for.
    private func serve(
        _ dispatcher: WebhookDispatcher,
        _ registry: PrometheusRegistry?,
        _ logger: Logger
    ) throws -> MonitoringServer? {
        guard let listen, let registry else { return nil }
        let server: MonitoringServer
        do throws(MonitoringError) {
            server = try MonitoringServer(
                on: listen,
                metrics: { registry.text() },
                readiness: { [weak dispatcher] in
                    guard let readiness = dispatcher?.readiness else { return NotReady("stopping", "the process ends") }
                    return readiness.obstacle.map { NotReady($0.rawValue, readiness.message) }
                }
            )
        } catch {
            throw CommandFailure(.unavailable, code: "listen", error.description, hint: "--listen HOST:PORT")
        }
        let address = listen.replacing(port: server.port)
        logger.notice("listening for monitoring", metadata: ["url": "http://\(address)"])
        return server
    }
}
