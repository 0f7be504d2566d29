import CoreMetrics
import Synchronization

/// A metrics backend that keeps everything.
final class MemoryMetrics: MetricsFactory {
    struct Series: Hashable {
        var name: String
        var labels: [String: String]
    }

    private struct State {
        var values: [Series: [Double]] = [:]
        var kinds: [String: String] = [:]
        var made = 0
    }

    private let state = Mutex(State())

    /// Names of what was made, with the kind.
    var kinds: [String: String] { state.withLock { $0.kinds } }
    /// The label names of what was made, by metric.
    var labels: [String: Set<String>] {
        state.withLock { state in
            Dictionary(state.values.keys.map { ($0.name, Set($0.labels.keys)) }, uniquingKeysWith: { $0.union($1) })
        }
    }
    /// The number of times that a handle was asked for.
    var made: Int { state.withLock { $0.made } }

    /// Everything that was counted or recorded under a name, over all series with these labels.
    func total(_ name: String, _ labels: [String: String] = [:]) -> Double {
        matching(name, labels).values.joined().reduce(0, +)
    }

    /// The last value that was recorded, over all series with these labels.
    func last(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        let values = matching(name, labels).values.compactMap(\.last)
        return values.isEmpty ? nil : values.reduce(0, +)
    }

    /// The values of a label of a metric.
    func values(_ name: String, _ label: String) -> Set<String> {
        Set(matching(name, [:]).keys.compactMap { $0.labels[label] })
    }

    func count(_ name: String) -> Int { matching(name, [:]).values.map(\.count).reduce(0, +) }

    private func matching(_ name: String, _ labels: [String: String]) -> [Series: [Double]] {
        state.withLock { state in
            state.values.filter { series, _ in
                series.name == name && labels.allSatisfy { series.labels[$0] == $1 }
            }
        }
    }

    private func make(_ label: String, _ dimensions: [(String, String)], _ kind: String) -> Handler {
        let series = Series(name: label, labels: Dictionary(dimensions, uniquingKeysWith: { first, _ in first }))
        state.withLock { state in
            state.made += 1
            state.kinds[label] = kind
            state.values[series, default: []] += []
        }
        return Handler(series) { [weak self] value in
            self?.state.withLock { $0.values[series, default: []].append(value) }
        }
    }

    private func destroy(_ handler: Any) {
        guard let handler = handler as? Handler else { return }
        state.withLock { $0.values[handler.series] = nil }
    }

    private final class Handler: CounterHandler, RecorderHandler, TimerHandler, MeterHandler {
        let series: Series
        let add: @Sendable (Double) -> Void

        init(_ series: Series, _ add: @escaping @Sendable (Double) -> Void) { (self.series, self.add) = (series, add) }

        func increment(by amount: Int64) { add(Double(amount)) }
        func reset() {}
        func record(_ value: Int64) { add(Double(value)) }
        func record(_ value: Double) { add(value) }
        func recordNanoseconds(_ duration: Int64) { add(Double(duration)) }
        func set(_ value: Int64) { add(Double(value)) }
        func set(_ value: Double) { add(value) }
        func increment(by amount: Double) { add(amount) }
        func decrement(by amount: Double) { add(-amount) }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        make(label, dimensions, "counter")
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        make(label, dimensions, aggregate ? "histogram" : "gauge")
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        make(label, dimensions, "histogram")
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        make(label, dimensions, "gauge")
    }

    func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }
    func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
}
