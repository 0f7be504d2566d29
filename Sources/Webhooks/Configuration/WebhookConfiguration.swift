internal import Foundation
public import WebhookCore
package import WebhookEngine
internal import WebhookRegistry
internal import WebhookRendering

/// The source of a dispatcher's subscriptions and settings.
public struct WebhookConfiguration: Sendable {
    enum Source: Sendable {
        case file(path: String, environment: [String: String])
        case values(subscriptions: [Subscription], settings: DispatcherSettings, profiles: ProfileFiles)
    }

    let source: Source
    /// Replaces the configured store.
    let store: String?
    /// The gaps that loading a file puts up with.
    private var options = LoadOptions()
    /// Everything that a dispatcher starts with.
    private var drafts: [SubscriptionDraft] = []

    private init(source: Source, store: String?) {
        self.source = source
        self.store = store
        options.audience = .host
    }

    /// Who reads its problems, and the log of a dispatcher with it.
    package var audience: Audience { options.audience }

    /// The file; `nil` where there is none.
    var path: String? {
        if case .file(let path, _) = source { path } else { nil }
    }

    /// A `webhooks.yaml` (or `.json`); see the configuration reference.
    ///
    /// - Parameters:
    ///   - path: the file; relative paths in it are relative to it.
    ///   - store: replaces the file's store, such as `sqlite:var/webhooks.sqlite`.
    ///   - environment: where `{ env: NAME }` is looked up; `nil` is the process's.
    public static func file(
        _ path: String,
        store: String? = nil,
        environment: [String: String]? = nil
    ) -> WebhookConfiguration {
        WebhookConfiguration(
            source: .file(path: path, environment: environment ?? ProcessEnvironment.current),
            store: store
        )
    }

    /// Subscriptions given as values.
    ///
    /// - Parameters:
    ///   - drafts: in force before anything is emitted or delivered; judged when the dispatcher is made, as those of a file.
    ///     Defaults to none. A running dispatcher takes more, and others in their place, by
    ///     ``WebhookDispatcher/upsert(_:)-([SubscriptionDraft])``.
    ///   - settings: store, limits, egress; defaults to a file's that says nothing of them.
    ///   - profiles: extra profiles, or such as replace built-in ones; defaults to none.
    public static func values(
        _ drafts: [SubscriptionDraft] = [],
        settings: DispatcherSettings = DispatcherSettings(),
        profiles: ProfileFiles = .none
    ) -> WebhookConfiguration {
        values([Subscription](), settings: settings, profiles: profiles).adding(drafts)
    }

    /// Subscriptions that are ready as they are, as only our own tests make them.
    package static func values(
        _ subscriptions: [Subscription],
        settings: DispatcherSettings,
        profiles: ProfileFiles = .none
    ) -> WebhookConfiguration {
        let source = Source.values(subscriptions: subscriptions, settings: settings, profiles: profiles)
        return WebhookConfiguration(source: source, store: nil)
    }

    /// The same with subscriptions that a dispatcher is given from the start, before anything is emitted or delivered; later
    /// ones come by ``WebhookDispatcher/upsert(_:)-([SubscriptionDraft])``.
    ///
    /// - Parameter drafts: judged when the dispatcher is made, which throws where one is refused.
    public func adding(_ drafts: [SubscriptionDraft]) -> WebhookConfiguration {
        var configuration = self
        configuration.drafts += drafts
        return configuration
    }

    /// The same with keys that seal the secrets of subscriptions in the store: see ``StoredSubscriptions``. They stand in front of
    /// those of a file's `server.encryptionKey`.
    ///
    /// - Parameter keys: 32 bytes in base64 each; the first seals, all open, so that one can be replaced. Keep them apart from the
    ///   store. ``StoredSubscriptions/generateKey()`` makes one.
    public func withEncryptionKeys(_ keys: [Secret]) -> WebhookConfiguration {
        var configuration = self
        configuration.options.encryptionKeys = keys
        return configuration
    }

    /// The same, judged without what comes from the environment and from files of secrets, where that is missing: for a check
    /// on a machine that has none.
    package func withoutSources() -> WebhookConfiguration {
        var configuration = self
        configuration.options.needsSources = false
        return configuration
    }

