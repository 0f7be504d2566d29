package import CoreMetrics
internal import Synchronization

/// A metrics backend that keeps the newest values in memory, for Prometheus to fetch (text format 0.0.4).
///
/// Counters and gauges are what they are; timers and aggregating recorders are histograms with fixed buckets, timers in
/// seconds. The number of series is bounded: what comes beyond is dropped, and counted.
package final class PrometheusRegistry: MetricsFactory {
    /// The value of the `Content-Type` header.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The upper bounds of a timer's buckets, in seconds.
    package static let durationBuckets = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// The upper bounds of a recorder's buckets.
    package static let valueBuckets: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

    /// A metric, as a host's program names it.
    private struct Key: Hashable {
        var name: String
        /// As in the text, with braces; empty: none.
        var labels: String
    }

    private struct State {
        var families: [String: MetricFamily.Kind] = [:]
        var series: [Key: any MetricSeries] = [:]
        /// The keys of the series.
        var keys: [ObjectIdentifier: Key] = [:]
        /// Lines of text that the series make.
        var lines = 0
        var dropped: Int64 = 0
    }

    private let help: [String: String]
    private let lineLimit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - help: a line of text for metrics, by name.
    ///   - lineLimit: the most lines of values; a histogram makes one for each bucket and three more.
    package init(help: [String: String] = [:], lineLimit: Int = 10_000) {
        (self.help, self.lineLimit) = (help, lineLimit)
    }

    /// Returns the series of a name and labels, which is made where there is none yet. `nil` where there are too many, or
    /// the name is taken by a metric of another kind.
    private func series<Series: MetricSeries>(
        _ label: String,
        _ dimensions: [(String, String)],
        _ kind: MetricFamily.Kind,
        _ make: (String) -> Series
    ) -> Series? {
        let name = MetricText.name(label)
        let key = Key(name: name, labels: MetricText.labels(dimensions, isHistogram: kind == .histogram))
        return state.withLock { state in
            if let known = state.series[key] {
                if let series = known as? Series { return series }
            } else if state.families[name] ?? kind == kind {
                let series = make(key.labels)
                if state.lines + series.lineCount <= lineLimit {
                    state.families[name] = kind
                    state.series[key] = series
                    state.keys[ObjectIdentifier(series)] = key
                    state.lines += series.lineCount
                    return series
                }
            }
            state.dropped += 1
            return nil
        }
    }

    /// The text of all metrics: by name, and within a name by labels.
    package func text() -> String {
        let (series, families, dropped) = state.withLock { ($0.series, $0.families, $0.dropped) }
        // A commit that is being counted waits for none of this.
        var byName: [String: [(labels: String, series: any MetricSeries)]] = [:]
        for (key, value) in series { byName[key.name, default: []].append((key.labels, value)) }
        var text = ""
        for name in byName.keys.sorted() {
            let kind = families[name] ?? .gauge
            MetricText.header(name, help[name], kind, to: &text)
            for entry in byName[name, default: []].sorted(by: { $0.labels < $1.labels }) {
                entry.series.write(name, entry.labels, to: &text)
            }
        }
        if dropped > 0 {
            let name = "metrics_series_dropped_total"
            MetricText.header(name, "Series that were not kept, because there are too many.", .counter, to: &text)
            MetricText.line(name, "", String(dropped), to: &text)
        }
        return text
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            guard let key = state.keys.removeValue(forKey: ObjectIdentifier(handler)),
                let series = state.series.removeValue(forKey: key)
            else { return }
            state.lines -= series.lineCount
            if !state.series.keys.contains(where: { $0.name == key.name }) { state.families[key.name] = nil }
        }
    }
}

// MARK: MetricsFactory

extension PrometheusRegistry {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { _ in CounterSeries() } ?? NOOPMetricsHandler.instance
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { _ in FloatingPointCounterSeries() } ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { _ in GaugeSeries() } ?? NOOPMetricsHandler.instance
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            let made = series(label, dimensions, .histogram) { HistogramSeries($0, Self.valueBuckets, scale: 1) }
            return made ?? NOOPMetricsHandler.instance
        }
        return series(label, dimensions, .gauge) { _ in GaugeSeries() } ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let made = series(label, dimensions, .histogram) {
            HistogramSeries($0, Self.durationBuckets, scale: 1_000_000_000)
        }
        return made ?? NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
