internal import Metrics
internal import Synchronization
internal import WebhookCore
internal import WebhookEngine

/// The metrics that a dispatcher tells a backend.
///
/// Handles are made once, and kept: a delivery costs a look-up by its subscription's name and additions to numbers, and a
/// commit's worth of those is told at once. Labels are bounded: ``subscriptionLimit`` subscriptions have one of their own,
/// those that come first, and the rest share ``other``; so does one of that name. A label is free again once its subscription
/// is gone.
// Safe to share: a metrics backend's handles are, and everything that changes has a lock.
final class DispatcherMetrics: Sendable {
    /// Subscriptions with a label of their own.
    static let subscriptionLimit = 100
    /// The label of the others.
    static let other = "other"

    let factory: any MetricsFactory
    private let labelled: Mutex<SubscriptionCounts>
    private let withoutAttempt = Mutex<[WithoutAttempt: Counter]>([:])
    private let emitted: [EmitResult: Counter]
    private let fannedOut: Counter
    private let unmatched: Counter
    private let setAside: Counter
    private let rowsRefused: Counter
    private let commits: Counter
    private let commitDuration: Metrics.Timer
    private let commitRows: Recorder
    private let storeFailing: Gauge
    private let lookupDuration: Metrics.Timer
    private let lookups: [String: Counter]
    private let running: Gauge
    private let configurationValid: Gauge
    private let configurationAgrees: Gauge
    private let served: Gauge
    private let leaseLosses: Counter
    let sampled: SampledGauges

    /// The result of an emit, as a label.
    enum EmitResult: String, CaseIterable {
        case stored, duplicate, refused, failed
    }

    private struct WithoutAttempt: Hashable {
        var state: DeliveryState
        var error: FailureKind?
    }

    /// - Parameter factory: the backend.
    /// - Returns: `nil` where nobody listens: nothing is counted then.
    init?(_ factory: any MetricsFactory) {
        if factory is NOOPMetricsHandler { return nil }
        self.factory = factory
        labelled = Mutex(SubscriptionCounts(factory, limit: Self.subscriptionLimit))
        emitted = Dictionary(
            uniqueKeysWithValues: EmitResult.allCases.map {
                ($0, MetricDescription.eventsEmitted.counter(factory, $0.rawValue))
            }
        )
        fannedOut = MetricDescription.eventsFannedOut.counter(factory)
        unmatched = MetricDescription.eventsUnmatched.counter(factory)
        setAside = MetricDescription.eventsSetAside.counter(factory)
        rowsRefused = MetricDescription.rowsRefused.counter(factory)
        commits = MetricDescription.storeCommits.counter(factory)
        commitDuration = MetricDescription.storeCommitDuration.timer(factory)
        commitRows = MetricDescription.storeCommitRows.recorder(factory)
        storeFailing = MetricDescription.storeFailing.gauge(factory)
        lookupDuration = MetricDescription.lookupDuration.timer(factory)
        lookups = Dictionary(
            uniqueKeysWithValues: ["found", "not_found", "unavailable", "exhausted"].map {
                ($0, MetricDescription.lookups.counter(factory, $0))
            }
        )
        running = MetricDescription.running.gauge(factory)
        configurationValid = MetricDescription.configurationValid.gauge(factory)
        configurationAgrees = MetricDescription.configurationAgrees.gauge(factory)
        served = MetricDescription.subscriptionsServed.gauge(factory)
        leaseLosses = MetricDescription.leaseLosses.counter(factory)
        sampled = SampledGauges(factory)
        MetricDescription.buildInfo.gauge(factory, ProductVersion.current).record(1)
        running.record(0)
        configurationValid.record(1)
        configurationAgrees.record(1)
        served.record(0)
        storeFailing.record(0)
    }

    // MARK: The life cycle

    func isRunning(_ value: Bool) { running.record(value ? 1 : 0) }

    func reloaded(_ isValid: Bool) {
        MetricDescription.reloads.counter(factory, isValid ? "loaded" : "refused").increment()
        configurationValid.record(isValid ? 1 : 0)
    }

    // MARK: Events

    /// Events that were emitted, with one result.
    func emitted(_ result: EmitResult, _ count: Int = 1) {
        if count > 0 { emitted[result]?.increment(by: count) }
    }