    /// The same, judged without the tokens of `server` that are missing: only the HTTP API asks for them.
    package func withoutTokens() -> WebhookConfiguration {
        var configuration = self
        configuration.options.needsTokens = false
        return configuration
    }

    /// The same for the command `webhooks`.
    package func onCommandLine() -> WebhookConfiguration {
        var configuration = self
        configuration.options.audience = .commandLine
        return configuration
    }

    /// The same, judged with all that the HTTP API can't do without.
    package func servingAPI() -> WebhookConfiguration {
        var configuration = self
        configuration.options.needsServer = true
        return configuration
    }

    /// The same, where a `server` that `webhooks serve` can't do with is a warning.
    package func judgingAPI() -> WebhookConfiguration {
        var configuration = self
        configuration.options.judgesServer = true
        return configuration
    }

    /// The same, with subscriptions held that have errors in what only sending needs: the others are served.
    package func holdingBroken() -> WebhookConfiguration {
        var configuration = self
        configuration.options.holdsBroken = true
        return configuration
    }

    /// True where subscriptions are held that can't be sent to because of their settings.
    var holdsBroken: Bool { options.holdsBroken }

    /// Loads everything a dispatcher would, compiles every template and renders every example. Opens no store.
    public func load() -> Report {
        var report = loadWithoutDrafts()
        guard !drafts.isEmpty, let registry = report.registry, report.isValid else { return report }
        var checks = TemplateChecks()
        let change = SubscriptionUpdate(drafts: drafts).plan(registry, report.rules, &checks)
        report.diagnostics += change.diagnostics
        report.registry =
            change.errors.isEmpty
            ? registry.changing(removing: [], adding: change.given, canonical: change.canonical) : nil
        return report
    }

    /// Loads the files for a reload: drafts are judged again when they are put in force.
    func loadWithoutDrafts() -> Report {
        var report = loadSource()
        guard !options.encryptionKeys.isEmpty else { return report }
        do throws(SealingError) {
            _ = try SealingKeys(options.encryptionKeys)
        } catch {
            let message = error.remedy.text(after: "\(error)", for: audience)
            report.diagnostics.append(Diagnostic(.error, file: "settings", key: "encryptionKeys", message: message))
        }
        return report
    }

    private func loadSource() -> Report {
        switch source {
        case .file(let path, let environment):
            let loaded = ConfigurationLoader(environment: environment, options: options)
                .load(path: path, storeOverride: store)
            var report = Report(
                path: path,
                registry: loaded.registry,
                rules: loaded.rules ?? DraftRules(settings: DispatcherSettings(), for: audience),
                diagnostics: loaded.diagnostics,
                watched: loaded.watched,
                topics: TopicCatalog(loaded.catalog)
            )
            if let registry = loaded.registry {
                report.templateDiagnostics = TemplateChecks.check(
                    registry.configuredSubscriptions,
                    maxBody: registry.settings.maxBody,
                    loaded.catalog
                )
                report.diagnostics += report.templateDiagnostics
            }
            return report
        case .values(let subscriptions, var settings, let profileFiles):
            settings.server.encryptionKeys = options.encryptionKeys(before: settings.server.encryptionKeys)
            let loadedProfiles = profileFiles.load()
            let catalog = loadedProfiles.catalog
            var diagnostics = loadedProfiles.diagnostics + ValueDiagnostics.check(subscriptions, settings)
            let isBroken = diagnostics.contains { $0.severity == .error }
            // What breaks a rule would not be rendered as it stands.
            let templates =
                isBroken ? [] : TemplateChecks.check(subscriptions, maxBody: settings.maxBody, catalog)
            diagnostics += templates
            let profiles = subscriptions.map { ($0.profile.name, $0.profile) }
            let registry = Registry(
                subscriptions: subscriptions,
                profiles: Dictionary(profiles, uniquingKeysWith: { first, _ in first }),
                settings: settings,
                canonicalTopics: catalog.canonicalTopics(for: subscriptions)
            )
            return Report(
                path: nil,
                registry: isBroken ? nil : registry,
                rules: DraftRules(settings: settings, catalog: catalog, for: audience),
                diagnostics: diagnostics,
                watched: loadedProfiles.watched,
                topics: TopicCatalog(catalog),
                templateDiagnostics: templates
            )
        }
    }

