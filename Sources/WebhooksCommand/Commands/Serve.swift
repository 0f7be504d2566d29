internal import ArgumentParser
internal import Glibc
internal import Logging
internal import Synchronization
internal import WebhookCore
internal import WebhookMonitoring
internal import Webhooks

#if Server
    internal import WebhookReceiver
    internal import WebhooksServer
#endif

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the dispatcher with its HTTP API.",
        discussion: """
            Delivers as `run` does, and answers an HTTP API under /api/v1, at the address of `server.listen` in the \
            configuration. /healthz, /readyz and /metrics are on the same port: for this machine by address, for others with \
            `server.metricsToken`. TLS is for a reverse proxy in front of it.

              webhooks serve
              curl -H "Authorization: Bearer $WEBHOOKS_API_TOKEN" http://127.0.0.1:8071/api/v1/health

            Signals are as for `run`: SIGTERM and SIGINT end requests under way first, then the dispatcher drains.
            """
    )

    @Flag(help: "Waits where another dispatcher runs on the store, and delivers when that ends; else it exits 69.")
    var wait = false

    @Flag(
        help: ArgumentHelp(
            "Holds subscriptions whose secrets, URL, headers or TLS files can't be used, and serves the others.",
            discussion:
                "Endpoints of the store whose key is missing are held, too; without this `serve` doesn't start then."
        )
    )
    var skipBroken = false

    @OptionGroup var options: ConfigurationOptions

    #if Server
        func run() async throws {
            try options.checkStore()
            let logger = options.logger(.notice)
            let manager = SystemdNotifier(environment: ProcessEnvironment.current) { problem in
                logger.warning("the service manager can't be told of this process", metadata: ["error": "\(problem)"])
            }
            manager?.loads()
            let signals = RunSignals {
                // Nothing was begun: there is nothing to bring to an end.
                logger.notice("stopped while loading")
                manager?.stopsAtOnce()
                _exit(ExitStatus.success.rawValue)
            }
            let metrics = PrometheusRegistry(help: MetricDescription.help)
            let dispatcher: WebhookDispatcher
            do throws(WebhooksError) {
                dispatcher = try await WebhookDispatcher(
                    configuration: configuration,
                    logger: logger,
                    metrics: metrics
                )
            } catch {
                throw BrokenConfiguration.atServe(error, configuration)
            }
            let settings = dispatcher.registry.settings.server
            guard !settings.tokens.isEmpty, !settings.encryptionKeys.isEmpty else {
                let error = WebhooksError(.configuration, "`server` is not complete")
                throw BrokenConfiguration.atServe(error, configuration)
            }
            try checkAddress(settings.listen)
            // Before anything listens: a store of another kind has nothing for the API.
            _ = try await dispatcher.platformStore()
            try await checkKeys(dispatcher, logger)
            if let manager { dispatcher.report(to: manager) }
            FileDescriptors.raiseLimit()
            let api = WebhooksAPI(dispatcher, settings: settings, followsConfiguration: true, logger: logger) {
                metrics.text()
            }
            let listener = APIListener(api, on: settings.listen, logger: logger)
            signals.onReload { dispatcher.reload() }
            signals.onAbort {
                guard let count = dispatcher.attemptsUnderWay else { return logger.warning("stopped at once") }
                logger.warning("stopped at once; \(Counted.text(count, "attempt")) cut off")
            }
            let whenLocked: WebhookDispatcher.LockedStore = wait ? .wait : .fail
            try await withThrowingTaskGroup(of: Void.self) { group in
                let start = ServingLine { port in
                    let address = settings.listen.replacing(port: port)
                    logger.notice("serving the HTTP API", metadata: ["url": "http://\(address)"])
                }
                group.addTask {
                    do {
                        try await listener.run { start.listens(on: $0) }
                    } catch {
                        dispatcher.shutDown()
                        throw ListenFailure.failure(settings.listen, ListenFailure.text(error))
                    }
                    // The last answer is out; what it has stored is drained with the rest.
                    dispatcher.shutDown()
                }
                group.addTask {
                    defer { listener.stop() }
                    try await dispatcher.run(until: .shutdown, whenLocked: whenLocked) { start.hasStore() }
                }
                signals.onStop { listener.stop() }
                let upkeep = Task { await api.keepUp() }
                let reloads = Task {
                    for await notice in dispatcher.notices() where notice.kind == .reloaded {
                        api.followConfiguration()
                    }
                }
                defer {
                    upkeep.cancel()
                    reloads.cancel()
                }
                while !group.isEmpty { try await group.next() }
            }
        }

        private var configuration: WebhookConfiguration {
            skipBroken ? options.wholeConfiguration.holdingBroken() : options.wholeConfiguration
        }

        /// Refuses an address that is taken, before a store is made.
        private func checkAddress(_ address: ListenAddress) throws {
            do throws(ReceiverError) {
                try ListeningTrial.run(ReceiverOptions(host: address.host, port: address.port))
            } catch {
                throw ListenFailure.failure(address, ListenFailure.text(error))
            }
        }

        /// Refuses to accept what couldn't be delivered: what is for endpoints whose secrets no key opens waits.
        private func checkKeys(_ dispatcher: WebhookDispatcher, _ logger: Logger) async throws {
            let unopened = try await dispatcher.unopenedSubscriptions()
            guard unopened.count > 0 else { return }
            let problem = unopened.problem()
            guard skipBroken else {
                throw CommandFailure(
                    .data,
                    code: WebhooksError.Code.configuration.description,
                    problem,
                    hint:
                        "add that key to `server.encryptionKey`; with --skip-broken the others are served, and what is for "
                        + "these waits"
                )
            }
            logger.error("\(problem); their deliveries wait until a reload or a restart finds that key")
        }
    #else
        func run() async throws {
            throw CommandFailure(
                .software,
                code: "server",
                "this program is built without the HTTP API: turn on the trait `Server`"
            )
        }
    #endif
}

#if Server
    /// Says that the API is served once there are both a port and a store, or the wait of a standby: without them `serve` ends, or
    /// has nothing to serve from.
    private final class ServingLine: Sendable {
        private struct State {
            var port: UInt16?
            var hasStore = false
        }

        private let state = Mutex(State())
        private let say: @Sendable (UInt16) -> Void

        init(_ say: @escaping @Sendable (UInt16) -> Void) { self.say = say }

        func listens(on port: UInt16) { note { $0.port = port } }

        func hasStore() { note { $0.hasStore = true } }

        /// Each is noted once: the second says it.
        private func note(_ change: (inout State) -> Void) {
            let port = state.withLock { state in
                change(&state)
                return state.hasStore ? state.port : nil
            }
            if let port { say(port) }
        }
    }

    /// The reason for which an address can't be listened on.
    private enum ListenFailure {
        static func failure(_ address: ListenAddress, _ reason: String) -> CommandFailure {
            let text = "can't listen on \(address): \(reason)"
            return CommandFailure(.unavailable, code: "listen", text, hint: "`server.listen` names another address")
        }

        static func text(_ error: any Error) -> String {
            if case ReceiverError.system(_, let code)? = error as? ReceiverError { return self.text("errno: \(code)") }
            return self.text("\(error)")
        }

        private static func text(_ text: String) -> String {
            if text.contains("errno: \(EADDRINUSE)") { return "the port is taken" }
            if text.contains("errno: \(EACCES)") { return "the port is for root" }
            if text.contains("errno: \(EADDRNOTAVAIL)") { return "the address is none of this machine's" }
            return text
        }
    }
#endif
