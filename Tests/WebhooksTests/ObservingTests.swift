import GRDB
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation

@testable import WebhookEngine
@testable import Webhooks

/// What settles without an attempt is no secret.
@Suite("Observing")
struct ObservingTests {
    private func dispatcher(
        _ workspace: TestEnvironment,
        _ receiver: Receiver,
        _ log: MemoryLog,
        _ metrics: MemoryMetrics? = nil
    ) async throws -> WebhookDispatcher {
        try workspace.write(
            """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            dispatcher: { maxBody: 1KiB }
            subscriptions:
              - { name: crm, url: "\(receiver.url)/crm", topics: [a.b], secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
              - { name: off, url: "\(receiver.url)/off", topics: [a.b], secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """,
            to: "webhooks.yaml"
        )
        return try await WebhookDispatcher(
            configuration: workspace.configuration,
            logger: log.logger,
            metrics: metrics
        )
    }

    @Test("Rows that are not as they were written: each is told of once, with its id and what can be done")
    func damaged() async throws {
        let receiver = try Receiver { $0.header("webhook-id") == "retried" ? .status(503) : .noContent }
        let (workspace, log) = (try TestEnvironment(), MemoryLog())
        let dispatcher = try await dispatcher(workspace, receiver, log)
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "retried"))
        try await dispatcher.run(until: .idle)
        for id in ["torn", "fine"] { try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: id)) }
        let host = try DatabaseQueue(path: workspace.folder + "/store/webhooks.sqlite")
        try await host.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA ignore_check_constraints = 1;
                    UPDATE webhooks_events SET data = x'7b' WHERE event_id = 'torn';
                    UPDATE webhooks_deliveries SET mode = 77 WHERE id = 1;
                    """
            )
        }
        try host.close()
        for _ in 0..<2 { try await dispatcher.run(until: .idle) }
        let lines = log.text.split(separator: "\n")
        let setAside = lines.filter { $0.contains("an event is set aside; `retrigger(_:)` tries it again") }
        #expect(setAside.count == 1 && setAside[0].hasPrefix("error") && setAside[0].contains("torn"), "\(setAside)")
        #expect(setAside.first?.contains("not as it was written") == true)
        let failed = lines.filter {
            $0.contains("a delivery has failed; `retrigger(_:)` sends it again")
        }
        #expect(failed.count == 1 && failed[0].contains("dlv_1") && failed[0].contains("retried"), "\(failed)")
        #expect(receiver.requests.contains { $0.header("webhook-id") == "fine" })
    }

    @Test("A body that can't be rendered, a disabled subscription, nobody subscribed: log, metrics, stream")
    func withoutAttempt() async throws {
        let meter = MemoryMetrics()
        let receiver = try Receiver(responses: [.noContent])
        let (workspace, log) = (try TestEnvironment(), MemoryLog())
        let dispatcher = try await dispatcher(workspace, receiver, log, meter)
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "fine"))
        try await dispatcher.run(until: .idle)
        try await dispatcher.administration.setEnabled(false, subscription: "off")
        let notices = dispatcher.notices()
        let large = ByteString(#"{"text":"\#(String(repeating: "x", count: 3_000))"}"#)
        try await dispatcher.emit(Event(topic: "a.b", data: large, id: "large"))
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "small"))
        try await dispatcher.emit(Event(topic: "c.d", data: "{}", id: "lonely"))
        try await dispatcher.run(until: .idle)
        var found: [WebhookNotice] = []
        for await notice in notices {
            found.append(notice)
            if found.count(where: { $0.kind == .settled && $0.attempt == nil && $0.state != .delivered }) == 3,
                found.contains(where: { $0.kind == .unmatched }), found.contains(where: { $0.kind == .attempted })
            {
                break
            }
        }
        func of(_ event: String, _ subscription: String) -> WebhookNotice? {
            found.first { $0.kind == .settled && $0.event == event && $0.subscription == subscription }
        }
        #expect(found.contains { $0.kind == .unmatched && $0.event == "lonely" && $0.topic == "c.d" })
        #expect(found.contains { $0.kind == .exhausted && $0.event == "large" && $0.error == .template })
        #expect(found.contains { $0.kind == .attempted && $0.event == "small" && $0.attempt?.status == 204 })
        #expect(of("large", "crm")?.state == .failed && of("large", "crm")?.error == .template)
        #expect(of("small", "off")?.state == .cancelled && of("small", "off")?.error == .disabled)
        #expect(of("large", "off")?.state == .cancelled)
        let lines = log.text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("warning") && $0.contains("large") && $0.contains("template") })
        #expect(lines.contains { $0.hasPrefix("info") && $0.contains("small") && $0.contains("disabled") })
        #expect(lines.contains { $0.hasPrefix("debug") && $0.contains("lonely") })
        #expect(meter.total("webhooks_settled_without_attempt_total", ["error": "template"]) == 1)
        #expect(meter.total("webhooks_settled_without_attempt_total", ["error": "disabled"]) == 2)
        #expect(meter.total("webhooks_events_unmatched_total") == 1)
        try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "late"))
        _ = try await dispatcher.administration.cancel(["late"])
        #expect(log.text.contains("cancelled by hand"))
    }

    @Test("A thousand of a kind are a few lines, and say how many were left out")
    func budget() {
        var budget = LineBudget()
        let start = Timestamp(milliseconds: 1_000_000)
        let first = (0..<1_000).compactMap { _ in budget.take(at: start) }
        #expect(first == Array(repeating: 0, count: LineBudget.lines))
        let later = start + LineBudget.period
        #expect(budget.take(at: later) == 1_000 - LineBudget.lines)
        #expect(budget.take(at: later) == 0)
        // A clock that was put back doesn't silence it.
        #expect((0..<100).compactMap { _ in budget.take(at: start) }.count == LineBudget.lines)
    }

    @Test("What comes last is told as well, once, whatever comes of its kind")
    func tellers() {
        let budgets = LineBudgets(lines: 2)
        let asked = (0..<50).map { _ in budgets.take("erp") { _ in } }
        #expect(asked.compactMap(\.self) == [0, 0])
        #expect(budgets.take("crm") { _ in } == 0, "another kind has its own")
        #expect(budgets.drain("erp") == 48)
        #expect(budgets.drain("erp") == 0)
    }

    @Test("Names without end leave no more budgets than there is room for, and each line is counted all the same")
    func manyKinds() {
        let budgets = LineBudgets(lines: 1)
        let start = Timestamp(milliseconds: 1_000_000)
        for name in 0..<5_000 { _ = budgets.take("attempt failed \(name)", at: start) }
        #expect(budgets.count <= LineBudgets.mostKinds + 1)
        // What said nothing for a period makes room, and what was left out in common is told by the next line.
        let later = start + LineBudget.period
        #expect(budgets.take("attempt failed new", at: later) == 0)
        #expect(budgets.count <= 2)
    }

    @Test(
        "A delivery that is lost for good is a warning with its event, answer and attempts; a retry and a test are none"
    )
    func losses() {
        let log = MemoryLog()
        let observer = LogObserver(lines: BoundedLogger(log.logger), for: .host, notifier: NoticeBroadcast()) { _ in }
        func record(_ id: Int64, _ state: DeliveryState, isTest: Bool = false) -> RecordedAttempt {
            let event = EventHeader(row: id, id: "evt-\(id)", topic: "a.b", tenant: nil, isTest: isTest)
            var delivery = OpenDelivery(
                id: Delivery.ID(rawValue: id),
                subscription: "erp",
                mode: .retry,
                contentType: .json,
                dueAt: .now,
                event: event
            )
            delivery.attempts = 3
            var attempt = Attempt(number: 3, startedAt: .now, url: "", requestHeaders: [], requestBody: .empty)
            (attempt.outcome, attempt.status, attempt.error) = (.failed, 503, .status)
            return RecordedAttempt(delivery: delivery, attempt: attempt, state: state)
        }
        observer.recorded([record(1, .waiting), record(2, .failed, isTest: true), record(3, .cancelled)])
        #expect(!log.text.contains("warning"))
        observer.recorded([record(4, .failed), record(5, .unknown)])
        let warnings = log.text.split(separator: "\n").filter { $0.hasPrefix("warning") }
        #expect(warnings.count == 2)
        for part in ["delivery failed", "dlv_4", "evt-4", "erp", "503", "\"attempt\": 3"] {
            #expect(warnings.first?.contains(part) == true, "\(part): \(warnings)")
        }
        #expect(warnings.last?.contains("nobody can tell whether it arrived") == true)
        observer.recorded((10..<1_000).map { record($0, .failed) })
        #expect(log.text.split(separator: "\n").count { $0.hasPrefix("warning") } == 5)
    }

    @Test(
        "What signals and clients cause by the dozen is a bounded number of lines, and the next says how many were left out"
    )
    func bounded() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let (workspace, log) = (try TestEnvironment(), MemoryLog())
        let dispatcher = try await dispatcher(workspace, receiver, log)
        for _ in 0..<60 { #expect(dispatcher.reload()) }
        let lines = log.text.split(separator: "\n").filter { $0.contains("configuration reloaded") }
        #expect(lines.count >= 20 && lines.count < 60, "\(lines.count)")
        let plain = BoundedLogger(log.logger)
        for number in 0..<400 { plain.line(.notice, "an answer again", ["number": "\(number)"]) }
        plain.line(.notice, "something else")
        #expect(log.text.split(separator: "\n").count { $0.contains("an answer again") } < 400)
        #expect(log.text.contains("something else"))
    }

    @Test("Reloads at once leave the last file in force, and another store is refused")
    func reloads() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let (workspace, log) = (try TestEnvironment(), MemoryLog())
        let dispatcher = try await dispatcher(workspace, receiver, log)
        let text = """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            dispatcher: { maxInFlight: 7 }
            subscriptions:
              - { name: NAME, url: "\(receiver.url)/a", topics: [a.b], secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                let file = text.replacing("NAME", with: "s\(number)")
                try? workspace.write(file, to: "webhooks.yaml")
                group.addTask { dispatcher.reload() }
            }
        }
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["s19"])
        #expect(dispatcher.registry.settings.maxInFlight == 7)
        let moved = text.replacing("sqlite:store", with: "sqlite:other").replacing("NAME", with: "moved")
        try workspace.write(moved, to: "webhooks.yaml")
        #expect(!dispatcher.reload())
        #expect(dispatcher.registry.subscriptions.map(\.name) == ["s19"])
        #expect(log.text.contains("not reloaded") && log.text.contains("`store` is another one: sqlite:"))
    }
}
