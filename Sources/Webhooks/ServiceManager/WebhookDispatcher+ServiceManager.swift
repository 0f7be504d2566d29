internal import WebhookEngine

extension WebhookDispatcher {
    /// Tells a service manager from now on when this dispatcher runs, reloads and stops, and that it is alive.
    package func report(to notifier: SystemdNotifier) { state.withLock { $0.serviceManager = notifier } }

    /// The service manager to tell; `nil`: there is none.
    var serviceManager: SystemdNotifier? { state.withLock { $0.serviceManager } }

    /// Tells the service manager that deliveries get on, for as long as the task lives and they do.
    ///
    /// The sign of life is the answer of a ping that took an attempt's way. This task only asks; where no answer comes it says
    /// whose is missing, and the manager ends the process when it has waited long enough.
    func reportLife(of session: DeliverySession) async {
        guard let notifier = serviceManager else { return }
        var ping: (EnginePing, at: ContinuousClock.Instant)?
        repeat {
            if let ping, let part = ping.0.waitsFor {
                notifier.isSilent(part, for: ContinuousClock.now - ping.at)
                continue
            }
            let question = session.runner.ping { [weak self, weak runner = session.runner] in
                guard let self, let runner else { return }
                notifier.isAlive(figures(of: runner, notifier))
            }
            ping = (question, ContinuousClock.now)
        } while (try? await Task.sleep(for: notifier.interval)) != nil
    }

    /// The figures for a line. Reads nothing from the store.
    func figures(of runner: EngineRunner, _ notifier: SystemdNotifier) -> ServiceState.Figures {
        let counts = notifier.counts.values
        return ServiceState.Figures(
            subscriptions: registry.subscriptions.count(where: \.isEnabled),
            underWay: runner.attemptsUnderWay,
            queued: runner.deliveriesInMemory,
            delivered: counts.delivered,
            failed: counts.failed,
            unknown: counts.unknown
        )
    }
}
