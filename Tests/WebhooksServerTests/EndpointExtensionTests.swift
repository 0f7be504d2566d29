import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhooksServer

/// What the extension `webhooks` of an endpoint takes is kept and given back, or refused by its name.
@Suite struct EndpointExtensionTests {
    private static func text(_ text: String) -> String { JSON.string(text) }

    /// A value for every key.
    private static let values: [String: String] = [
        "title": #""CRM""#, "profile": #""standard""#,
        "contentType": #""application/json""#,
        "topics": #"["user.*"]"#, "basicAuth": #"{"username":"u","password":"p-word"}"#,
        "bearer": #""b-word""#, "authorization": #""Key a-word""#,
        "body": (text(#"{"id":"{{event.id}}"}"#)),
        "payload": #"{"**":{"id":"$data.id"}}"#, "filter": #"{"data.x":1}"#,
        "vars": #"{"a":"b"}"#, "schema": #""warn""#,
        "tls": #"{"ca":\#(text(SamplePEM.certificate))}"#, "httpVersion": #""2""#,
        "traceparent": "true",
        "delivery":
            """
        {"mode":"retry","schedule":["5s","1m"],"jitter":"10%","timeout":"9s","connectTimeout":"4s","maxInFlight":2,\
        "rateLimit":"100/m","ordered":true,"disableAfter":"2d","breaker":{"failures":3,"pause":"20s"}}
        """,
    ]

    private static let secrets: Set<String> = ["basicAuth", "bearer", "authorization"]

    @Test func `every key has a value here`() { #expect(Set(Self.values.keys) == EndpointForm.keys) }

    @Test(arguments: EndpointForm.keys.sorted())
    func `every member is kept and given back, however it is given`(_ key: String) async throws {
        let served = try await EndpointTests.served()
        let value = try #require(Self.values[key])
        let plain = #"{"url":"https://a.example/"}"#
        let full = #"{"url":"https://a.example/","webhooks":{"\#(key)":\#(value)}}"#
        let other = await served.send("POST", "/app/a/endpoint", plain)
        func expectKept(_ answer: Answer, _ path: String, _ how: String) async {
            #expect((200...201).contains(answer.status), "\(key) \(how): \(answer.text)")
            let read = await served.send("GET", path)
            #expect(read.text == answer.text || answer.status == 200, "\(key) \(how)")
            if Self.secrets.contains(key) {
                #expect(read["webhooks", key] == nil && !read.text.contains("word"), "\(how)")
                #expect(await served.send("GET", path + "/headers")["sensitive"] == #"["Authorization"]"#, "\(how)")
            } else {
                let expected = (try? JSON.parse(ByteString(value))).map { $0.string ?? $0.raw.text }
                #expect(read["webhooks", key] == expected, "\(key) \(how): \(read.text)")
            }
        }
        let made = await served.send("POST", "/app/a/endpoint", full)
        let path = "/app/a/endpoint/\(made["id"] ?? "")"
        await expectKept(made, path, "POST")
        // What was read can be written back, and nothing but secrets has to be added.
        if !Self.secrets.contains(key) {
            let members = (made.json?.object ?? []).map { "\(JSON.string($0.key)):\($0.value.raw.text)" }
            let whole = "{\(members.joined(separator: ","))}"
            for method in ["PUT", "PATCH"] {
                let again = await served.send(method, path, whole)
                await expectKept(again, path, "\(method) of what was read")
            }
        }
        await expectKept(await served.send("PUT", path, plain), path, "PUT without it")
        await expectKept(await served.send("PATCH", path, #"{"webhooks":{}}"#), path, "PATCH of nothing")
        let gone = await served.send("PATCH", path, #"{"webhooks":{"\#(key)":null}}"#)
        #expect(gone.status == 200, "\(gone.text)")
        if key != "profile" { #expect(gone["webhooks", key] == nil, "\(gone.text)") }
        await expectKept(await served.send("PATCH", path, #"{"webhooks":{"\#(key)":\#(value)}}"#), path, "PATCH")
        let second = "/app/a/endpoint/\(other["id"] ?? "")"
        await expectKept(await served.send("PUT", second, full), second, "PUT")
        let third = "/app/a/endpoint/third"
        await expectKept(await served.send("PUT", third, full), third, "PUT of a new one")
    }

    @Test(arguments: ["name", "url", "tenant", "tenants", "secrets", "headers", "enabled", "nonsense"])
    func `any other member is refused by its name`(_ key: String) async throws {
        let served = try await EndpointTests.served()
        let answer = await served.send(
            "POST",
            "/app/a/endpoint",
            #"{"url":"https://a.example/","webhooks":{"\#(key)":"x"}}"#
        )
        #expect(answer.status == 422 && answer["detail", "0", "msg"]?.contains(key) == true, "\(answer.text)")
    }

    // MARK: Rates

    @Test func `a rate is one thing, whichever of its two names it has`() async throws {
        let served = try await EndpointTests.served()
        func made(_ more: String) async -> Answer {
            await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/",\#(more)}"#)
        }
        // A rate a second is shown as what client libraries know.
        let second = await made(#""webhooks":{"delivery":{"rateLimit":"7/s"}}"#)
        #expect(second["throttleRate"] == "7" && second["webhooks", "delivery"] == nil, "\(second.text)")
        for method in ["POST", "PUT", "PATCH"] {
            let path = method == "POST" ? "" : "/\(second["id"] ?? "")"
            for (more, place) in [
                (#""webhooks":{"delivery":{"rateLimit":"bogus"}}"#, "body.webhooks.delivery.rateLimit"),
                (#""throttleRate":5,"webhooks":{"delivery":{"rateLimit":"5/s"}}"#, "body.throttleRate"),
            ] {
                let bad = await served.send(method, "/app/a/endpoint\(path)", #"{"url":"https://a.example/",\#(more)}"#)
                #expect(bad.status == 422 && EndpointTests.places(bad) == [place], "\(method): \(bad.text)")
            }
        }
        // It goes with the rest of what a replacement doesn't name, and with nothing else.
        let path = "/app/a/endpoint/\(second["id"] ?? "")"
        for body in [#"{"webhooks":null}"#, #"{"webhooks":{"delivery":null}}"#] {
            #expect(await served.send("PATCH", path, body)["throttleRate"] == "7")
        }
        #expect(await served.send("PUT", path, #"{"url":"https://a.example/"}"#)["throttleRate"] == "null")
        let minute = await made(#""throttleRate":null,"webhooks":{"delivery":{"rateLimit":"100/m"}}"#)
        #expect(minute["throttleRate"] == "null" && minute["webhooks", "delivery", "rateLimit"] == "100/m")
    }

    @Test func `a change of delivery leaves what it doesn't name`() async throws {
        let served = try await EndpointTests.served()
        let body = """
            {"url":"https://a.example/","throttleRate":3,"webhooks":{"delivery":{"timeout":"9s","ordered":true}}}
            """
        let made = await served.send("POST", "/app/a/endpoint", body)
        let path = "/app/a/endpoint/\(made["id"] ?? "")"
        let changed = await served.send("PATCH", path, #"{"webhooks":{"delivery":{"maxInFlight":2,"ordered":null}}}"#)
        #expect(changed["webhooks", "delivery"] == #"{"timeout":"9s","maxInFlight":2}"#, "\(changed.text)")
        #expect(changed["throttleRate"] == "3")
        let limited = await served.send("PATCH", path, #"{"webhooks":{"delivery":{"rateLimit":"100/m"}}}"#)
        #expect(limited["webhooks", "delivery", "timeout"] == "9s" && limited["throttleRate"] == "null")
        let last = await served.send(
            "PATCH",
            path,
            #"{"webhooks":{"delivery":{"rateLimit":null,"timeout":null,"maxInFlight":null}}}"#
        )
        #expect(last["webhooks", "delivery"] == nil, "\(last.text)")
        // A replacement names all of it.
        let replaced = await served.send(
            "PUT",
            path,
            #"{"url":"https://a.example/","webhooks":{"delivery":{"timeout":"8s"}}}"#
        )
        #expect(replaced["webhooks", "delivery"] == #"{"timeout":"8s"}"#)
    }

    // MARK: Titles and patterns

    @Test func `a title stands beside the description`() async throws {
        let served = try await EndpointTests.served()
        let body = #"{"url":"https://a.example/","description":"The CRM\nof the school","webhooks":{"title":"CRM"}}"#
        let made = await served.send("POST", "/app/a/endpoint", body)
        #expect(made["webhooks", "title"] == "CRM" && made["description"] == "The CRM\nof the school", "\(made.text)")
        let path = "/app/a/endpoint/\(made["id"] ?? "")"
        let described = await served.send("PATCH", path, #"{"description":"d"}"#)
        #expect(described["webhooks", "title"] == "CRM" && described["description"] == "d", "\(described.text)")
        let untitled = await served.send("PATCH", path, #"{"webhooks":{"title":null}}"#)
        #expect(untitled["webhooks", "title"] == nil && untitled["description"] == "d", "\(untitled.text)")
        let titled = await served.send("PATCH", path, #"{"webhooks":{"title":"T"}}"#)
        #expect(titled["webhooks", "title"] == "T" && titled["description"] == "d")
        let without = await served.send("PATCH", path, #"{"webhooks":null}"#)
        #expect(without["webhooks", "title"] == nil && without["description"] == "d", "\(without.text)")
    }

    @Test func `the patterns that are shown as event types may be given again, and no others`() async throws {
        let served = try await EndpointTests.served()
        let made = await served.send(
            "POST",
            "/app/a/endpoint",
            #"{"url":"https://a.example/","webhooks":{"topics":["user.*","order.made"]}}"#
        )
        #expect(made["eventTypes"] == #"["user.*","order.made"]"#, "\(made.text)")
        let path = "/app/a/endpoint/\(made["id"] ?? "")"
        for (method, name) in [("PUT", "eventTypes"), ("PUT", "filterTypes"), ("PATCH", "eventTypes")] {
            let same = #"{"url":"https://b.example/","\#(name)":["user.*","order.made"]}"#
            let kept = await served.send(method, path, same)
            #expect(kept.status == 200 && kept["webhooks", "topics"] == #"["user.*","order.made"]"#, "\(kept.text)")
            let other = await served.send(method, path, #"{"url":"https://b.example/","\#(name)":["user.*"]}"#)
            #expect(other.status == 422 && EndpointTests.places(other) == ["body.eventTypes"], "\(other.text)")
            #expect(other["detail", "0", "msg"]?.contains("webhooks.topics") == true)
        }
        for body in [
            #"{"url":"https://a.example/","eventTypes":["user.*"]}"#,
            #"{"url":"https://a.example/","eventTypes":["user.*"],"webhooks":{"topics":["order.*"]}}"#,
        ] {
            for (method, path) in [("POST", "/app/a/endpoint"), ("PUT", "/app/a/endpoint/new")] {
                let refused = await served.send(method, path, body)
                let places = EndpointTests.places(refused)
                #expect(refused.status == 422 && places == ["body.eventTypes"], "\(refused.text)")
            }
        }
        let types = await served.send("PUT", path, #"{"url":"https://b.example/","eventTypes":["user.created"]}"#)
        #expect(types["eventTypes"] == #"["user.created"]"# && types["webhooks", "topics"] == nil, "\(types.text)")
    }
}
