import CoreMetrics
import Metrics
import Testing

@testable import WebhookMonitoring

@Suite("Prometheus text")
struct PrometheusRegistryTests {
    @Test("Counters, gauges and histograms: by name, then by labels, whatever the order they came in")
    func kinds() {
        let registry = PrometheusRegistry(help: ["b_total": "What\nis \\counted."])
        Gauge(label: "c", factory: registry).record(1.5)
        Counter(label: "b_total", dimensions: [("state", "z")], factory: registry).increment(by: 2)
        Counter(label: "b_total", dimensions: [("state", "a")], factory: registry).increment()
        Counter(label: "b_total", dimensions: [("state", "a")], factory: registry).increment()
        Meter(label: "a", factory: registry).set(-3)
        let expected = """
            # TYPE a gauge
            a -3
            # HELP b_total What\\nis \\\\counted.
            # TYPE b_total counter
            b_total{state="a"} 2
            b_total{state="z"} 2
            # TYPE c gauge
            c 1.5

            """
        #expect(registry.text() == expected)
        #expect(registry.text() == expected, "reading changes nothing")
    }

    @Test("A timer is a histogram in seconds: each bucket counts all up to its bound, sum and count are there")
    func timers() {
        let registry = PrometheusRegistry()
        let timer = Metrics.Timer(label: "d_seconds", dimensions: [("who", "crm")], factory: registry)
        for milliseconds in [1, 3, 700, 120_000] { timer.recordMilliseconds(milliseconds) }
        let lines = registry.text().split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE d_seconds histogram")
        #expect(lines.contains(#"d_seconds_bucket{who="crm",le="0.001"} 1"#), "a bound is within its bucket")
        #expect(lines.contains(#"d_seconds_bucket{who="crm",le="0.005"} 2"#))
        #expect(lines.contains(#"d_seconds_bucket{who="crm",le="1"} 3"#))
        #expect(lines.contains(#"d_seconds_bucket{who="crm",le="60"} 3"#))
        #expect(lines.contains(#"d_seconds_bucket{who="crm",le="+Inf"} 4"#))
        #expect(lines.contains(#"d_seconds_sum{who="crm"} 120.704"#))
        #expect(lines.contains(#"d_seconds_count{who="crm"} 4"#))
        let sizes = Recorder(label: "rows", factory: registry)
        sizes.record(7)
        sizes.record(Double.nan)
        #expect(registry.text().contains("rows_bucket{le=\"10\"} 1\n"))
        #expect(registry.text().contains("rows_sum 7\nrows_count 1\n"))
    }

    @Test(
        "Names and values from anywhere: what the format doesn't allow is replaced or escaped, and nothing breaks a line"
    )
    func hostile() {
        let registry = PrometheusRegistry()
        let values = [
            "a\"b", "back\\slash", "two\nlines", "cr\r\nlf", "{}", "ü\u{0}", String(repeating: "é", count: 500),
        ]
        for value in values {
            Counter(label: "9 metric-näme", dimensions: [("la bel", value), ("la_bel", "twice")], factory: registry)
                .increment()
        }
        Metrics.Timer(label: "t", dimensions: [("le", "mine"), ("__name__", "x")], factory: registry).recordSeconds(1)
        let text = registry.text()
        #expect(text.contains(#"_9_metric_n_me{la_bel="a\"b"} 1"#))
        #expect(text.contains(#"{la_bel="back\\slash"} 1"#))
        #expect(text.contains(#"{la_bel="two\nlines"} 1"#))
        #expect(text.contains("{la_bel=\"cr\r\\nlf\"} 1"))
        #expect(text.contains("{la_bel=\"\(String(repeating: "é", count: 128))\"} 1"))
        #expect(text.contains(#"t_count{exported_le="mine",exported_name__="x"} 1"#))
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            #expect(line.hasPrefix("#") || line.hasSuffix(" 1") || line.contains(" 0"), "\(line)")
        }
    }

    @Test("What is no number and what is too much stays a valid line")
    func extremes() {
        let registry = PrometheusRegistry()
        let gauge = Gauge(label: "g", factory: registry)
        for (value, text) in [(Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e300, "1e+300")] {
            gauge.record(value)
            #expect(registry.text().hasSuffix("g \(text)\n"))
        }
        let counter = Counter(label: "n_total", factory: registry)
        counter.increment(by: Int64.max)
        counter.increment(by: Int64.max)
        counter.increment(by: Int64(-5))
        #expect(registry.text().hasSuffix("n_total 9223372036854775807\n"))
        let parts = FloatingPointCounter(label: "p_total", factory: registry)
        parts.increment(by: 0.5)
        parts.increment(by: Double.nan)
        #expect(registry.text().hasSuffix("p_total 0.5\n"))
    }

    @Test("The number of series is bounded: the first stay, the others are dropped and counted; a name has one kind")
    func bounds() {
        let registry = PrometheusRegistry(lineLimit: 20)
        for number in 0..<1_000 {
            Counter(label: "c_total", dimensions: [("id", "\(number)")], factory: registry).increment()
        }
        #expect(Metrics.Timer(label: "late", factory: registry).label == "late")
        var text = registry.text()
        #expect(text.split(separator: "\n").count == 1 + 20 + 3)
        #expect(text.hasSuffix("metrics_series_dropped_total 981\n"))
        Gauge(label: "c_total", dimensions: [("id", "1")], factory: registry).record(99)
        text = registry.text()
        #expect(text.contains(#"c_total{id="1"} 1"#) && !text.contains("99\n"))
        #expect(text.hasSuffix("metrics_series_dropped_total 982\n"))
    }

    @Test("What is destroyed is gone, and makes room")
    func destroyed() {
        let registry = PrometheusRegistry(lineLimit: 1)
        let counter = Counter(label: "a_total", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(registry.text().isEmpty)
        Gauge(label: "a_total", factory: registry).record(2)
        #expect(registry.text() == "# TYPE a_total gauge\na_total 2\n")
    }

    @Test("Counted from many threads at once, while it is read: nothing is lost")
    func concurrent() async {
        let registry = PrometheusRegistry()
        let timer = Metrics.Timer(label: "t", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        Counter(label: "n_total", dimensions: [("of", "\(number % 2)")], factory: registry).increment()
                        timer.recordNanoseconds(1_000_000)
                    }
                }
            }
            for _ in 0..<20 { _ = registry.text() }
        }
        let text = registry.text()
        #expect(text.contains(#"n_total{of="0"} 4000"#) && text.contains(#"n_total{of="1"} 4000"#))
        #expect(text.contains("t_count 8000\n") && text.contains("t_bucket{le=\"0.001\"} 8000\n"))
    }
}
