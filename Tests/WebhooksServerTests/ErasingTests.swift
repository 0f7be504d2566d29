import Foundation
import Testing
import WebhookCore

@testable import WebhooksServer

/// What erasing a message leaves.
@Suite struct ErasingTests {
    @Test func `an erased message has its id, and nothing else of its own`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let sent = await served.send(
            "POST",
            "/app/a/msg",
            #"{"eventType":"x","eventId":"m1","payload":{"pupil":"Ada"}}"#
        )
        let second = await served.send(
            "POST",
            "/app/a/msg",
            #"{"eventType":"x","eventId":"m2","payload":{"pupil":"Bob"}}"#
        )
        let (first, other) = (try #require(sent["id"]), try #require(second["id"]))
        #expect(await served.send("DELETE", "/app/a/msg/m1/content").status == 204)
        #expect(await served.send("DELETE", "/app/a/msg/\(first)/content").status == 204)
        // The platform's own id may name a person: it is gone as well.
        #expect(await served.send("DELETE", "/app/a/msg/m1/content").status == 404)
        let gone = await served.send("GET", "/app/a/msg/\(first)")
        #expect(gone.status == 200 && gone["payload"] == #"{"expired":true}"# && gone["eventId"] == "null")
        #expect(await served.send("GET", "/app/a/msg").ids() == [other, first])
        let bulk = await served.send("POST", "/app/a/msg/bulk-expunge", #"{"ids":["m2","nobody"]}"#)
        #expect(bulk.text == #"{"results":{"m2":"expunged","nobody":"not-found"}}"#)
        #expect(await served.send("GET", "/app/a/msg/\(other)")["payload"] == #"{"expired":true}"#)
    }

    @Test(arguments: ["payload", "eventId", "tags", "channels"])
    func `what is erased is nowhere in the files, nor in the answer that is given again`(place: String) async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        func canary(_ name: String) -> String { name == place ? "Ada-the-canary" : "nobody" }
        let body = """
            {"eventType":"x","payload":{"pupil":"\(canary("payload"))"},"eventId":"\(canary("eventId"))",\
            "tags":["\(canary("tags"))"],"channels":["\(canary("channels"))"]}
            """
        let sent = await served.send("POST", "/app/a/msg", body, key: "auto_1")
        #expect(sent.text.contains("Ada-the-canary"), "\(sent.text)")
        #expect(await served.send("POST", "/app/a/msg", body, key: "auto_1") == sent)
        let bare = await served.send("POST", "/app/a/msg?with_content=false", body, key: "auto_1")
        #expect(bare.status == 409, "the path with its query is another request")
        func holdsPayload() throws -> Bool {
            try FileManager.default.contentsOfDirectory(at: served.folder, includingPropertiesForKeys: nil)
                .filter { $0.lastPathComponent.hasPrefix("webhooks.sqlite") }
                .contains { try Data(contentsOf: $0).range(of: Data("Ada-the-canary".utf8)) != nil }
        }
        #expect(try holdsPayload())
        #expect(await served.send("DELETE", "/app/a/msg/\(sent["id"] ?? "")/content").status == 204)
        #expect(try !holdsPayload())
        let again = await served.send("POST", "/app/a/msg", body, key: "auto_1")
        #expect(again.status == 202 && again["id"] == sent["id"] && again["payload"] == #"{"expired":true}"#)
        #expect(!again.text.contains("Ada-the-canary") && !again.text.contains("nobody"), "\(again.text)")
        #expect(await served.send("GET", "/app/a/msg").ids().count == 1)
    }
}
