import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation

@testable import Webhooks

/// How often the log hears of payloads that don't fit.
@Suite struct SchemaReportTests {
    @Test func oneInTenMinutesForEachSubscriptionAndTopic() throws {
        let profile = try TopicCatalog().profile("standard")
        let url = EndpointURL(scheme: .https, host: "x.example", port: 443, target: "/")
        func finding(_ name: String, _ topic: String) throws -> SchemaFinding {
            let subscription = Subscription(name: name, url: url, topics: [try TopicPattern("**")], profile: profile)
            return SchemaFinding(subscription, topic: topic, ["id is missing"])
        }
        var pace = ReportPace()
        let minute: UInt64 = 60_000_000_000
        #expect(pace.admit(try finding("a", "t.u"), at: 0) == 0)
        #expect(pace.admit(try finding("a", "t.u"), at: minute) == nil)
        #expect(pace.admit(try finding("b", "t.u"), at: minute) == 0)
        #expect(pace.admit(try finding("a", "t.v"), at: minute) == 0)
        #expect(pace.admit(try finding("a", "t.u"), at: 9 * minute) == nil)
        #expect(pace.admit(try finding("a", "t.u"), at: 10 * minute) == 2)
        #expect(pace.admit(try finding("a", "t.u"), at: 11 * minute) == nil)
    }

    /// A host that emits and delivers in one process renders with what its engine has.
    @Test func whatIsEmittedToAnEngineAtWorkIsReported() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let (workspace, log) = (try TestEnvironment(), MemoryLog())
        try workspace.write(
            """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            subscriptions:
              - { name: crm, url: "\(receiver.url)/crm", topics: [course.*], profile: loopwise, payload: { "**": $data } }
              - { name: off, url: "\(receiver.url)/off", topics: [course.*], profile: loopwise, payload: { "**": $data },
                  schema: off }
            """,
            to: "webhooks.yaml"
        )
        let dispatcher = try await WebhookDispatcher(configuration: workspace.configuration, logger: log.logger)
        func count() -> Int {
            let report = "the payload does not fit the catalogue: id is missing"
            return log.text.split(separator: "\n").count { $0.contains(report) }
        }
        let event = try Event(topic: "course.created", data: "{}")
        _ = try dispatcher.preview.render(event, for: "crm")
        #expect(count() == 0)
        try await dispatcher.delivering(as: .emit) { () throws(WebhooksError) in
            _ = try await dispatcher.emitWithinCommand(event)
        }
        #expect(count() == 1)
        // By a dispatcher that finds it in the store, and told already.
        try await dispatcher.emit(Event(topic: "course.created", data: "{}"))
        try await dispatcher.run(until: .idle)
        #expect(count() == 1)
        #expect(receiver.requests.count == 4)
    }
}