    /// Loads everything, as a dispatcher does.
    ///
    /// - Throws: ``WebhooksError`` with every problem.
    package func validSnapshot() throws(WebhooksError) -> ConfigurationSnapshot { try start().snapshot }

    /// Loads what a dispatcher starts with, the subscriptions that it is given with it included.
    ///
    /// - Throws: ``WebhooksError`` with every problem.
    func start() throws(WebhooksError) -> (report: Report, snapshot: ConfigurationSnapshot) {
        var report = loadWithoutDrafts()
        guard let registry = report.registry, report.isValid else {
            throw WebhooksError(report.diagnostics.filter { $0.severity == .error })
        }
        guard !drafts.isEmpty else { return (report, snapshot(for: registry)) }
        var checks = TemplateChecks()
        let change = SubscriptionUpdate(drafts: drafts).plan(registry, report.rules, &checks)
        guard change.errors.isEmpty else { throw WebhooksError(change.errors) }
        report.diagnostics += change.diagnostics
        let snapshot = snapshot(for: registry).changing(
            removing: [],
            adding: change.given,
            canonical: change.canonical
        )
        return (report, snapshot)
    }

    /// A registry with its renderer.
    func snapshot(for registry: Registry) -> ConfigurationSnapshot {
        let isShared = registry.settings.store?.isShared == true
        return ConfigurationSnapshot(
            registry: registry,
            renderer: WebhookRenderer(registry: registry),
            hash: isShared ? ConfigurationHash(Array(registry.subscriptions)).rawValue : ""
        )
    }
}

extension WebhookConfiguration: CustomStringConvertible, CustomReflectable {
    /// The file, or how many subscriptions were given: nothing of the environment, where the secrets are.
    public var description: String {
        switch source {
        case .file(let path, _): "WebhookConfiguration(\(path))"
        case .values(let subscriptions, _, _):
            "WebhookConfiguration(\(subscriptions.count + drafts.count) subscriptions)"
        }
    }
    /// A mirror without the environment.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension WebhookConfiguration {
    /// The result of loading a configuration.
    public struct Report: Sendable {
        /// The file; `nil` for subscriptions given as values.
        public var path: String?
        /// `nil` where the problems left nothing to work with.
        package var registry: Registry?
        /// The rules for subscriptions that are given at run time.
        let rules: DraftRules
        /// Every problem, in the files' order.
        public var diagnostics: [Diagnostic]
        /// Every file that went into it, as it was just before it was read.
        var watched: [WatchedFile]
        /// Every profile with its topics, also those that no subscription uses.
        public var topics: TopicCatalog

        /// The ``diagnostics`` that are about templates.
        var templateDiagnostics: [Diagnostic] = []

        /// The lines that a dispatcher that starts or reloads tells of the warnings: those about templates as a count, for
        /// they are many and long, and say the same each time.
        package func startupWarnings(for audience: Audience) -> [String] {
            let template = Set(templateDiagnostics)
            var lines = diagnostics.filter { !template.contains($0) }.map(\.located)
            let count = diagnostics.count - lines.count
            if count > 0 {
                let message = "\(count) warning\(count == 1 ? "" : "s") about templates"
                lines.append(Remedy.validateTemplates.text(after: message, for: audience))
            }
            return lines
        }

        /// Tells whether every file that went into it is as it was then.
        package var isCurrent: Bool { watched.allSatisfy { FileSignature(path: $0.path) == $0.signature } }

        /// Every file that went into it.
        package var watchedFiles: [String] { watched.map(\.path) }

        /// Tells whether a dispatcher would start: there are no errors; warnings don't count.
        public var isValid: Bool { registry != nil && !diagnostics.contains { $0.severity == .error } }
    }
}

/// The process's environment.
package enum ProcessEnvironment {
    /// Every variable, as it is now.
    package static var current: [String: String] { ProcessInfo.processInfo.environment }
}
