package import WebhookCore

/// The rules by which drafts become subscriptions: those of the configuration in force.
package struct DraftRules: Sendable {
    /// Without credentials: whoever writes a draft chooses where they would go.
    let defaults: SubscriptionOptions
    /// The top-level `profile`.
    let profile: Located<String>?
    /// The profiles.
    package let catalog: ProfileCatalog
    let egress: EgressPolicy
    /// The most bytes of a body.
    package let maxBody: Int
    /// The attempts in flight of all subscriptions together.
    let slots: Int
    /// Who reads the problems.
    package var audience: Audience

    init(
        defaults: SubscriptionOptions,
        profile: Located<String>?,
        catalog: ProfileCatalog,
        egress: EgressPolicy,
        maxBody: Int,
        slots: Int,
        audience: Audience
    ) {
        self.audience = audience
        self.defaults = defaults.withoutCredentials
        self.profile = profile
        self.catalog = catalog
        self.egress = egress
        self.maxBody = maxBody
        self.slots = slots
    }

    /// The rules where there is no file.
    package init(
        settings: DispatcherSettings,
        catalog: ProfileCatalog = ProfileCatalog(),
        for audience: Audience = .host
    ) {
        self.init(
            defaults: SubscriptionOptions(),
            profile: nil,
            catalog: catalog,
            egress: settings.egress,
            maxBody: settings.maxBody,
            slots: settings.maxInFlight,
            audience: audience
        )
    }

    /// The profile that a draft has; `nil`: there is none of its name, or none that can be read.
    package func profile(of draft: SubscriptionDraft) -> Profile? {
        let name = draft.profile ?? defaults.profile?.value ?? profile?.value ?? SubscriptionBuilder.standardProfile
        return catalog.profile(named: name)
    }

    /// Builds a draft's subscription. What its templates render is not looked at.
    ///
    /// - Parameters:
    ///   - limits: the bounds of what it may ask for.
    ///   - holdsBroken: whether one with errors in what only sending needs is held, with these as its obstacles.
    ///   - obstacle: the reason why it is held in any case, such as secrets that can't be read; stands for all others.
    /// - Returns: `nil` where there are errors; and every problem, by key.
    package func build(
        _ draft: SubscriptionDraft,
        _ limits: SubscriptionLimits = .trusted,
        holdsBroken: Bool = false,
        obstacle: Diagnostic? = nil
    ) -> DraftResult {
        let (node, composer) = DraftComposer.compose(draft)
        var options = LoadOptions()
        options.holdsBroken = holdsBroken || obstacle != nil
        options.audience = audience
        let context = LoadContext(
            environment: [:],
            files: DraftFiles(texts: composer.texts),
            options: options,
            limits: limits
        )
        for problem in composer.problems { context.problems.error(problem.place, problem.message) }
        let builder = SubscriptionBuilder(
            context: context,
            defaults: defaults,
            profile: profile,
            catalog: catalog,
            egress: egress,
            slips: TopicSlips(CanonicalEvents(catalog))
        )
        var subscription = SubscriptionEntry(node, context: context).flatMap { builder.build($0) }
        // They were judged when they were current.
        subscription?.retiringSecrets += draft.retiringSecrets
        subscription?.channels = draft.channels
        if limits != .trusted, var built = subscription {
            // Whatever the dispatcher has: the others are to have most of it.
            built.policy.maxInFlight = min(built.policy.maxInFlight, max(1, slots / SubscriptionLimits.share))
            built.slotShare = built.tenant
            subscription = built
        }
        let held = options.holdsBroken ? context.problems.takeSendingErrors() : []
        let found = context.problems.sorted(mainFile: DraftComposer.file)
        var result = DraftResult(
            subscription: found.contains { $0.severity == .error } ? nil : subscription,
            diagnostics: found,
            draft: draft,
            composer: composer
        )
        if let problem = Channels.problem(draft.channels) { result.fail("channels", problem) }
        result.hold(for: held, obstacle)
        if subscription == nil, !found.contains(where: { $0.severity == .error }) {
            // Its problems were told when the profiles were loaded.
            result.fail("profile", "the profile can't be read")
        }
        return result
    }
}

/// The rules for the channels of a subscription.
private enum Channels {
    private static let most = 10

    /// Says what is wrong with them; `nil`: nothing.
    static func problem(_ channels: [String]) -> String? {
        if channels.count > most { return "a subscription has at most \(most) channels" }
        if Set(channels).count < channels.count { return "a channel stands here twice" }
        return channels.lazy.compactMap { ChannelName.problem($0) }.first.map { "a channel \($0)" }
    }
}

/// A draft's subscription and what is to be said about it.
package struct DraftResult {
    /// `nil` where there are errors.
    package private(set) var subscription: Subscription?
    /// Every problem, by key.
    package private(set) var diagnostics: [Diagnostic] = []
    private let name: String
    private let composer: DraftComposer

    init(
        subscription: Subscription?,
        diagnostics: [Diagnostic],
        draft: SubscriptionDraft,
        composer: DraftComposer
    ) {
        self.subscription = subscription
        self.composer = composer
        name = SubscriptionValidator.isName(draft.name) ? "subscription \(draft.name)" : "subscription"
        self.diagnostics = diagnostics.map(keyed)
    }

    /// Lets it stand with the reasons why nothing can be sent to it.
    fileprivate mutating func hold(for problems: [Diagnostic], _ obstacle: Diagnostic?) {
        let obstacles = obstacle.map { [$0] } ?? problems.map(keyed)
        subscription?.obstacles = obstacles
    }

    /// Adds what was found in what it renders.
    package mutating func add(_ found: [Diagnostic]) {
        diagnostics += found.map(keyed)
        if found.contains(where: { $0.severity == .error }) { subscription = nil }
    }

    /// Adds an error about a key.
    package mutating func fail(_ key: String, _ message: String) {
        diagnostics.append(Diagnostic(.error, file: name, key: key, message: message))
        subscription = nil
    }

    /// A problem with the key in place of the line, and with the line in a body's text.
    private func keyed(_ diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        if diagnostic.file == DraftComposer.file, let line = diagnostic.line {
            let key = composer.key(atLine: line) ?? ""
            diagnostic.key = key.isEmpty ? nil : key
            (diagnostic.file, diagnostic.line, diagnostic.column) = (name, nil, nil)
        } else if let key = composer.keysOfTexts[diagnostic.file] {
            (diagnostic.file, diagnostic.key) = (name, key)
        }
        return diagnostic
    }
}
