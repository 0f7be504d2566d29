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

    // The Go library sent these requests without their bodies.
    @Test(arguments: ["recover", "replay-missing", "bulk-replay"], ["", "{}", "[]", #"{"since":null}"#])
    func `a request to send again without a time names the one that is missing`(
        _ operation: String,
        _ body: String
    ) async throws {
        let served = try await EndpointTests.served()
        let made = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)
        let answer = await served.send("POST", "/app/a/endpoint/\(made["id"] ?? "")/\(operation)", body)
        #expect(answer.status == 422 && EndpointTests.places(answer) == ["body.since"], "\(answer.text)")
    }

    @Test(arguments: ["app", "app/a/endpoint", "background-task"])
    func `an iterator that no list can have given is refused`(_ list: String) async throws {
        let served = try await EndpointTests.served()
        for iterator in ["app_short", "ep_!!!", "qtask_1", "-ep_", "ep_zzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
            let answer = await served.send("GET", "/\(list)?iterator=\(iterator)")
            #expect(answer.status == 422 && EndpointTests.places(answer) == ["query.iterator"], "\(answer.text)")
        }
    }

    // Receivers differ in what they make of it.
    @Test func `half of a surrogate pair is refused wherever a text may have it`() async throws {
        let served = try await EndpointTests.served()
        let bad = #"\ud800"#
        for (path, body, place) in [
            ("/app/a/msg", #"{"eventType":"x","payload":{"a":["\#(bad)"]}}"#, "body.payload"),
            ("/app/a/msg", #"{"eventType":"x","payload":{"\#(bad)":1}}"#, "body.payload"),
            ("/app", #"{"name":"A","metadata":{"a":"\#(bad)"}}"#, "body.metadata"),
            ("/app", #"{"name":"\#(bad)"}"#, "body.name"),
            ("/event-type", #"{"name":"x","description":"","schemas":{"1":{"title":"\#(bad)"}}}"#, "body.schemas"),
            (
                "/app/a/endpoint",
                #"{"url":"https://a.example/","webhooks":{"filter":{"data.x":"\#(bad)"}}}"#,
                "body.webhooks"
            ),
            (
                "/app/a/msg",
                #"{"eventType":"x","payload":{},"transformationsParams":{"rawPayload":"[\"\\ud800\"]"}}"#,
                "body.transformationsParams.rawPayload"
            ),
        ] {
            let answer = await served.send("POST", path, body)
            #expect(answer.status == 422 && EndpointTests.places(answer) == [place], "\(body): \(answer.text)")
        }
        let whole = #"{"eventType":"x","payload":{"a":"\ud83d\ude00","b":"\\ud800"}}"#
        #expect(await served.send("POST", "/app/a/msg", whole).status == 202)
    }

    @Test func `an example of an event type that has none is not made up`() async throws {
        let served = try await EndpointTests.served()
        let made = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)
        let path = "/app/a/endpoint/\(made["id"] ?? "")/send-example"
        await served.send("PUT", "/event-type/own.thing", #"{"description":""}"#)
        let none = await served.send("POST", path, #"{"eventType":"own.thing"}"#)
        #expect(none.status == 400 && none["code"] == "invalid_scheme", "\(none.text)")
        #expect(await served.send("POST", path, #"{"eventType":"own.thing","payload":{}}"#).status == 202)
        // The canonical event has one.
        #expect(await served.send("POST", path, #"{"eventType":"user.created"}"#).status == 202)
    }
}
