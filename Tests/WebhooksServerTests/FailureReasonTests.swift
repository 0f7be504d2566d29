import Testing
import WebhookCore

@testable import WebhooksServer

/// The reasons of what failed without an attempt: no list of attempts has them.
@Suite(.timeLimit(.minutes(2))) struct FailureReasonTests {
    @Test func `a message whose body can't be made is on record with the reason`() async throws {
        let store = try await DispatchingStore()
        let body = #"{"url":"\#(store.receiver.url)/kept","webhooks":{"profile":"fellow"}}"#
        let id = try #require(await store.served.send("POST", "/app/a/endpoint", body)["id"])
        let token = try #require(await store.served.send("POST", "/auth/app-portal-access/a", "{}")["token"])
        let event = #"{"eventType":"course.enrollment","payload":{"a":1}}"#
        let message = try #require(await store.served.send("POST", "/app/a/msg", event)["id"])
        try await store.settle()
        let destinations = await store.served.send("GET", "/app/a/msg/\(message)/endpoint", token: token)
        let own = try #require(destinations.json?["data"]?.array?.first { $0["id"]?.string == id })
        #expect(own["statusText"]?.string == "fail" && own["lastError"]?.string == "template", "\(own.raw.text)")
        let messages = await store.served.send("GET", "/app/a/endpoint/\(id)/msg", token: token)
        #expect(messages["data", "0", "lastError"] == "template", "\(messages.text)")
        #expect(messages["data", "0", "lastErrorDetail"]?.isEmpty == false, "\(messages.text)")
        try await store.stop()
    }
}
