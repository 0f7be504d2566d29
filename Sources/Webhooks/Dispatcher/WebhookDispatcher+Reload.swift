internal import Logging
internal import WebhookCore
internal import WebhookEngine
internal import WebhookRegistry

extension WebhookDispatcher {
    /// The time between two looks at the configuration's files while ``run(until:whenLocked:)`` runs.
    static let watchInterval: Duration = .milliseconds(500)

    /// Loads the configuration again and swaps it in during traffic. A broken one changes nothing: its problems are
    /// logged.
    ///
    /// One at a time, however many ask: the one that began last is in force at the end. One that names another store than was
    /// opened at the start is refused as well: commands that read the file would work on that one, and nobody would deliver from
    /// it. So is one without a key of the encryption keys that the secrets of a stored subscription are sealed with: nothing could be
    /// sent to that any more. Blocks while it loads.
    /// - Returns: whether the new configuration is in force.
    @discardableResult
    public func reload() -> Bool {
        LoadingThread.shared.runBlocking { [self] in loadAndSwap() }
    }

    /// On the loading thread, so that no two swap in another order than they have loaded.
    func loadAndSwap() -> Bool {
        serviceManager?.reloadBegins()
        let report = configuration.loadWithoutDrafts()
        let problems = report.diagnostics.filter { $0.severity == .error } + storeProblems(report.registry)
        let sealed = sealingProblem(report.registry)
        let keys =
            problems.isEmpty && sealed != nil ? report.registry.map { RefusedKeys($0.settings, self.registry) } : nil
        state.withLock { $0.refusedKeys = keys }
        let errors = problems + [sealed].compactMap(\.self)
        guard let registry = report.registry, report.isValid, errors.isEmpty else {
            refuse(errors, report.watched)
            return false
        }
        for warning in report.startupWarnings(for: configuration.audience) { lines.line(.warning, "\(warning)") }
        if registry.settings.store.map(ConfigurationDifference.absolute)
            != stores.location.map(ConfigurationDifference.absolute)
        {
            lines.line(.warning, "changed credentials of the `store` need a restart: the ones before stay in use")
        }
        // Subscriptions that were given at run time stay, by the rules that are in force now.
        let before = self.registry
        var checks = TemplateChecks()
        var given = SubscriptionUpdate.plan(again: before.givenSubscriptions, registry, report.rules, &checks)
        // A name may be free by now.
        var names = state.withLock { $0.storedNames }
        given.retry(&names, registry, report.rules, &checks)
        let snapshot = configuration.snapshot(for: registry).changing(
            removing: [],
            adding: given.given,
            canonical: given.canonical,
            storedVersion: before.storedVersion
        )
        let change = RegistryChange(from: before, to: snapshot.registry)
        let session = state.withLock { state in
            state.replace(snapshot, logger)
            state.watched = report.watched
            state.topics = report.topics
            state.rules = report.rules
            state.templateChecks = checks
            state.storedNames = names
            return state.session
        }
        if !given.refused.isEmpty { tellRefused(given.diagnostics, "; events pass it by until that is mended") }
        if let session {
            let maxInFlight = DeliverySession.maxInFlight(registry.settings.maxInFlight)
            // Only now is nobody left who needs the old ones.
            let current = state.withLock { $0.snapshot(for: session.role) }
            session.runner.reload(current, maxInFlight: maxInFlight) {
                LoadingThread.shared.trim()
            }
        } else {
            LoadingThread.shared.trim()
        }
        var metadata = change.metadata
        metadata["subscriptions"] = "\(snapshot.registry.subscriptions.count(where: \.isEnabled))"
        lines.line(.notice, "configuration reloaded", metadata)
        tellHeld(snapshot.registry, session)
        session?.lock.note(refusedProblems: 0)
        notifier.send(WebhookNotice(.reloaded) { $0.diagnostics = report.diagnostics })
        metrics?.reloaded(true)
        serviceManager?.reloadEnds()
        if session != nil, !change.removed.isEmpty { Task { await tellParked(change.removed) } }
        return true
    }

    /// The problem of a configuration with another store than the one in use; a host's own database needs none.
    private func storeProblems(_ registry: Registry?) -> [Diagnostic] {
        guard let settings = registry?.settings, !(stores.host != nil && settings.store == nil) else { return [] }
        let places = [stores.location, settings.store].map { $0.map(ConfigurationDifference.absolute)?.description }
        let (old, new) = (places[0] ?? "none", places[1] ?? "none")
        guard old != new else { return [] }
        let message =
            "`store` is another one: \(new), and \(old) stays in use; stop the dispatcher, move the store there, and start it again"
        return [Diagnostic(.error, file: configuration.path ?? "configuration", message: message)]
    }

    /// The errors that are logged one by one.
    private static let mostErrors = 20

    /// Tells everybody that the configuration on the disk is not taken.
    private func refuse(_ errors: [Diagnostic], _ watched: [WatchedFile]) {
        notifier.send(WebhookNotice(.reloadRefused) { $0.diagnostics = errors })
        metrics?.reloaded(false)
        // What was read decides what to watch, so that mending any of it is noticed.
        let session = state.withLock { state in
            state.watched = merged(state.watched, watched)
            return state.session
        }
        session?.lock.note(refusedProblems: errors.count)
        serviceManager?.reloadEnds(problems: errors.count)
        for diagnostic in errors.prefix(Self.mostErrors) {
            lines.line(.error, "configuration not reloaded: \(diagnostic)", kind: "configuration not reloaded")
        }
        if errors.count > Self.mostErrors {
            let message = "configuration not reloaded: there are more problems"
            lines.line(
                .error,
                "\(Remedy.validateRest.text(after: message, for: configuration.audience))",
                ["problems": "\(errors.count - Self.mostErrors)"]
            )
        }
    }

    /// Says how many deliveries are kept and not sent, because their subscription is gone.
    func tellParked(_ names: [String]) async {
        var warnings = ParkedWarnings(for: configuration.audience)
        for name in names {
            guard let count = try? await log.openDeliveries(of: name) else { continue }
            let warning = warnings.note(name, open: count.waiting + count.inFlight)
            if let warning { lines.line(.warning, warning.message, kind: "parked", warning.metadata) }
        }
        if let rest = warnings.rest { lines.line(.warning, rest.message, kind: "more parked", rest.metadata) }
    }

    /// Reloads whenever one of the configuration's files is not as it was when it was loaded, and has been left alone since.
    func watchConfiguration() async {
        var last: [FileSignature?]?
        while !Task.isCancelled {
            let watched = state.withLock { $0.watched }
            guard !watched.isEmpty else { return }
            let current = watched.map { FileSignature(path: $0.path) }
            if current != watched.map(\.signature), current == last {
                _ = await LoadingThread.shared.run { [self] in loadAndSwap() }
                last = nil
            } else {
                last = current
            }
            guard (try? await IdleBeat.sleep(for: Self.watchInterval)) != nil else { return }
        }
    }

    /// The files that a failed load read, and the ones that it did not come to, as they are now.
    private func merged(_ old: [WatchedFile], _ new: [WatchedFile]) -> [WatchedFile] {
        let paths = Set(new.map(\.path))
        let rest = old.filter { !paths.contains($0.path) }
        return new + rest.map { WatchedFile(path: $0.path, signature: FileSignature(path: $0.path)) }
    }
}
