internal import Logging
internal import Synchronization
internal import WebhookCore
internal import Webhooks

/// The tokens that are valid now: those of the configuration in force, looked up at each request.
///
/// A token that was taken out of the configuration is refused from the reload on, even if nobody was told of that.
final class TokensInForce: Sendable {
    struct Tokens: Sendable {
        var organisation: OrganisationTokens
        var metrics: OrganisationTokens

        init(_ settings: ServerSettings) {
            organisation = OrganisationTokens(settings.tokens)
            metrics = OrganisationTokens(settings.metricsToken.map { [$0] } ?? [])
        }
    }

    private struct State {
        var settings: ServerSettings
        var tokens: Tokens
    }

    /// The settings that the server was started with.
    private let started: ServerSettings
    private let state: Mutex<State>
    private let dispatcher: WebhookDispatcher?
    private let logger: Logger

    /// - Parameter dispatcher: whose configuration says the tokens; `nil`: they stay as they are.
    init(_ settings: ServerSettings, of dispatcher: WebhookDispatcher?, _ logger: Logger) {
        started = settings
        state = Mutex(State(settings: settings, tokens: Tokens(settings)))
        self.dispatcher = dispatcher
        self.logger = logger
    }

    var current: Tokens {
        guard let dispatcher else { return state.withLock { $0.tokens } }
        // Under the lock, so that no slower request brings an older configuration back.
        let (tokens, changed) = state.withLock { state -> (Tokens, ServerSettings?) in
            let settings = dispatcher.registry.settings.server
            guard settings != state.settings else { return (state.tokens, nil) }
            state.settings = settings
            state.tokens = Tokens(settings)
            return (state.tokens, settings)
        }
        if let changed { tell(changed) }
        return tokens
    }

    /// Logs what only a restart takes over, and that nobody may use the API any more.
    private func tell(_ settings: ServerSettings) {
        let waiting = Self.needingRestart(started, settings)
        if !waiting.isEmpty {
            logger.error(
                "settings of `server` have changed that only a restart takes over",
                metadata: ["keys": "\(waiting.joined(separator: ", "))"]
            )
        }
        if settings.tokens.isEmpty {
            logger.error("the configuration has no `server.tokens` left: nobody can use the API")
        }
    }

    /// The keys that differ and are read at the start only.
    static func needingRestart(_ started: ServerSettings, _ settings: ServerSettings) -> [String] {
        ConfigurationDifference.differences(started, settings)
            .filter { !["server.tokens", "server.metricsToken"].contains($0) }
    }
}
