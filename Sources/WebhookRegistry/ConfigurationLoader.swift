package import WebhookCore

/// Reads `webhooks.yaml` with everything it names. Looks at nothing but the environment and the files it is given.
package struct ConfigurationLoader: Sendable {
    static let keys = [
        "store", "profile", "templates", "include", "egress", "dispatcher", "server", "defaults", "subscriptions",
    ]
    /// The most that the configuration may hold.
    static let fileLimit = 64 << 20

    let environment: [String: String]
    let files: any ConfigurationFiles
    let options: LoadOptions

    /// - Parameters:
    ///   - environment: where `{ env: NAME }` is looked up.
    ///   - files: where files are read; default: this machine's.
    ///   - options: what a load puts up with; default: nothing.
    package init(
        environment: [String: String],
        files: any ConfigurationFiles = DiskFiles(),
        options: LoadOptions = LoadOptions()
    ) {
        self.environment = environment
        self.files = files
        self.options = options
    }

    /// Loads a configuration. Never throws: what is wrong is in the diagnostics, all of it at once.
    ///
    /// - Parameters:
    ///   - path: the file, shown in messages as it is given here. A name that ends in `.json` is read as JSON.
    ///   - storeOverride: takes the place of the file's `store`, whose problems then don't count; a relative path
    ///     starts from the working folder.
    package func load(path: String, storeOverride: String? = nil) -> LoadedConfiguration {
        let context = LoadContext(environment: environment, files: files, options: options)
        var loaded = LoadedConfiguration(
            registry: nil,
            rules: nil,
            catalog: ProfileCatalog(),
            diagnostics: [],
            subscriptionMarks: [:],
            watched: []
        )
        if let root = document(path, context) {
            read(root, storeOverride, context, into: &loaded)
            PermissionCheck(context: context).run(main: path)
        }
        loaded.diagnostics = context.problems.sorted(mainFile: path)
        loaded.watched = context.watched
        if loaded.hasErrors { loaded.registry = nil }
        return loaded
    }

    func document(_ path: String, _ context: LoadContext) -> ConfigNode? {
        do {
            let bytes = try context.contents(named: path, limit: Self.fileLimit)
            let root = EnvironmentText(context: context).expanded(try DocumentReader.read(bytes, file: path))
            return IncludeReader(context: context).expanded(root)
        } catch let error as DocumentError {
            context.problems.add(error.diagnostic)
        } catch {
            let remedy = Remedy.nameConfiguration(isMissing: error as? FileProblem == .missing)
            let message = remedy.text(after: "the configuration \(error)", for: context.problems.audience)
            context.problems.add(Diagnostic(.error, file: path, message: message))
        }
        return nil
    }

    private func read(
        _ root: ConfigNode,
        _ storeOverride: String?,
        _ context: LoadContext,
        into loaded: inout LoadedConfiguration
    ) {
        let problems = context.problems
        guard let section = Section(root, keys: Self.keys, problems: problems) else { return }
        let defaults = defaults(section, context)
        loaded.catalog = ProfileFolderLoader(context: context).load(section.text("templates"))
        // Names are checked where they stand, used or not.
        let named = [section.text("profile"), defaults.profile].compactMap { $0 }
        var profiles: [String: Profile] = [:]
        for name in named {
            profiles[name.value] = ProfileNames.resolve(name, in: loaded.catalog, problems: problems)
        }
        let settings = settings(section, storeOverride, context)
        let builder = SubscriptionBuilder(
            context: context,
            defaults: defaults,
            profile: section.text("profile"),
            catalog: loaded.catalog,
            egress: settings.egress,
            slips: TopicSlips(CanonicalEvents(loaded.catalog))
        )
        let (subscriptions, marks) = SubscriptionsLoader(context: context, builder: builder).load(section)
        for subscription in subscriptions { profiles[subscription.profile.name] = subscription.profile }
        for profile in loaded.catalog.configuredProfiles { profiles[profile.name] = profile }
        loaded.subscriptionMarks = marks
        loaded.rules = DraftRules(
            defaults: defaults,
            profile: section.text("profile"),
            catalog: loaded.catalog,
            egress: settings.egress,
            maxBody: settings.maxBody,
            slots: settings.maxInFlight,
            audience: options.audience
        )
        loaded.registry = Registry(
            subscriptions: subscriptions,
            profiles: profiles,
            settings: settings,
            canonicalTopics: loaded.catalog.canonicalTopics(for: subscriptions)
        )
    }

    private func defaults(_ root: Section, _ context: LoadContext) -> SubscriptionOptions {
        guard let node = root.container("defaults") else { return SubscriptionOptions() }
        let misplaced = SubscriptionEntry.ownKeys.map { ($0, "`\($0)` belongs to a subscription, not to `defaults`") }
        let section = Section(
            node,
            "`defaults`",
            keys: SubscriptionOptions.keys,
            otherKeys: Dictionary(uniqueKeysWithValues: misplaced),
            extensions: Section.extensions,
            problems: context.problems
        )
        return section.map { SubscriptionOptions($0, context: context) } ?? SubscriptionOptions()
    }

    private func settings(_ root: Section, _ storeOverride: String?, _ context: LoadContext) -> DispatcherSettings {
        var settings = SettingsLoader(context: context).load(root, readsStore: storeOverride == nil)
        settings.server.encryptionKeys = options.encryptionKeys(before: settings.server.encryptionKeys)
        if let storeOverride {
            settings.store = StoreLocationParser.parse(storeOverride)
            if settings.store == nil {
                let message = "the store given beside it \(StoreLocationParser.grammar)"
                context.problems.add(Diagnostic(.error, file: root.place.file, message: message))
            } else if let store = settings.store, let problem = StoreRules.problem(store, context.files) {
                let message = "the store given beside it \(problem.message)"
                context.problems.add(Diagnostic(problem.severity, file: root.place.file, message: message))
            }
        }
        return settings
    }
}

extension ConfigurationLoader: CustomStringConvertible, CustomReflectable {
    /// Nothing of the environment, where the secrets are.
    package var description: String { "ConfigurationLoader" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The result of loading a configuration file.
package struct LoadedConfiguration: Sendable {
    /// The registry that the dispatcher works by; `nil` where there are errors.
    package var registry: Registry?
    /// The rules for subscriptions that come at run time.
    package var rules: DraftRules?
    /// Every profile, also those that no subscription uses. The built-in ones alone where the file could not be read.
    package var catalog: ProfileCatalog
    /// All problems, by file, line and column; the configuration itself comes first.
    package var diagnostics: [Diagnostic]
    /// The place of each subscription, by name.
    package var subscriptionMarks: [String: SubscriptionMark]
    /// Every file and folder that was read or looked for, the configuration first: a change of one calls for a reload.
    package var watched: [WatchedFile]

    /// The paths of ``watched``.
    package var watchedFiles: [String] { watched.map(\.path) }

    /// True when one of the problems is more than a warning.
    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}
