import Testing
import WebhookCore

@testable import WebhooksServer

/// Messages that are for one endpoint.
@Suite(.timeLimit(.minutes(2))) struct ExampleMessageTests {
    @Test func `an example stays with the endpoint that it was made for, whatever is sent again`() async throws {
        let store = try await DispatchingStore()
        let (one, two) = (EndpointID.of("one"), EndpointID.of("two"))
        let body = #"{"eventType":"x","payload":{}}"#
        let example = await store.served.send("POST", "/app/a/endpoint/\(one)/send-example", body)
        #expect(example.status == 202)
        try await store.settle()
        let since = #"{"since":"\#(Timestamp.now - .seconds(600))"}"#
        for task in ["replay-missing", "recover", "bulk-replay"] {
            let begun = await store.served.send("POST", "/app/a/endpoint/\(two)/\(task)", since)
            let ended = try await store.ended(begun)
            #expect(ended["data", "messagesSent"] == "0", "\(task): \(ended.text)")
        }
        let resent = await store.served.send("POST", "/app/a/msg/\(example["id"] ?? "")/endpoint/\(two)/resend")
        #expect(resent.status == 400 && resent["code"] == "not_sent")
        try await store.settle()
        #expect(store.receiver.requests.map(\.target) == ["/one"])
        try await store.stop()
    }
}
