import Testing
import WebhookCore

@testable import WebhooksServer

/// Sizes and counts of what requests say.
@Suite struct RequestBoundTests {
    private static func text(_ count: Int) -> String { String(repeating: "a", count: count) }

    private static func list(_ count: Int) -> String {
        "[" + (0..<count).map { "\"a.b\($0)\"" }.joined(separator: ",") + "]"
    }

    @Test(arguments: [
        (#""uid":"\#(text(257))""#, "uid"), (#""description":"\#(text(4097))""#, "description"),
        (#""metadata":{"a":"\#(text(4096))"}"#, "metadata"), (#""metadata":{"a":1}"#, "metadata"),
        (#""channels":\#(list(11))"#, "channels"), (#""channels":["\#(text(129))"]"#, "channels"),
        (#""filterTypes":\#(list(501))"#, "filterTypes"), (#""filterTypes":["\#(text(257))"]"#, "filterTypes"),
        (#""filterTypes":[]"#, "filterTypes"), (#""headers":{"X-A":"\#(text(4097))"}"#, "headers.X-A"),
        (#""headers":{"\#(text(257))":"a"}"#, "headers.\(text(64))"),
        (#""throttleRate":65536"#, "throttleRate"), (#""description":"a\u0000""#, "description"),
        (#""webhooks":{"title":"\#(text(4097))"}"#, "webhooks.title"),
        (#""webhooks":{"topics":\#(list(501))}"#, "webhooks.topics"),
        // A receiver that hangs would keep everybody's slots.
        (#""webhooks":{"delivery":{"timeout":"3650d"}}"#, "webhooks.delivery.timeout"),
        (#""webhooks":{"delivery":{"maxInFlight":1000000}}"#, "webhooks.delivery.maxInFlight"),
        (#""webhooks":{"delivery":{"schedule":["1ms"]}}"#, "webhooks.delivery.schedule.0"),
        (#""webhooks":{"filter":{"data.a":{"in":\#(list(1001))}}}"#, "webhooks.filter"),
        (#""webhooks":{"body":"\#(text(256 << 10))"}"#, "webhooks"),
        (#""webhooks":{"vars":{\#((0..<101).map { "\"v\($0)\":1" }.joined(separator: ","))}}"#, "webhooks.vars"),
    ]) func `what is too large for an endpoint is refused`(_ member: String, _ place: String) async throws {
        let served = try await EndpointTests.served()
        let answer = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/",\#(member)}"#)
        #expect(answer.status == 422 && EndpointTests.places(answer) == ["body.\(place)"], "\(answer.text.prefix(300))")
    }

    @Test func `a URL is bounded`() async throws {
        let served = try await EndpointTests.served()
        let answer = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/\#(Self.text(8000))"}"#)
        #expect(EndpointTests.places(answer) == ["body.url"])
    }

    // Nobody may have the dispatcher read its own files or environment, and send them.
    @Test(arguments: [
        #""body":{"file":"/etc/passwd"}"#, #""body":{"env":"HOME"}"#, #""vars":{"a":{"file":"/etc/passwd"}}"#,
        #""vars":{"a":{"env":"HOME"}}"#, #""bearer":{"env":"HOME"}"#, #""authorization":{"file":"/etc/passwd"}"#,
        #""basicAuth":{"username":"a","password":{"file":"/etc/passwd"}}"#, #""tls":{"ca":{"file":"/etc/passwd"}}"#,
        #""tls":{"ca":"/etc/passwd"}"#, #""title":{"env":"HOME"}"#, #""topics":[{"env":"HOME"}]"#,
        #""schema":{"file":"/etc/passwd"}"#, #""profile":{"file":"/etc/passwd"}"#, #""profile":"/etc/passwd""#,
        #""delivery":{"timeout":{"env":"HOME"}}"#, #""include":"/etc/passwd""#, #""file":"/etc/passwd""#,
    ]) func `nothing of an endpoint names a file or a variable of the server`(_ member: String) async throws {
        let served = try await EndpointTests.served()
        let body = #"{"url":"https://a.example/","webhooks":{\#(member)}}"#
        let answer = await served.send("POST", "/app/a/endpoint", body)
        #expect(answer.status == 422, "\(answer.text)")
        #expect(EndpointTests.places(answer).allSatisfy { $0.hasPrefix("body.webhooks") }, "\(answer.text)")
    }

    @Test func `what looks like a variable is the text itself`() async throws {
        let served = try await EndpointTests.served()
        let body = #"{"url":"https://a.example/","webhooks":{"title":"${HOME}"}}"#
        let made = await served.send("POST", "/app/a/endpoint", body)
        #expect(made.status == 201, "\(made.text)")
        let header = #"{"url":"https://a.example/","headers":{"X-Home":"${HOME}"}}"#
        let id = try #require(await served.send("POST", "/app/a/endpoint", header)["id"])
        #expect(await served.send("GET", "/app/a/endpoint/\(id)/headers")["headers", "X-Home"] == "${HOME}")
    }

    @Test(arguments: [
        "Webhook-Id", "Webhook_Id", "webhook_signature", "Svix_Id", "X_Svix_Signature", "Content_Length",
        "Transfer_Encoding", "Host",
    ]) func `no header can be taken for one of ours`(_ name: String) async throws {
        let served = try await EndpointTests.served()
        let body = #"{"url":"https://a.example/","headers":{"\#(name)":"a"}}"#
        #expect(EndpointTests.places(await served.send("POST", "/app/a/endpoint", body)) == ["body.headers.\(name)"])
        let id = try #require(await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)["id"])
        for method in ["PUT", "PATCH"] {
            let answer = await served.send(method, "/app/a/endpoint/\(id)/headers", #"{"headers":{"\#(name)":"a"}}"#)
            #expect(EndpointTests.places(answer) == ["body.headers.\(name)"])
        }
    }

    @Test(arguments: [
        (#""name":"\#(text(4097))""#, "name"), (#""name":"""#, "name"), (#""name":"a","uid":"\#(text(257))""#, "uid"),
        (#""name":"a","uid":"a/b""#, "uid"), (#""name":"a","metadata":{"a":"\#(text(4096))"}"#, "metadata"),
        (#""name":"a\u0000""#, "name"),
    ]) func `what is too large for an application is refused`(_ members: String, _ place: String) async throws {
        let served = try await ServedStore()
        let answer = await served.send("POST", "/app", "{\(members)}")
        #expect(EndpointTests.places(answer) == ["body.\(place)"], "\(answer.text)")
    }

    @Test(arguments: [
        (#""eventType":"\#(text(257))""#, "eventType"), (#""eventType":"a.b","eventId":"\#(text(257))""#, "eventId"),
        (#""eventType":"a.b","channels":\#(list(11))"#, "channels"), (#""eventType":"a.b","tags":\#(list(6))"#, "tags"),
        (#""eventType":"a.b","tags":["\#(text(129))"]"#, "tags"),
        (#""eventType":"a.b","payloadRetentionPeriod":91"#, "payloadRetentionPeriod"),
    ]) func `what is too large for a message is refused`(_ members: String, _ place: String) async throws {
        let served = try await EndpointTests.served()
        let answer = await served.send("POST", "/app/a/msg", "{\(members),\"payload\":{}}")
        #expect(EndpointTests.places(answer) == ["body.\(place)"], "\(answer.text)")
    }

    @Test(arguments: [
        ("/app/a/msg/bulk-expunge", #""ids":\#(list(101))"#, "ids"),
        ("/app/a/msg/bulk-expunge", #""ids":["\#(text(257))"]"#, "ids"),
        ("/auth/app-portal-access/a", #""sessionId":"\#(text(65))""#, "sessionId"),
        ("/auth/app/a/expire-all", #""sessionIds":["\#(text(65))"]"#, "sessionIds"),
        // Read as "none is named" it would be a token for everything.
        ("/auth/app-portal-access/a", #""capabilities":[]"#, "capabilities"),
        ("/event-type", #""name":"a.b","description":"\#(text(8193))""#, "description"),
        ("/event-type", #""name":"a.b","description":"","featureFlags":\#(list(51))"#, "featureFlags"),
        ("/event-type", #""name":"a.b","description":"","groupName":"\#(text(257))""#, "groupName"),
        (
            "/event-type/import/openapi",
            #""spec":{"webhooks":{"a.b":{"post":{"description":"\#(text(8193))"}}}}"#, "spec.webhooks.a.b"
        ),
        (
            "/event-type/import/openapi",
            #""spec":{"webhooks":{"a.b":{"post":{"x-svix-group-name":"a b"}}}}"#, "spec.webhooks.a.b"
        ),
        (
            "/event-type/import/openapi",
            #""spec":{"webhooks":{"a.b":{"post":{"requestBody":{"content":{"application/json":{"schema":1}}}}}}}"#,
            "spec.webhooks.a.b"
        ),
    ]) func `lists and names are bounded everywhere`(_ path: String, _ members: String, _ place: String) async throws {
        let served = try await EndpointTests.served()
        let answer = await served.send("POST", path, "{\(members)}")
        #expect(EndpointTests.places(answer) == ["body.\(place)"], "\(answer.text)")
    }

    @Test func `iterators that were made by hand, and queries without end, are no failures`() async throws {
        let served = try await EndpointTests.served()
        let made = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)
        let id = try #require(made["id"])
        let zeros = String(repeating: "0", count: 27)
        let last = AttemptID(startedAt: .now, delivery: .init(rawValue: .max), number: 65_535).text
        let iterators = [
            last, "-" + last,
            "-", "--", "app_", "-app_", "ep_%00", "msg_", "msg_\(zeros)", "row_0", "row_-1", "row_9223372036854775807",
            "-row_9223372036854775807", "row_9223372036854775808", "atmpt_\(zeros)", "qtask_'--", "app_%FF", "%",
            "app_" + Self.text(10_000), "ep_\u{0}",
        ]
        for path in [
            "/app", "/app/a/endpoint", "/app/a/msg", "/event-type", "/background-task", "/app/a/attempt/endpoint/\(id)",
            "/app/a/endpoint/\(id)/msg",
        ] {
            for iterator in iterators {
                let answer = await served.send("GET", "\(path)?iterator=\(iterator)")
                #expect([200, 422].contains(answer.status), "\(path) \(iterator.prefix(40)): \(answer.text)")
            }
            let many = "?" + String(repeating: "a&", count: 4_000) + "limit=0"
            #expect([200, 422].contains(await served.send("GET", path + many).status))
        }
        for query in ["channel=%00", "tag=%00&limit=1", "event_types=" + String(repeating: "a,", count: 4_000)] {
            #expect(await served.send("GET", "/app/a/msg?\(query)").status == 200, "\(query.prefix(20))")
        }
    }

    @Test(arguments: [
        "/app/a/endpoint/%2e%2e", "/app/%2e%2e/msg", "/app/a/msg/%00", "/app/a%2Fmsg", "/app/../../etc/passwd",
        "/app/a/endpoint/ep_%00", "/app/%ff", "/app/a;b=c", "/event-type/%2e",
    ]) func `paths don't escape`(_ path: String) async throws {
        let served = try await EndpointTests.served()
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
            let status = await served.send(method, path, "{}").status
            #expect((400..<500).contains(status), "\(method): \(status)")
        }
        #expect(await served.send("GET", "/app/a").status == 200)
    }

    @Test func `JSON that nests without end is refused`() async throws {
        let served = try await EndpointTests.served()
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let deep = String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000)
            for body in [deep, #"{"eventType":"a.b","payload":{"a":\#(deep)}}"#] {
                #expect(await served.send("POST", "/app/a/msg", body).status == 422)
            }
        }
    }
}
