internal import Metrics
internal import Synchronization
internal import WebhookCore
internal import WebhooksSQLite

/// The figures that are looked up now and then: how much waits, and what holds it.
struct MetricsSample: Sendable {
    /// The deliveries that wait and are held, as `webhooks status` has them.
    var status: StoreStatus
    /// By subscription.
    var waiting: [String: Int] = [:]
    var disabled: Set<String> = []
    var paused: Set<String> = []
    var breakers: Set<String> = []
    /// Subscriptions that are enabled in the configuration.
    var subscriptions: [String] = []
    var unusable = UnusableSubscriptions()
    var inFlight = 0
    var connections = (open: 0, everOpened: 0)

    /// - Parameters:
    ///   - configured: the subscriptions of the configuration.
    ///   - served: those that dispatchers serve which share the store; `nil`: it is one dispatcher's alone.
    init(
        _ status: StoreStatus,
        _ backlog: StoreBacklog,
        _ health: [SubscriptionHealth],
        configured: [(name: String, isEnabled: Bool)],
        served: Set<String>? = nil
    ) {
        var status = status
        status.fill(backlog, health, configured, served: served)
        self.status = status
        waiting = Dictionary(backlog.subscriptions.map { ($0.name, $0.waiting) }, uniquingKeysWith: +)
        subscriptions = configured.filter(\.isEnabled).map(\.name)
        let served = Set(subscriptions)
        for row in health where served.contains(row.subscription) {
            if row.disabled != nil { disabled.insert(row.subscription) }
            if row.paused?.isInForce(at: status.at) == true { paused.insert(row.subscription) }
            if row.breaker != nil { breakers.insert(row.subscription) }
        }
    }
}

/// The gauges that a ``MetricsSample`` sets.
final class SampledGauges: Sendable {
    private struct Series: Hashable {
        var metric: MetricDescription
        var label: String
    }

    private struct State {
        var singles: [MetricDescription: Gauge] = [:]
        /// By subscription.
        var gauges: [Series: Gauge] = [:]
        /// Connections that were counted so far, of the transport under way.
        var opened = 0
    }

    private let factory: any MetricsFactory
    private let state = Mutex(State())
    private let connectionsOpened: Counter

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        connectionsOpened = MetricDescription.connectionsOpened.counter(factory)
    }

    /// A new transport counts from zero.
    func transportBegins() { state.withLock { $0.opened = 0 } }

    /// Gives up the gauges of labels that are gone.
    func forget(_ labels: Set<String>) {
        guard !labels.isEmpty else { return }
        state.withLock { state in
            for (series, gauge) in state.gauges where labels.contains(series.label) {
                gauge.destroy()
                state.gauges[series] = nil
            }
        }
    }

    /// Sets every gauge: made with its first value, so that what nobody knows (a standby's queues, the disk of a database
    /// server) has no series. What had a value and isn't in the sample is zero.
    ///
    /// - Parameter label: the label of a subscription.
    func set(_ sample: MetricsSample, label: (String) -> String) {
        let status = sample.status
        func age(_ since: Timestamp?) -> Double {
            since.map { Double(max(0, status.at.milliseconds - $0.milliseconds)) / 1000 } ?? 0
        }
        let parked = status.holds.lazy.filter { $0.reason == .parked }.reduce(0) { $0 + $1.waiting }
        let unserved = status.holds.lazy.filter(\.isUnserved).reduce(0) { $0 + $1.waiting + $1.inFlight }
        var singles: [MetricDescription: Double] = [
            .subscriptions: Double(sample.subscriptions.count), .eventsWaiting: Double(status.events),
            .eventLag: age(status.oldestEventAt), .inFlight: Double(sample.inFlight), .due: Double(status.due),
            .lag: age(status.oldestDueAt), .parked: Double(parked), .unserved: Double(unserved),
            .storeSize: Double(status.files.size),
            .connectionsOpen: Double(sample.connections.open),
            .subscriptionsHeld: Double(sample.unusable.held.count),
            .subscriptionsRefused: Double(sample.unusable.refused.count),
        ]
        singles[.walSize] = status.files.walSize.map(Double.init)
        singles[.freeSpace] = status.files.free.map(Double.init)
        var values: [Series: Int] = [:]
        for name in sample.subscriptions {
            let label = label(name)
            for metric in [MetricDescription.waiting, .breakerOpen, .disabled, .paused] {
                values[Series(metric: metric, label: label), default: 0] += 0
            }
        }
        for (name, count) in sample.waiting {
            values[Series(metric: .waiting, label: label(name)), default: 0] += count
        }
        for (metric, names) in [
            (MetricDescription.breakerOpen, sample.breakers), (.disabled, sample.disabled), (.paused, sample.paused),
        ] {
            for name in names { values[Series(metric: metric, label: label(name)), default: 0] += 1 }
        }
        state.withLock { state in
            for (metric, value) in singles {
                let gauge = state.singles[metric] ?? metric.gauge(factory)
                state.singles[metric] = gauge
                gauge.record(value)
            }
            for (series, gauge) in state.gauges where values[series] == nil { gauge.record(0) }
            for (series, value) in values {
                let gauge = state.gauges[series] ?? series.metric.gauge(factory, series.label)
                state.gauges[series] = gauge
                gauge.record(value)
            }
            let opened = sample.connections.everOpened - state.opened
            state.opened = sample.connections.everOpened
            if opened > 0 { connectionsOpened.increment(by: opened) }
        }
    }
}
