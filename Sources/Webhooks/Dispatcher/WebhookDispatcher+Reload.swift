internal import Logging
internal import WebhookCore
internal import WebhookEngine

extension WebhookDispatcher {
    /// How often the configuration's files are looked at while ``run(until:)`` runs.
    static let watchInterval: Duration = .milliseconds(500)

    /// Loads the configuration anew and swaps it in during traffic. A broken one changes nothing: its problems are logged.
    ///
    /// The store stays the one that was opened at the start.
    /// - Returns: whether the new configuration is in force.
    @discardableResult
    public func reload() -> Bool {
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
        let generation = configuration.generation(for: registry)
        let session = state.withLock { state in
            state.generation = generation
            state.watchedFiles = report.watchedFiles
            return state.session
        }
        session?.runner.reload(generation)
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
            reload()
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
