internal import ArgumentParser
internal import Glibc
internal import Logging
internal import WebhookCore
internal import Webhooks

/// The options of the commands that work with a configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: "The configuration file. (default: $WEBHOOKS_CONFIG, else config/webhooks.yaml)",
        completion: .file(extensions: ["yaml", "yml", "json"])
    )
    var config: String?

    @Option(help: "Replaces the configured store: sqlite:PATH or postgres://USER@HOST/DATABASE.")
    var store: String?

    @OptionGroup var output: OutputOptions

    var json: Bool { output.json }

    static let defaultPath = "config/webhooks.yaml"

    /// The file, and whether somebody named it.
    var path: (text: String, isGiven: Bool) { config.map { ($0, true) } ?? Self.standardPath }

    /// The file that is taken where none is named on the line.
    static var standardPath: (text: String, isGiven: Bool) {
        if let variable = getenv("WEBHOOKS_CONFIG"), variable[0] != 0 { return (String(cString: variable), true) }
        return (defaultPath, false)
    }

    /// The configuration, for commands that have no use for the tokens of `server`.
    var configuration: WebhookConfiguration { wholeConfiguration.withoutTokens() }

    /// The configuration, and nothing in it may be missing.
    var wholeConfiguration: WebhookConfiguration { .file(path.text, store: store).onCommandLine() }

    /// Refuses a `--store` that names none, before the file is looked at: what is wrong is not in there.
    func checkStore() throws {
        guard let store else { return }
        if let problem = StoreArgument.problem(store) {
            throw CommandFailure(.data, code: WebhooksError.Code.configuration.description, "--store \(problem)")
        }
        guard StoreArgument.hasPassword(store) else { return }
        let advice = "use PGPASSWORD, or `store: { url: …, password: { env: NAME } }` in the configuration"
        Notice.warning("store", "--store shows its password in the process list; \(advice)", asJSON: json)
    }

    /// A dispatcher over the configuration and the subscriptions that its store keeps. Makes no store.
    ///
    /// - Parameters:
    ///   - holdsBroken: whether subscriptions whose settings can't be used, such as one whose secret this shell doesn't
    ///     have, are held. Otherwise each is an error.
    ///   - followsStore: whether the subscriptions of the store are put into force at once. What delivers does that itself.
    func dispatcher(
        logLevel standard: Logger.Level = .warning,
        holdsBroken: Bool = false,
        followsStore: Bool = true
    ) async throws -> WebhookDispatcher {
        try checkStore()
        let dispatcher = try await WebhookDispatcher(
            configuration: holdsBroken ? configuration.holdingBroken() : configuration,
            logger: logger(standard)
        )
        noteNewStore(of: dispatcher.log)
        if followsStore { await follow(dispatcher) }
        return dispatcher
    }

    /// Puts the subscriptions that the store keeps into force. Costs next to nothing where they are.
    func follow(_ dispatcher: WebhookDispatcher) async {
        do throws(WebhooksError) {
            try await dispatcher.followStored()
        } catch {
            // Whoever needs the store says more of it.
            let message = "\(error.message); which subscriptions it keeps is not known"
            Notice.warning("store", message, asJSON: json)
        }
    }

    /// A dispatcher for a command on one subscription: only that one's settings have to be usable.
    func dispatcher(for subscription: String) async throws -> WebhookDispatcher {
        let dispatcher = try await dispatcher(holdsBroken: true)
        if let found = dispatcher.registry.subscription(named: subscription), found.isEnabled, !found.obstacles.isEmpty
        {
            throw WebhooksError(found.obstacles)
        }
        return dispatcher
    }

    /// Says so where the command makes a store: in the wrong place it would be taken for an empty one.
    func noteNewStore(of log: WebhookLog) {
        log.onNewStore { [json] path in Notice.note("new_store", "made a new store at \(path)", asJSON: json) }
    }

    /// A logger to stderr.
    func logger(_ standard: Logger.Level = .warning) -> Logger { output.logger(standard) }
}

/// The options that every command takes, where they have nothing to say: so that a wrapper can pass them to all.
struct UnusedConfigurationOptions: ParsableArguments {
    @Option(name: [.short, .long], help: .hidden)
    var config: String?

    @Option(help: .hidden)
    var store: String?
}
