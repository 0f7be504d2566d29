import Testing
import WebhookCore

@testable import WebhooksServer

/// Slips, which an answer helps with.
@Suite struct SlipTests {
    @Test func `an event type that is almost right is asked about`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        await served.send("POST", "/event-type", #"{"name":"course.completed","description":""}"#)
        for name in ["eventTypes", "filterTypes"] {
            let body = #"{"url":"http://127.0.0.1/in","\#(name)":["course.compelted","nothing.like.it"]}"#
            let answer = await served.send("POST", "/app/a/endpoint", body)
            #expect(answer.status == 422)
            #expect(
                answer["detail", "0", "msg"]
                    == "no such event type: course.compelted (did you mean course.completed?), nothing.like.it; "
                    + "`POST /api/v1/event-type` makes one"
            )
        }
        let endpoint = try #require(
            await served.send("POST", "/app/a/endpoint", #"{"url":"http://127.0.0.1/in"}"#)["id"]
        )
        let patched = await served.send("PATCH", "/app/a/endpoint/\(endpoint)", #"{"eventTypes":["course.complete"]}"#)
        #expect(patched.status == 422 && patched.text.contains("did you mean course.completed?"))
        let example = await served.send(
            "POST",
            "/app/a/endpoint/\(endpoint)/send-example",
            #"{"eventType":"course.compelted"}"#
        )
        #expect(example.status == 404)
        #expect(
            example["detail"] == "There is no event type of this name: did you mean course.completed? "
                + "`POST /api/v1/event-type` makes one."
        )
        // A message's type need not be declared.
        let message = await served.send("POST", "/app/a/msg", #"{"eventType":"course.compelted","payload":{}}"#)
        #expect(message.status == 202)
    }

    @Test func `our own operations refuse parameters that they don't have`() async throws {
        let served = try await ServedStore()
        for path in ["/export?format=csv&", "/stream/deliveries?"] {
            let answer = await served.send("GET", path + "topics=x&subscripton=y&%0D%0A=z")
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer["detail", "1", "loc"] == #"["query","subscripton"]"#)
            #expect(answer["detail", "1", "msg"]?.contains("did you mean subscription?") == true)
            #expect(answer["detail", "2", "msg"]?.contains("did you mean topic?") == true)
        }
        // Clients send what newer servers have.
        #expect(await served.send("GET", "/app?newer=1").status == 200)
    }
}
