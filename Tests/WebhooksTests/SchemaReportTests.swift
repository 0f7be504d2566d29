import Testing
import WebhookCore

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
}
