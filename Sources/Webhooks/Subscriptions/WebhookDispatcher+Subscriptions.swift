internal import Logging
public import WebhookCore
internal import WebhookEngine
internal import WebhookRegistry

/// Subscriptions that are given at run time, beside those of the configuration.
///
/// They are in force for the next event, during traffic and without a drain, and are kept in memory alone: a host gives them
/// again at its next start, with ``WebhookConfiguration/adding(_:)``, for an event is matched once. What the configuration's
/// file says, only the file changes.
extension WebhookDispatcher {
    /// Puts subscriptions into force: new ones, and such as replace what was given under their names before. Costs what it
    /// changes, however many there are.
    ///
    /// - Returns: warnings.
    /// - Throws: ``WebhooksError`` with `configuration` where one of them is refused, with every problem of all of them by
    ///   key as ``WebhooksError/diagnostics``; then nothing has changed.
    @discardableResult
    public func upsert(_ drafts: [SubscriptionDraft]) async throws(WebhooksError) -> [Diagnostic] {
        try await apply(SubscriptionUpdate(drafts: drafts))
    }

    /// Puts a subscription into force; see ``upsert(_:)-([SubscriptionDraft])``.
    @discardableResult
    public func upsert(_ draft: SubscriptionDraft) async throws(WebhooksError) -> [Diagnostic] {
        try await upsert([draft])
    }

    /// Takes subscriptions out of force that were given at run time. Their open deliveries are kept and not sent, until they
    /// are back or somebody cancels them. A name that was not given is none the worse.
    ///
    /// - Throws: ``WebhooksError`` with `configuration` for a name that is the configuration's; then nothing has changed.
    public func removeSubscriptions(named names: [String]) async throws(WebhooksError) {
        try await apply(SubscriptionUpdate(removed: names))
    }

    /// Puts exactly these subscriptions into force of all that are given at run time. Those that are in force as they stand
    /// here are left alone.
    ///
    /// - Returns: warnings.
    /// - Throws: ``WebhooksError`` with `configuration` where one is refused; then nothing has changed.
    @discardableResult
    public func replaceSubscriptions(_ drafts: [SubscriptionDraft]) async throws(WebhooksError) -> [Diagnostic] {
        try await apply(SubscriptionUpdate(drafts: drafts, replacesAll: true))
    }

    /// Judges a subscription as ``upsert(_:)-(SubscriptionDraft)`` would, and changes nothing: for a form.
    ///
    /// - Returns: every problem by key; none of them an error: it would be taken.
    public func check(_ draft: SubscriptionDraft) async -> [Diagnostic] { await check(draft, as: .host) }

    /// - Parameters:
    ///   - source: who would give it.
    ///   - audience: who reads the problems; `nil`: who reads those of the configuration.
    package func check(
        _ draft: SubscriptionDraft,
        as source: SubscriptionSource,
        for audience: Audience? = nil
    ) async -> [Diagnostic] {
        await LoadingThread.shared.run { [self] in
            var (known, rules) = state.withLock { ($0.snapshot.registry, $0.rules) }
            if let audience { rules.audience = audience }
            var checks = TemplateChecks()
            // As if it was not there: one that is given already is judged, too.
            let isKnown = known.source(of: draft.name) == source
            let registry = isKnown ? known.changing(removing: [draft.name], adding: []) : known
            let limits: SubscriptionLimits = source == .store ? .stored : .trusted
            return SubscriptionUpdate.judge(draft, source, limits, registry, rules, &checks).diagnostics
        }
    }

    /// The profile that a draft has by the configuration in force; `nil`: there is none of its name.
    package func profile(of draft: SubscriptionDraft) -> Profile? { state.withLock { $0.rules }.profile(of: draft) }

    /// Follows a source of subscriptions, such as an observation of the host's table: each set that it gives is in force, as by
    /// ``replaceSubscriptions(_:)``, until the next. Returns when the source ends or the task is cancelled; what is in force then
    /// stays.
    ///
    /// A subscription that is refused doesn't hold up the others: it stays as it was before, and its problems go to the log and
    /// to ``notices(buffering:)``.
    ///
    /// An event is matched once: give those that there are at the start with the configuration,
    /// ``WebhookConfiguration/adding(_:)``.
    /// - Throws: what the source throws.
    public func follow<Sets: AsyncSequence>(_ sets: Sets) async throws where Sets.Element == [SubscriptionDraft] {
        for try await drafts in sets {
            try await apply(SubscriptionUpdate(drafts: drafts, replacesAll: true, skipsRefused: true))
        }
    }

