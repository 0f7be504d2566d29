internal import Glibc
internal import WebhookCore

extension WebhookDispatcher {
    /// The time between two looks at what waits, for the metrics. Longer where a look takes long: see ``SamplingPace``.
    static let samplingInterval: Duration = .seconds(5)

    /// Counts what waits and what holds it, for as long as the task lives and somebody listens.
    func sampleMetrics(of session: DeliverySession) async {
        guard let metrics else { return }
        metrics.sampled.transportBegins()
        var pace = SamplingPace(least: Self.samplingInterval, most: .seconds(300))
        while !Task.isCancelled {
            let start = ContinuousClock.now
            let isRead = await sample(session, metrics)
            // The end of a trouble is told soon.
            let pause = isRead ? pace.pause(after: .now - start) : .seconds(1)
            guard (try? await IdleBeat.sleep(for: pause)) != nil else { return }
        }
    }

    /// Takes one sample.
    ///
    /// - Returns: whether it could be read. What could not is not told.
    @discardableResult
    func sample(_ session: DeliverySession, _ metrics: DispatcherMetrics) async -> Bool {
        let now = Timestamp.now
        do throws(StoreError) {
            let backlog = try await session.store.backlog(at: now, late: now - StatusRules.lateness)
            let health = try await session.store.health()
            var status = StoreStatus(at: now, files: try await StoreStatus.Files(of: session.store))
            status.dispatcher = StoreStatus.Dispatcher(processID: getpid())
            // What is held with its settings waits as what is parked does: nothing of it is late.
            let configured = registry.subscriptions.map { (name: $0.name, isEnabled: $0.isServed) }
            status.nodes = try await WebhookLog.nodes(of: session.store)
            let served = try await WebhookLog.served(in: session.store, by: status.nodes)
            var sample = MetricsSample(status, backlog, health, configured: configured, served: served)
            sample.unusable = state.withLock { $0.unusable }
            sample.inFlight = session.runner.attemptsUnderWay
            sample.connections = session.transport.connections
            let (known, open) = (registry, Set(backlog.subscriptions.map(\.name)))
            metrics.set(sample) { known.source(of: $0) == nil && !open.contains($0) }
            let works = state.withLock { state in
                defer { state.readTrouble = nil }
                return state.readTrouble != nil && state.isWritable
            }
            if works { metrics.storeWorks() }
            return true
        } catch {
            // An idle dispatcher has nothing to record that would tell.
            if !Task.isCancelled {
                state.withLock { $0.readTrouble = error }
                metrics.failed(error)
            }
            // The engine meets the same store and says what it means.
            logger.debug("what waits could not be counted", metadata: ["error": "\(error)"])
            return false
        }
    }
}

/// The time between two looks into the store: a hundredth of a connection's time at most goes into them.
///
/// One that hung says nothing of the next: the quicker of the last two counts.
struct SamplingPace {
    private let least: Duration
    private let most: Duration
    private var last: Duration = .zero

    /// - Parameters:
    ///   - least: the time between two that take none.
    ///   - most: the longest one.
    init(least: Duration, most: Duration) { (self.least, self.most) = (least, most) }

    /// The time to the next look.
    ///
    /// - Parameter duration: of the one that has ended.
    mutating func pause(after duration: Duration) -> Duration {
        defer { last = duration }
        return max(least, min(min(last, duration) * 100, most))
    }
}
