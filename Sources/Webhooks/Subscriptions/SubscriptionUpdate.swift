internal import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// A change of the subscriptions that are given at run time, as it is asked for. All sources end here: a host's calls, a
/// sequence of sets.
struct SubscriptionUpdate: Sendable {
    /// Put into force, in place of what has their names.
    var drafts: [SubscriptionDraft] = []
    /// Taken out of force.
    var removed: [String] = []
    /// True when what is not in ``drafts`` is taken out of force.
    var replacesAll = false
    /// True when one that is refused leaves the others: it stays as it was, in force or not.
    var skipsRefused = false

    /// Judges the change by what is in force. Builds what has changed alone.
    ///
    /// - Parameter checks: what was found in templates before; learns of what is usable.
    func plan(_ registry: Registry, _ rules: DraftRules, _ checks: inout TemplateChecks) -> SubscriptionChange {
        var change = SubscriptionChange()
        var names: Set<String> = []
        for draft in drafts {
            let known = registry.given(named: draft.name)
            let isFirst = names.insert(draft.name).inserted
            if isFirst, let known, known.subscription != nil, known.stored == nil, known.draft == draft { continue }
            let result = Self.judge(draft, .host, .trusted, isFirst: isFirst, registry, rules, &checks)
            change.diagnostics += result.diagnostics
            if let subscription = result.subscription {
                change.given.append(GivenSubscription(draft: draft, subscription: subscription))
            } else {
                change.refused.append(draft.name)
            }
        }
        for name in removed {
            let message: String
            switch registry.source(of: name) {
            case .file: message = "the subscription is the configuration's: what that says, only that changes"
            case .store: message = "the subscription is kept in the store: delete it there"
            case .host, nil: continue
            }
            change.diagnostics.append(Diagnostic(.error, file: "subscription \(name)", key: "name", message: message))
            change.refused.append(name)
        }
        change.removed = Set(removed).filter { registry.source(of: $0) == .host && !names.contains($0) }.sorted()
        change.needCanonical(registry, rules)
        if replacesAll { change.removed = registry.givenNames.filter { !names.contains($0) }.sorted() }
        return change
    }

    /// Judges what was given before a reload by the rules after it.
    ///
    /// - Returns: all of it; what those refuse is out of force until a reload takes it, or it is changed.
    static func plan(
        again given: [GivenSubscription],
        _ registry: Registry,
        _ rules: DraftRules,
        _ checks: inout TemplateChecks
    ) -> SubscriptionChange {
        var change = SubscriptionChange()
        let reader = StoredDrafts(registry.settings)
        let keys = registry.settings.keyIDs
        for known in given {
            if let row = known.stored?.unread {
                change.add(row, reader, registry, rules, &checks)
                continue
            }
            let isStored = known.stored != nil
            var stored = known.stored
            let lacking = stored?.keyIDs.subtracting(keys).min()
            stored?.isSealed = lacking != nil
            let result = judge(
                known.draft,
                isStored ? .store : .host,
                isStored ? .storedBefore : .trusted,
                holdsBroken: isStored,
                // What was opened before isn't used: no restart could.
                obstacle: lacking.map {
                    StoredDrafts.obstacle(known.draft.name, .unknownKey(id: $0), for: rules.audience)
                },
                registry,
                rules,
                &checks
            )
            // Its warnings were told when it was given.
            if result.subscription == nil {
                change.refused.append(known.draft.name)
                change.diagnostics += result.diagnostics.filter { $0.severity == .error }
            }
            change.given.append(
                GivenSubscription(draft: known.draft, subscription: result.subscription, stored: stored)
            )
        }
        change.needCanonical(registry, rules)
        return change
    }

    /// Judges a draft by what is in force.
    ///
    /// - Parameters:
    ///   - source: who gives it.
    ///   - limits: the bounds of what it may ask for.
    ///   - isFirst: whether it is the first of its name in an update.
    ///   - holdsBroken: whether one that can't be sent to for now is held.
    ///   - obstacle: the reason why it is held in any case.
    static func judge(
        _ draft: SubscriptionDraft,
        _ source: SubscriptionSource,
        _ limits: SubscriptionLimits,
        isFirst: Bool = true,
        holdsBroken: Bool = false,
        obstacle: Diagnostic? = nil,
        _ registry: Registry,
        _ rules: DraftRules,
        _ checks: inout TemplateChecks
    ) -> DraftResult {
        var result = rules.build(draft, limits, holdsBroken: holdsBroken, obstacle: obstacle)
        if !isFirst { result.fail("name", "the name is given twice") }
        if source != .store, SubscriptionValidator.isReserved(draft.name) {
            result.fail("name", SubscriptionValidator.reservedName)
        }
        switch registry.source(of: draft.name) {
        case .file: result.fail("name", "the name is taken by the configuration: what that says, only that changes")
        case .store where source != .store:
            result.fail("name", "the name is taken by a subscription that is kept in the store")
        case .host where source == .store:
            result.fail("name", "the name is taken by a subscription that the host has given")
        default: break
        }
        if let problem = result.subscription.flatMap(limits.problem(ofTemplates:)) { result.fail("body", problem) }
        // What breaks a rule would not be rendered as it stands.
        if let subscription = result.subscription {
            result.add(
                limits == .storedBefore
                    ? TemplateChecker.checkCompiling(of: subscription)
                    : checks.check(subscription, maxBody: rules.maxBody, rules.catalog)
            )
        }
        return result
    }
}

/// A change of the subscriptions that are given at run time, as it is made.
struct SubscriptionChange: Sendable {
    /// New, or others than before.
    var given: [GivenSubscription] = []
    /// Names that are gone.
    var removed: [String] = []
    /// Names that are refused.
    var refused: [String] = []
    /// Every problem, in the order of the drafts.
    var diagnostics: [Diagnostic] = []
    /// The topics of the canonical event, where the registry has none and one of these is compared with them.
    var canonical: [ProfileTopic] = []

    mutating func needCanonical(_ registry: Registry, _ rules: DraftRules) {
        guard registry.canonicalTopics.isEmpty else { return }
        canonical = rules.catalog.canonicalTopics(for: given.compactMap(\.subscription))
    }

    var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
    var isEmpty: Bool { given.isEmpty && removed.isEmpty }
}
