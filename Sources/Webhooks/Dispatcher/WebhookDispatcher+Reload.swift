internal import Logging
internal import WebhookCore
internal import WebhookEngine

extension WebhookDispatcher {
    /// How often the configuration's files are looked at while ``run(until:)`` runs.
    static let watchInterval: Duration = .milliseconds(500)

    /// Loads the configuration anew and swaps it in during traffic. A broken one changes nothing: its problems are logged.
    ///
    /// One at a time, however many ask: the one that began last is in force at the end. The store stays the one that was
    /// opened at the start. Blocks while it loads.
    /// - Returns: whether the new configuration is in force.
    @discardableResult
    public func reload() -> Bool {
        LoadingThread.shared.runBlocking { [self] in loadAndSwap() }
    }

    /// On the loading thread, so that no two swap in another order than they have loaded.
    private func loadAndSwap() -> Bool {
        let report = configuration.load()
        guard let registry = report.registry, report.isValid else {
            for diagnostic in report.diagnostics where diagnostic.severity == .error {
                logger.error("configuration not reloaded: \(diagnostic)")
            }
            // What was read decides what to watch, so that mending any of it is noticed.
            state.withLock { $0.watchedFiles = merged($0.watchedFiles, report.watchedFiles) }
            return false
        }
        for warning in report.diagnostics { logger.warning("\(warning)") }
        if registry.settings.store != stores.location {
            logger.warning("a changed `store` needs a restart: the one that was opened stays in use")
        }
        let generation = configuration.generation(for: registry)
        let session = state.withLock { state in
            state.generation = generation
            state.watchedFiles = report.watchedFiles
            state.topics = report.topics
            return state.session
        }
        if let session {
            let maxInFlight = DeliverySession.maxInFlight(registry.settings.maxInFlight)
            // Only now is nobody left who needs the old ones.
            session.runner.reload(generation, maxInFlight: maxInFlight) { LoadingThread.shared.trim() }
        } else {
            LoadingThread.shared.trim()
        }
        logger.notice("configuration reloaded", metadata: ["subscriptions": "\(registry.subscriptions.count)"])
        return true
    }

    /// Reloads whenever one of the configuration's files has changed and has been left alone since.
    func watchConfiguration() async {
        var files = state.withLock { $0.watchedFiles }
        guard !files.isEmpty else { return }
        var loaded = FileSignature.all(of: files)
        var last = loaded
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: Self.watchInterval)) != nil else { return }
            let current = FileSignature.all(of: files)
            defer { last = current }
            guard current != loaded, current == last else { continue }
            _ = await LoadingThread.shared.run { [self] in loadAndSwap() }
            let watched = state.withLock { $0.watchedFiles }
            // A change since `current` was taken must show up as one.
            loaded = watched == files ? current : FileSignature.all(of: watched)
            files = watched
        }
    }

    private func merged(_ old: [String], _ new: [String]) -> [String] {
        old + new.filter { !old.contains($0) }
    }
}