    /// The subscriptions that the host has given at run time, by name; those too that a reload has put out of force.
    public var givenSubscriptions: [SubscriptionDraft] {
        registry.givenSubscriptions.filter { $0.stored == nil }.map(\.draft)
    }

    /// Makes a change, one at a time with others and with reloads.
    @discardableResult
    func apply(_ update: SubscriptionUpdate) async throws(WebhooksError) -> [Diagnostic] {
        try await LoadingThread.shared.run { [self] in
            Result { () throws(WebhooksError) in try planAndSwap(update) }
        }
        .get()
    }

    /// On the loading thread, like a reload.
    private func planAndSwap(_ update: SubscriptionUpdate) throws(WebhooksError) -> [Diagnostic] {
        let (before, rules) = state.withLock { ($0.snapshot, $0.rules) }
        var checks = state.withLock { $0.templateChecks }
        let change = update.plan(before.registry, rules, &checks)
        let errors = change.errors
        if !errors.isEmpty {
            guard update.skipsRefused else { throw WebhooksError(errors) }
            tellRefused(errors)
        }
        let warnings = change.diagnostics.filter { $0.severity == .warning }
        if change.isEmpty { return warnings }
        swap(before, change, checks, warnings: warnings)
        return warnings
    }

    /// Puts a change into force, on the loading thread.
    ///
    /// - Parameters:
    ///   - before: what it was planned by, and is in force.
    ///   - storedVersion: the version of the store's subscriptions afterwards; `nil`: as before.
    func swap(
        _ before: ConfigurationSnapshot,
        _ change: SubscriptionChange,
        _ checks: TemplateChecks,
        storedVersion: Int64? = nil,
        warnings: [Diagnostic]
    ) {
        let snapshot = before.changing(
            removing: change.removed,
            adding: change.given,
            canonical: change.canonical,
            storedVersion: storedVersion
        )
        let (session, parked, unusable) = state.withLock { state in
            state.change(snapshot)
            state.templateChecks = checks
            let unusable = state.unusable.apply(change) ? state.unusable : nil
            return (state.session, change.removed.filter { !state.deletedNames.contains($0) }, unusable)
        }
        if let session {
            let current = state.withLock { $0.snapshot(for: session.role) }
            let changed = change.given.compactMap(\.subscription)
            let outOfForce = change.given.filter { $0.subscription == nil }.map(\.draft.name)
            session.runner.change(current, removing: change.removed + outOfForce, changed: changed)
            if let unusable { tellHeld(change, unusable, session) }
        }
        if change.isEmpty { return }
        lines.line(.info, "subscriptions changed", change.metadata)
        notifier.send(
            WebhookNotice(.subscriptionsChanged) { notice in
                notice.count = change.given.count + change.removed.count
                notice.diagnostics = warnings
            }
        )
        if session != nil, !parked.isEmpty { Task { await tellParked(parked) } }
    }

    /// Tells of subscriptions that are refused where nobody waits for an error.
    ///
    /// - Parameter consequence: what follows, to go behind each.
    func tellRefused(_ errors: [Diagnostic], _ consequence: String = "") {
        for error in errors.prefix(Self.mostRefused) {
            lines.line(.error, "a subscription is refused: \(error)\(consequence)", kind: "a subscription is refused")
        }
        if errors.count > Self.mostRefused {
            lines.line(
                .error,
                "more subscriptions are refused",
                ["problems": "\(errors.count - Self.mostRefused)"]
            )
        }
        notifier.send(WebhookNotice(.subscriptionRefused) { $0.diagnostics = errors })
    }

    /// The problems that are logged one by one.
    private static let mostRefused = 20
}

extension SubscriptionChange {
    /// The names, of many the first.
    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        for (key, names) in [("changed", given.map(\.draft.name)), ("removed", removed)] where !names.isEmpty {
            metadata[key] = "\(RegistryChange.text(names))"
        }
        return metadata
    }
}
