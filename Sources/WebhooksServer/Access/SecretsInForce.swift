internal import Logging
internal import Synchronization
internal import WebhookCore
internal import WebhookRendering
internal import Webhooks

/// The tokens that are valid now, and the keys that seal secrets: those of the configuration in force, looked up at each request.
///
/// A token that was taken out of the configuration is refused from the reload on, even if nobody was told of that; and what the
/// dispatcher seals and opens, the API does.
final class SecretsInForce: Sendable {
    struct Secrets: Sendable {
        var organisation: OrganisationTokens
        var metrics: OrganisationTokens
        /// `nil`: endpoints can't be kept.
        var keys: SealingKeys?

        init(_ settings: ServerSettings) {
            organisation = OrganisationTokens(settings.tokens)
            metrics = OrganisationTokens(settings.metricsToken.map { [$0] } ?? [])
            keys = try? SealingKeys(settings.encryptionKeys)
        }
    }

    private struct State {
        var settings: ServerSettings
        var secrets: Secrets
    }

    /// The settings that the server was started with.
    private let started: ServerSettings
    private let state: Mutex<State>
    private let dispatcher: WebhookDispatcher
    private let followsConfiguration: Bool
    private let lines: BoundedLogger

    /// - Parameters:
    ///   - dispatcher: whose configuration says the keys.
    ///   - followsConfiguration: whether it says the tokens, too; else they stay as they are.
    init(
        _ settings: ServerSettings,
        of dispatcher: WebhookDispatcher,
        followsConfiguration: Bool,
        _ lines: BoundedLogger
    ) {
        started = settings
        state = Mutex(State(settings: settings, secrets: Secrets(settings)))
        self.dispatcher = dispatcher
        self.followsConfiguration = followsConfiguration
        self.lines = lines
    }

    var current: Secrets {
        // Under the lock, so that no slower request brings an older configuration back.
        let (secrets, changed) = state.withLock { state -> (Secrets, ServerSettings?) in
            let configured = dispatcher.registry.settings.server
            var settings = followsConfiguration ? configured : started
            settings.encryptionKeys = configured.encryptionKeys
            guard settings != state.settings else { return (state.secrets, nil) }
            state.settings = settings
            state.secrets = Secrets(settings)
            return (state.secrets, settings)
        }
        if let changed { tell(changed) }
        return secrets
    }

    /// Logs what only a restart takes over, and what nobody can do any more.
    private func tell(_ settings: ServerSettings) {
        let waiting = Self.needingRestart(started, settings)
        if !waiting.isEmpty {
            lines.line(
                .error,
                "settings of `server` have changed that only a restart takes over",
                ["keys": "\(waiting.joined(separator: ", "))"]
            )
        }
        if settings.tokens.isEmpty {
            lines.line(.error, "the configuration has no `server.tokens` left: nobody can use the API")
        }
        if settings.encryptionKeys.isEmpty {
            lines.line(
                .error,
                "the configuration has no `server.encryptionKey` left: nobody can make or change endpoints"
            )
        }
    }

    /// The keys that differ and are read at the start only.
    static func needingRestart(_ started: ServerSettings, _ settings: ServerSettings) -> [String] {
        let followed = ["server.tokens", "server.metricsToken", "server.encryptionKey"]
        return ConfigurationDifference.differences(started, settings).filter { !followed.contains($0) }
    }
}
