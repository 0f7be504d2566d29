import Testing
import WebhookCore

@testable import WebhooksServer

/// Messages to applications that were looked up before.
@Suite struct KnownApplicationTests {
    private static let message = #"{"eventType":"x","payload":{}}"#

    @Test func `a message goes to whom the uid belongs as it is stored`() async throws {
        let served = try await ServedStore()
        let first = try #require(await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)["id"])
        #expect(await served.send("POST", "/app/a/msg", Self.message).status == 202)
        // Another server of the store does this.
        let other = try await ServedStore(after: served)
        #expect(await other.send("PATCH", "/app/\(first)", #"{"uid":null}"#).status == 200)
        let second = try #require(await other.send("POST", "/app", #"{"name":"B","uid":"a"}"#)["id"])
        let sent = await served.send("POST", "/app/a/msg", Self.message)
        #expect(sent.status == 202, "\(sent.text)")
        #expect(await served.send("GET", "/app/\(second)/msg").ids() == [sent["id"]])
        #expect(await served.send("GET", "/app/\(first)/msg").ids().count == 1)
        #expect(await served.send("POST", "/app/\(first)/msg", Self.message).status == 202)
    }

    @Test func `a message to an application that was deleted meanwhile is refused, or makes it anew`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        #expect(await served.send("POST", "/app/a/msg", Self.message).status == 202)
        let other = try await ServedStore(after: served)
        #expect(await other.send("DELETE", "/app/a").status == 204)
        #expect(await served.send("POST", "/app/a/msg", Self.message).status == 404)
        let whole = #"{"eventType":"x","payload":{},"application":{"name":"A","uid":"a"}}"#
        #expect(await served.send("POST", "/app/a/msg", whole).status == 202)
        #expect(await served.send("GET", "/app/a/msg").ids().count == 1)
    }
}
