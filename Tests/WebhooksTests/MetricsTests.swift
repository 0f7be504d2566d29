import CoreMetrics
import Foundation
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import WebhooksSQLite

@testable import WebhookEngine
@testable import Webhooks

@Suite("Metrics")
struct MetricsTests {
    private func recorded(
        _ subscription: String,
        _ outcome: Attempt.Outcome = .succeeded,
        _ error: FailureKind? = nil,
        state: DeliveryState = .delivered,
        isTest: Bool = false
    ) -> RecordedAttempt {
        let event = EventHeader(row: 1, id: "evt-1", topic: "a.b", tenant: "school-42", isTest: isTest)
        let delivery = OpenDelivery(
            id: Delivery.ID(rawValue: 1),
            subscription: subscription,
            mode: .retry,
            contentType: .json,
            dueAt: .now,
            event: event
        )
        var attempt = Attempt(number: 1, startedAt: .now, url: "https://h/", requestHeaders: [], requestBody: .empty)
        (attempt.outcome, attempt.error, attempt.duration) = (outcome, error, .milliseconds(20))
        return RecordedAttempt(delivery: delivery, attempt: attempt, state: state)
    }

    @Test(
        "A dispatcher at work: what it tells is in the table with these kinds and labels, and everything of the table is told"
    )
    func table() async throws {
        let metrics = MemoryMetrics()
        let receiver = try Receiver { $0.target == "/bad" ? .status(500) : .noContent }
        let workspace = try TestEnvironment()
        try workspace.write(
            """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8", "::1/128"] }
            defaults: { secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw], delivery: { mode: single-shot } }
            subscriptions:
              - { name: good, url: "\(receiver.url)/good", topics: [a.b] }
              - { name: bad, url: "\(receiver.url)/bad", topics: [a.b] }
              - { name: off, url: "\(receiver.url)/off", topics: [a.b] }
              - { name: named, url: "http://localhost:\(receiver.port)/", topics: [x.y] }
            """,
            to: "webhooks.yaml"
        )
        let dispatcher = try await WebhookDispatcher(configuration: workspace.configuration, metrics: metrics)
        #expect(metrics.last("webhooks_dispatcher_running") == 0)
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "first"))
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "first"))
        await #expect(throws: WebhooksError.self) {
            try await dispatcher.emit(Event(topic: "a.b", data: "[]", id: "first"))
        }
        try await dispatcher.administration.setEnabled(false, subscription: "off")
        try await dispatcher.run(until: .idle)
        try await dispatcher.emit([Event(topic: "a.b", data: "{}", id: "second"), Event(topic: "c.d", data: "{}")])
        try await dispatcher.emit(Event(topic: "x.y", data: "{}"))
        try await dispatcher.run(until: .idle)
        dispatcher.reload()

        #expect(metrics.total("webhooks_events_emitted_total", ["result": "stored"]) == 4)
        #expect(metrics.total("webhooks_events_emitted_total", ["result": "duplicate"]) == 1)
        #expect(metrics.total("webhooks_events_emitted_total", ["result": "refused"]) == 1)
        #expect(metrics.total("webhooks_events_fanned_out_total") == 4)
        #expect(metrics.total("webhooks_events_unmatched_total") == 1)
        #expect(metrics.total("webhooks_attempts_total", ["subscription": "good", "outcome": "succeeded"]) == 2)
        #expect(
            metrics.total("webhooks_attempts_total", ["subscription": "bad", "outcome": "failed", "error": "status"])
                == 2
        )
        #expect(metrics.count("webhooks_attempt_duration_seconds") == 5)
        #expect(
            metrics.total("webhooks_deliveries_settled_total", ["subscription": "good", "state": "delivered"]) == 2
        )
        #expect(metrics.total("webhooks_deliveries_settled_total", ["subscription": "bad", "state": "failed"]) == 2)
        #expect(metrics.total("webhooks_deliveries_settled_total", ["subscription": "off", "state": "cancelled"]) == 2)
        #expect(
            metrics.total("webhooks_settled_without_attempt_total", ["state": "cancelled", "error": "disabled"]) == 2
        )
        #expect(metrics.total("webhooks_store_commits_total") >= 2)
        #expect(metrics.total("webhooks_store_commit_rows") >= 6)
        #expect(
            metrics.total("webhooks_store_commits_total")
                == Double(metrics.count("webhooks_store_commit_duration_seconds"))
        )
        #expect(metrics.total("webhooks_dns_lookups_total", ["result": "found"]) >= 1)
        #expect(metrics.total("webhooks_configuration_reloads_total", ["result": "loaded"]) == 1)
        #expect(metrics.last("webhooks_subscription_disabled", ["subscription": "off"]) == 1)
        #expect(metrics.last("webhooks_dispatcher_running") == 0, "it has ended")

        // What no run of a test comes by.
        let handles = try #require(dispatcher.metrics)
        handles.commitFailed(StoreError(.full, "x"))
        #expect(metrics.total("webhooks_store_errors_total", ["code": "full"]) == 1)
        #expect(
            metrics.kinds
                == Dictionary(uniqueKeysWithValues: MetricDescription.all.map { ($0.name, $0.kind.rawValue) })
        )
        for metric in MetricDescription.all {
            #expect(metrics.labels[metric.name] == Set(metric.labels), "\(metric.name)")
        }
    }

    @Test(
        "The documents' tables say the same as the dispatcher",
        arguments: [
            "docs/metrics.md", "Sources/Webhooks/Webhooks.docc/Metrics.md",
        ]
    )
    func documented(path: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        let rows = text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `webhooks_") }
        let expected = MetricDescription.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
        }
        #expect(rows == expected.map { $0.replacing("|  |", with: "| |") })
        #expect(text.contains("\(DispatcherMetrics.subscriptionLimit) subscriptions"), "the limit is said")
    }

    @Test(
        "Labels are bounded: the first hundred subscriptions have their own, the others share one, and nothing is lost"
    )
    func bounded() throws {
        let factory = MemoryMetrics()
        let metrics = try #require(DispatcherMetrics(factory))
        for _ in 0..<3 { metrics.recorded((0..<1_000).map { recorded("s\($0)") }) }
        let labels = factory.values("webhooks_attempts_total", "subscription")
        #expect(labels.count == DispatcherMetrics.subscriptionLimit + 1)
        #expect(labels.contains("s0") && labels.contains("s99") && !labels.contains("s100"))
        #expect(factory.total("webhooks_attempts_total") == 3_000)
        #expect(factory.total("webhooks_attempts_total", ["subscription": "other"]) == 2_700)
        #expect(factory.values("webhooks_attempt_duration_seconds", "subscription") == labels)
    }

    @Test("A subscription that is gone gives its label to the next, and its series go")
    func forgotten() throws {
        let factory = MemoryMetrics()
        let metrics = try #require(DispatcherMetrics(factory))
        func sample(_ names: [String]) -> MetricsSample {
            let status = StoreStatus(at: .now, files: .init(path: "", size: 10, walSize: 5, free: nil))
            return MetricsSample(status, StoreBacklog(), [], configured: names.map { ($0, true) })
        }
        let first = (0..<DispatcherMetrics.subscriptionLimit).map { "s\($0)" } + ["late", "other"]
        metrics.recorded(first.map { recorded($0) })
        metrics.set(sample(first)) { _ in false }
        #expect(metrics.label(of: "late") == "other")
        metrics.set(sample(["s0", "late", "other"])) { !["s0", "late", "other"].contains($0) }
        metrics.recorded([recorded("late"), recorded("other"), recorded("s0")])
        for name in ["webhooks_attempts_total", "webhooks_attempt_duration_seconds", "webhooks_deliveries_waiting"] {
            #expect(factory.values(name, "subscription") == ["s0", "late", "other"], "\(name)")
        }
        #expect(factory.total("webhooks_attempts_total", ["subscription": "s0"]) == 2)
        #expect(factory.total("webhooks_attempts_total", ["subscription": "late"]) == 1)
        #expect(factory.total("webhooks_attempts_total", ["subscription": "other"]) == 3, "everybody's stays")
        // What comes in after all is counted, and goes at the next look.
        metrics.recorded([recorded("s1")])
        #expect(factory.total("webhooks_attempts_total", ["subscription": "s1"]) == 1)
        metrics.set(sample(["s0"])) { $0 == "s1" }
        #expect(!factory.values("webhooks_attempts_total", "subscription").contains("s1"))
    }

    @Test("A commit's worth is told at once, by handles that are kept; a send test counts for nothing")
    func cost() throws {
        let factory = MemoryMetrics()
        let metrics = try #require(DispatcherMetrics(factory))
        let commit =
            (0..<500).map { _ in recorded("crm") }
            + (0..<40).map { _ in recorded("crm", .failed, .timeout, state: .waiting) }
        metrics.recorded(commit)
        let made = factory.made
        for _ in 0..<9 { metrics.recorded(commit) }
        #expect(factory.made == made, "no handle is made again")
        #expect(factory.count("webhooks_attempts_total") == 2 * 10, "one addition a commit and series")
        #expect(factory.total("webhooks_attempts_total", ["outcome": "succeeded", "error": ""]) == 5_000)
        #expect(factory.total("webhooks_attempts_total", ["outcome": "failed", "error": "timeout"]) == 400)
        #expect(factory.total("webhooks_deliveries_settled_total") == 5_000, "what waits for a retry has not settled")
        metrics.recorded([recorded("crm", isTest: true)])
        #expect(factory.total("webhooks_attempts_total") == 5_400)
    }

    @Test(
        "What waits, is held or disabled: a gauge of each subscription, the sum under `other`, and zero once it is over"
    )
    func gauges() throws {
        let factory = MemoryMetrics()
        let gauges = SampledGauges(factory)
        let now = Timestamp(milliseconds: 1_000_000_000)
        func sample(_ names: [String], waiting: [String: Int], disabled: [String] = [], opened: Int = 0)
            -> MetricsSample
        {
            var backlog = StoreBacklog()
            backlog.events = waiting.count
            backlog.oldestEventAt = now - .seconds(3)
            backlog.subscriptions = waiting.sorted { $0.key < $1.key }.map { name, count in
                var row = StoreBacklog.Subscription(name: name)
                (row.waiting, row.due, row.oldestDueAt) = (count, count, now - .milliseconds(1_500))
                return row
            }
            let health = disabled.map {
                SubscriptionHealth(subscription: $0, disabled: .init(cause: .gone, at: now))
            }
            let status = StoreStatus(at: now, files: .init(path: "", size: 10, walSize: 5, free: nil))
            var sample = MetricsSample(status, backlog, health, configured: names.map { ($0, true) })
            sample.connections = (open: 2, everOpened: opened)
            return sample
        }
        let label: (String) -> String = { $0.hasPrefix("s") ? "other" : $0 }
        let waiting = ["crm": 3, "s1": 4, "s2": 5]
        gauges.set(sample(["crm", "s1", "s2"], waiting: waiting, disabled: ["s1"], opened: 7), label: label)
        #expect(factory.last("webhooks_deliveries_waiting", ["subscription": "crm"]) == 3)
        #expect(factory.last("webhooks_deliveries_waiting", ["subscription": "other"]) == 9)
        #expect(factory.last("webhooks_subscription_disabled", ["subscription": "other"]) == 1)
        #expect(factory.last("webhooks_subscription_disabled", ["subscription": "crm"]) == 0)
        #expect(factory.last("webhooks_deliveries_due") == 8, "those of the disabled one are held")
        #expect(factory.last("webhooks_deliveries_lag_seconds") == 1.5)
        #expect(factory.last("webhooks_deliveries_parked") == 0)
        #expect(factory.last("webhooks_deliveries_unserved") == 0, "the store is its own")
        #expect(factory.last("webhooks_store_free_bytes") == nil, "nobody knows")
        #expect(factory.last("webhooks_events_lag_seconds") == 3)
        #expect(factory.total("webhooks_connections_opened_total") == 7)
        gauges.set(sample(["crm"], waiting: [:], opened: 9), label: label)
        #expect(factory.last("webhooks_deliveries_waiting", ["subscription": "crm"]) == 0)
        #expect(factory.last("webhooks_deliveries_waiting", ["subscription": "other"]) == 0)
        #expect(factory.last("webhooks_subscription_disabled", ["subscription": "other"]) == 0)
        #expect(factory.last("webhooks_deliveries_lag_seconds") == 0)
        #expect(factory.total("webhooks_connections_opened_total") == 9)
        gauges.transportBegins()
        gauges.set(sample(["crm"], waiting: [:], opened: 2), label: label)
        #expect(factory.total("webhooks_connections_opened_total") == 11, "another run's connections are new")
    }

    @Test("Of several dispatchers on a store: what none of them serves, and what another one does is not parked")
    func unserved() throws {
        let factory = MemoryMetrics()
        let gauges = SampledGauges(factory)
        let now = Timestamp(milliseconds: 1_000_000_000)
        var backlog = StoreBacklog()
        backlog.subscriptions = ["ours", "theirs", "nobodys", "gone"].map { name in
            var row = StoreBacklog.Subscription(name: name)
            (row.waiting, row.due, row.inFlight) = (3, 3, 1)
            return row
        }
        let status = StoreStatus(at: now, files: .init(path: "", size: 10, walSize: nil, free: nil))
        let configured = [("ours", true), ("nobodys", true)].map { (name: $0.0, isEnabled: $0.1) }
        func set(served: Set<String>) {
            gauges.set(MetricsSample(status, backlog, [], configured: configured, served: served)) { $0 }
        }
        set(served: ["ours", "theirs"])
        #expect(factory.last("webhooks_deliveries_unserved") == 4)
        #expect(factory.last("webhooks_deliveries_parked") == 3, "those of the one that no file has")
        set(served: ["ours", "theirs", "nobodys", "gone"])
        #expect(factory.last("webhooks_deliveries_unserved") == 0)
        #expect(factory.last("webhooks_deliveries_parked") == 0)
    }

    @Test(
        "Transactions: read-only ones are none, events count once they have their deliveries, failures by their class"
    )
    func transactions() throws {
        let factory = MemoryMetrics()
        let metrics = try #require(DispatcherMetrics(factory))
        let event = try Event(topic: "a.b", data: "{}")
        func run(_ batches: [StoreBatch], _ result: Result<[StoreBatchResult], StoreError>) {
            let transaction = MeasuredTransaction()
            for batch in batches { transaction.add(batch) }
            transaction.end(result, metrics)
        }
        run([], .success([]))
        run([StoreBatch()], .success([StoreBatchResult()]))
        #expect(factory.total("webhooks_store_commits_total") == 0)
        var batch = StoreBatch()
        let deliveries = NewDeliveries(bodies: [], deliveries: [])
        batch.acceptances = [
            Acceptance(event: event, createdAt: .now, deliveries: deliveries),
            Acceptance(event: event, createdAt: .now, deliveries: nil),
            Acceptance(event: event, createdAt: .now, deliveries: deliveries),
        ]
        var result = StoreBatchResult()
        result.acceptances = [
            .stored(event: 1, deliveries: []), .stored(event: 2, deliveries: []), .duplicate(event: 1),
        ]
        result.fanOuts = [.stored(deliveries: []), .refused]
        run([batch, batch], .success([result, result]))
        #expect(factory.total("webhooks_store_commits_total") == 1)
        #expect(factory.total("webhooks_events_fanned_out_total") == 4)
        #expect(factory.total("webhooks_store_commit_rows") == 6)
        run([batch], .failure(StoreError(.busy, "x")))
        #expect(factory.total("webhooks_store_errors_total", ["code": "busy"]) == 1)
        #expect(factory.total("webhooks_store_commits_total") == 1)
    }

    @Test("Where nobody listens nothing is counted, and nothing is looked up")
    func off() async throws {
        #expect(DispatcherMetrics(NOOPMetricsHandler.instance) == nil)
        var pace = SamplingPace(least: .seconds(5), most: .seconds(300))
        let pauses = [.milliseconds(1), .seconds(60), .seconds(1), .seconds(1), .seconds(60), .seconds(60)].map {
            pace.pause(after: $0)
        }
        // A hundredth of the time at most; a single one that hangs doesn't count.
        #expect(pauses == [5, 5, 100, 100, 100, 300].map { .seconds($0) })
    }
}