    func emitted(_ results: [AcceptanceResult]) {
        var counts: [EmitResult: Int] = [:]
        for result in results { counts[EmitResult(result), default: 0] += 1 }
        for (result, count) in counts { emitted(result, count) }
    }

    // MARK: The store

    /// A transaction was committed.
    ///
    /// - Parameters:
    ///   - rows: what it has changed.
    ///   - fannedOut: the events in it that have their deliveries now.
    func committed(rows: Int, fannedOut events: Int, in duration: Duration) {
        commits.increment()
        commitRows.record(Int64(rows))
        commitDuration.recordNanoseconds(duration.wholeNanoseconds)
        if events > 0 { fannedOut.increment(by: events) }
    }

    /// A transaction has failed.
    func commitFailed(_ error: StoreError) {
        MetricDescription.storeErrors.counter(factory, error.code.rawValue).increment()
    }

    // MARK: The transport

    /// A name was looked up.
    func lookedUp(_ result: String, in duration: Duration) {
        lookups[result]?.increment()
        lookupDuration.recordNanoseconds(duration.wholeNanoseconds)
    }

    /// The label of a subscription.
    func label(of subscription: String) -> String { labelled.withLock { $0.label(of: subscription) } }

    /// Takes one sample of what waits. Subscriptions that are gone give up their labels first.
    ///
    /// - Parameter isGone: whether a subscription is gone for good, and nothing of it is open.
    func set(_ sample: MetricsSample, isGone: (String) -> Bool) {
        let labels = labelled.withLock { $0.forget(where: isGone) }
        sampled.forget(labels)
        sampled.set(sample) { label(of: $0) }
    }
}

// MARK: The engine

extension DispatcherMetrics: EngineObserver {
    func noticed(_ notice: LeaseNotice) {
        switch notice {
        case .serves(let count, _): served.record(count)
        case .lost:
            leaseLosses.increment()
            served.record(0)
        case .disagreement(let hosts): configurationAgrees.record(hosts.isEmpty ? 1 : 0)
        }
    }

    func recorded(_ attempts: [RecordedAttempt]) {
        labelled.withLock { counts in
            for attempt in attempts where !attempt.delivery.event.isTest { counts.count(attempt) }
            counts.tell()
        }
    }

    func settled(_ deliveries: [SettledDelivery]) {
        for delivery in deliveries where !delivery.event.isTest {
            settled(delivery.subscription, delivery.state, delivery.error, 1)
        }
    }

    func noticed(_ notice: EngineNotice) {
        switch notice {
        case .openDeliveriesCancelled(let subscription, let count):
            settled(subscription, .cancelled, .disabled, count)
        case .unmatched: unmatched.increment()
        case .setAside: setAside.increment()
        case .refused: rowsRefused.increment()
        case .storeFailed: storeFailing.record(1)
        case .storeRecovered: storeFailing.record(0)
        case .disabled, .cancellationEnded, .enabled, .paused, .resumed, .breakerOpened, .breakerClosed, .recovered,
            .givenUp:
            break
        }
    }

    func failed(_ error: StoreError) { storeFailing.record(1) }

    /// The store can be read again, and nothing has failed to be written.
    func storeWorks() { storeFailing.record(0) }

    /// Deliveries of one subscription have settled without an attempt.
    private func settled(_ subscription: String, _ state: DeliveryState, _ error: FailureKind?, _ count: Int) {
        guard count > 0 else { return }
        let counter = withoutAttempt.withLock { counters in
            let key = WithoutAttempt(state: state, error: error)
            if let counter = counters[key] { return counter }
            let values = (state.rawValue, error?.rawValue ?? "")
            let counter = MetricDescription.settledWithoutAttempt.counter(factory, values.0, values.1)
            counters[key] = counter
            return counter
        }
        counter.increment(by: count)
        labelled.withLock { counts in
            counts.settled(subscription, state, count)
            counts.tell()
        }
    }
}

extension DispatcherMetrics.EmitResult {
    init(_ result: AcceptanceResult) {
        switch result {
        case .stored: self = .stored
        case .duplicate: self = .duplicate
        case .refused, .conflict: self = .refused
        }
    }
}
