internal import CoreMetrics
internal import Synchronization

/// The values of one metric under one set of labels.
protocol MetricSeries: AnyObject, Sendable {
    /// The lines that it makes in the text.
    var lineCount: Int { get }

    func write(_ name: String, _ labels: String, to text: inout String)
}

/// A number that only grows.
final class CounterSeries: MetricSeries, CounterHandler {
    private let value = Atomic<Int64>(0)
    let lineCount = 1

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        let new = value.wrappingAdd(amount, ordering: .relaxed).newValue
        // It stays at the end of its range, rather than to begin again below zero.
        if new < 0 { value.store(.max, ordering: .relaxed) }
    }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(_ name: String, _ labels: String, to text: inout String) {
        MetricText.line(name, labels, String(value.load(ordering: .relaxed)), to: &text)
    }
}

/// A number that only grows, in parts.
final class FloatingPointCounterSeries: MetricSeries, FloatingPointCounterHandler {
    private let value = Mutex(0.0)
    let lineCount = 1

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.withLock { $0 += amount }
    }

    func reset() { value.withLock { $0 = 0 } }

    func write(_ name: String, _ labels: String, to text: inout String) {
        MetricText.line(name, labels, MetricText.number(value.withLock(\.self)), to: &text)
    }
}

/// A number that goes up and down.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)
    let lineCount = 1

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func write(_ name: String, _ labels: String, to text: inout String) {
        MetricText.line(name, labels, MetricText.number(value.withLock(\.self)), to: &text)
    }
}

/// The distribution of numbers over buckets.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private struct Values {
        /// By bucket, not added up; the last one is for what is above every bound.
        var counts: [Int64]
        var sum = 0.0
    }

    private let bounds: [Double]
    /// The divisor of what is recorded.
    private let scale: Double
    /// A line's labels by bucket.
    private let bucketLabels: [String]
    private let values: Mutex<Values>

    var lineCount: Int { bounds.count + 3 }

    init(_ labels: String, _ bounds: [Double], scale: Double) {
        (self.bounds, self.scale) = (bounds, scale)
        bucketLabels = (bounds.map(MetricText.number) + ["+Inf"]).map { bound in
            labels.isEmpty ? "{le=\"\(bound)\"}" : "\(labels.dropLast()),le=\"\(bound)\"}"
        }
        values = Mutex(Values(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // One that is none would make the sum none for ever.
        guard value.isFinite else { return }
        let value = value / scale
        values.withLock { values in
            var index = 0
            while index < bounds.count, value > bounds[index] { index += 1 }
            values.counts[index] += 1
            values.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }

    func write(_ name: String, _ labels: String, to text: inout String) {
        let values = values.withLock(\.self)
        var count: Int64 = 0
        for (index, part) in values.counts.enumerated() {
            count += part
            MetricText.line(name + "_bucket", bucketLabels[index], String(count), to: &text)
        }
        MetricText.line(name + "_sum", labels, MetricText.number(values.sum), to: &text)
        MetricText.line(name + "_count", labels, String(count), to: &text)
    }
}
