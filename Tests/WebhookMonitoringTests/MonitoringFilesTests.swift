import CoreMetrics
import Foundation
import Metrics
import Testing
import WebhookMonitoring
import Webhooks

/// What Prometheus' own tool says of what we export and of the files in docs/monitoring.
@Suite("Monitoring files")
struct MonitoringFilesTests {
    @Test("Every metric of the dispatcher, exported: promtool finds nothing to say")
    func exported() async throws {
        let help = Dictionary(uniqueKeysWithValues: MetricDescription.all.map { ($0.name, $0.help) })
        let registry = PrometheusRegistry(help: help)
        for metric in MetricDescription.all {
            for value in ["crm", "a\"b\\c\nd", "ü", ""] {
                let dimensions = metric.labels.map { ($0, value) }
                switch metric.kind {
                case .counter: Counter(label: metric.name, dimensions: dimensions, factory: registry).increment()
                case .gauge: Gauge(label: metric.name, dimensions: dimensions, factory: registry).record(1.5)
                case .histogram:
                    Metrics.Timer(label: metric.name, dimensions: dimensions, factory: registry).recordSeconds(1)
                }
            }
        }
        let (status, output) = try await Promtool.run(["check", "metrics"], input: registry.text())
        #expect(status == 0 && output.isEmpty, "\(output)")
        let (refused, _) = try await Promtool.run(["check", "metrics"], input: "a{b=\"c\nd\"} 1\n")
        #expect(refused != 0, "the tool looks at what it is given")
    }

    @Test("The alert rules are rules, and alert when they should and not otherwise")
    func rules() async throws {
        let (status, output) = try await Promtool.run(["check", "rules", "docs/monitoring/alerts.yaml"])
        #expect(status == 0, "\(output)")
        let (tested, report) = try await Promtool.run(["test", "rules", "docs/monitoring/alerts.test.yaml"])
        #expect(tested == 0, "\(report)")
        let rules = try Promtool.text("docs/monitoring/alerts.yaml")
        let tests = try Promtool.text("docs/monitoring/alerts.test.yaml")
        for match in rules.matches(of: /- alert: (\w+)/) {
            #expect(tests.contains("alertname: \(match.1)\n"), "\(match.1) is shown to alert")
        }
    }

    @Test(
        "Every metric and label that the dashboard and the rules name is there",
        arguments: ["dashboard.json", "alerts.yaml", "alerts.test.yaml"]
    )
    func names(file: String) throws {
        let text = try Promtool.text("docs/monitoring/\(file)")
        var known: [String: MetricDescription] = [:]
        for metric in MetricDescription.all {
            known[metric.name] = metric
            guard metric.kind == .histogram else { continue }
            for suffix in ["_bucket", "_sum", "_count"] { known[metric.name + suffix] = metric }
        }
        let names = Set(text.matches(of: /webhooks_[a-z_]+/).map { String($0.0) })
        #expect(names.count >= 10)
        #expect(names.filter { known[$0] == nil }.sorted() == [])
        for match in text.matches(of: /(webhooks_[a-z_]+)\{([^}]*)\}/) {
            for label in match.2.matches(of: /([a-z]+)(=~|!=|!~|=)/) {
                // Prometheus adds the place that it fetched from.
                let labels = (known[String(match.1)]?.labels ?? []) + ["instance"]
                #expect(labels.contains(String(label.1)), "\(match.0)")
            }
        }
    }

    @Test("The dashboard is JSON that Grafana imports, with an expression in every panel")
    func dashboard() throws {
        struct Dashboard: Decodable {
            struct Panel: Decodable {
                struct Target: Decodable { var expr: String }
                struct Place: Decodable { var x, y, w, h: Int }
                var id: Int
                var title: String
                var type: String
                var gridPos: Place
                var targets: [Target]?
            }
            var title: String
            var schemaVersion: Int
            var panels: [Panel]
        }
        let text = try Promtool.text("docs/monitoring/dashboard.json")
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(text.utf8))
        #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
        for panel in dashboard.panels where panel.type != "row" {
            #expect(panel.targets?.isEmpty == false, "\(panel.title)")
            #expect(panel.gridPos.x + panel.gridPos.w <= 24)
        }
    }
}

/// Prometheus' `promtool`, as `make setup-tests` brings it.
private enum Promtool {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// - Returns: the exit status, and what it wrote.
    static func run(_ arguments: [String], input: String = "") async throws -> (Int32, String) {
        let tool = root.appendingPathComponent(".tools/promtool")
        try #require(
            FileManager.default.isExecutableFile(atPath: tool.path),
            "there is no promtool to check metrics and rules with: run `make setup-tests`"
        )
        // By way of files, so that neither side waits for the other with a full pipe.
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("promtool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let (source, output) = (scratch.appendingPathComponent("input"), scratch.appendingPathComponent("output"))
        try Data(input.utf8).write(to: source)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = tool
        process.arguments = arguments
        process.currentDirectoryURL = root
        process.standardInput = try FileHandle(forReadingFrom: source)
        let written = try FileHandle(forWritingTo: output)
        (process.standardOutput, process.standardError) = (written, written)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
    }
}
