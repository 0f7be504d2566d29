import Testing
import WebhookCore

@testable import WebhooksServer

/// Details that client libraries, and whoever writes requests by hand, go by.
@Suite struct ContractTests {
    private static func served() async throws -> (ServedStore, endpoint: String) {
        let served = try await EndpointTests.served()
        let made = await served.send("POST", "/app/a/endpoint", #"{"url":"http://127.0.0.1:9/"}"#)
        return (served, try #require(made["id"], "\(made.text)"))
    }

    static let wrongMethods: [(String, String, String?)] = [
        ("PUT", "/app", "GET or POST"), ("POST", "/app/a/endpoint/crm", "GET, PUT, PATCH or DELETE"),
        ("DELETE", "/app/a/endpoint", "GET or POST"), ("PUT", "/app/a/msg", "GET or POST"),
        ("GET", "/app/a/msg/bulk-expunge/x", nil), ("DELETE", "/app/a/msg/precheck/active", "POST"),
    ]

    @Test(arguments: ContractTests.wrongMethods)
    func `another method is answered with those that there are`(
        _ method: String,
        _ path: String,
        _ methods: String?
    ) async throws {
        let answer = await (try await ServedStore()).send(method, path)
        #expect(answer.status == 404)
        guard let methods else {
            #expect(answer["code"] == "not_found")
            return
        }
        #expect(answer["code"] == "not_supported")
        #expect(
            answer["detail"]
                == "\(method) /api/v1\(path) is not offered by this server: this path has \(methods)."
        )
    }

    @Test(arguments: [
        "/app/a/destination", "/app/a/destination/d/secret/rotate", "/app/a/endpoint/e/mtls-certificate",
        "/app/a/endpoint/e/oauth-config", "/webhook-sink/x", "/app/a/connector", "/stream/s/sink",
    ])
    func `what is not offered says so`(_ path: String) async throws {
        let answer = await (try await ServedStore()).send("GET", path)
        #expect(answer.status == 404 && answer["code"] == "not_supported", "\(answer.text)")
    }

    @Test(arguments: ["app_short", "ep_!!!", "app_", "-ep_1", "qtask_1"])
    func `an iterator that no list has given is refused`(_ iterator: String) async throws {
        let (served, _) = try await Self.served()
        for path in ["/app", "/app/a/endpoint", "/background-task"] {
            let answer = await served.send("GET", "\(path)?iterator=\(iterator)")
            #expect(
                answer.status == 422 && EndpointTests.places(answer) == ["query.iterator"],
                "\(path): \(answer.text)"
            )
        }
    }

    // Go's library drops the body of these.
    @Test(arguments: ["recover", "replay-missing", "bulk-replay"])
    func `a request without a body is told which field is missing`(_ operation: String) async throws {
        let (served, id) = try await Self.served()
        let answer = await served.send("POST", "/app/a/endpoint/\(id)/\(operation)")
        #expect(answer.status == 422 && EndpointTests.places(answer) == ["body.since"], "\(answer.text)")
        let late = await served.send("POST", "/app/a/endpoint/\(id)/\(operation)", #"{"since":"2999-01-01T00:00:00Z"}"#)
        #expect(late["detail", "0", "msg"] == "since must be in the past", "\(late.text)")
    }

    @Test func `a token that may rotate a secret sees it`() async throws {
        let (served, id) = try await Self.served()
        for (capability, status) in [
            ("ManageEndpointSecret", 200), ("ViewEndpointSecret", 200), ("ManageEndpoint", 403),
        ] {
            let access = #"{"capabilities":["\#(capability)"]}"#
            let token = try #require(await served.send("POST", "/auth/app-portal-access/a", access)["token"])
            let answer = await served.send("GET", "/app/a/endpoint/\(id)/secret", token: token)
            #expect(answer.status == status, "\(capability): \(answer.text)")
        }
    }

    @Test func `feature flags of a token are bounded`() async throws {
        let (served, _) = try await Self.served()
        let many = (0..<26).map { #""f\#($0)""# }.joined(separator: ",")
        for (flags, status) in [(#""a""#, 200), (many, 422), (#""\#(String(repeating: "f", count: 26))""#, 422)] {
            let answer = await served.send("POST", "/auth/app-portal-access/a", #"{"featureFlags":[\#(flags)]}"#)
            #expect(answer.status == status, "\(answer.text)")
        }
    }

    @Test(arguments: [
        (#"{"a":"\ud800"}"#, 422), (#"{"a":"\udc00\ud800"}"#, 422), (#"{"\ud800\u0041":1}"#, 422),
        (#"{"a":"\ud83d\ude00"}"#, 202), (#"{"a":"\\ud800"}"#, 202), (#"{"a":"\u00e9\n\""}"#, 202),
        (#"{"a":"\uD83D\uDE00\\","b":["\udfff"]}"#, 422),
    ])
    func `half a character in a payload is refused`(_ payload: String, _ status: Int) async throws {
        let (served, id) = try await Self.served()
        let message = await served.send("POST", "/app/a/msg", #"{"eventType":"x","payload":\#(payload)}"#)
        #expect(message.status == status, "\(message.text)")
        if status == 422 { #expect(EndpointTests.places(message) == ["body.payload"]) }
        let example = await served.send(
            "POST",
            "/app/a/endpoint/\(id)/send-example",
            #"{"eventType":"x","payload":\#(payload)}"#
        )
        #expect(example.status == status, "\(example.text)")
    }

    @Test func `an event type without an example has none`() async throws {
        let (served, id) = try await Self.served()
        let path = "/app/a/endpoint/\(id)/send-example"
        let answer = await served.send("POST", path, #"{"eventType":"user.created"}"#)
        // The catalogue has one of this name.
        #expect(answer.status == 202, "\(answer.text)")
        await served.send("POST", "/event-type", #"{"name":"nobody.knows.it","description":""}"#)
        let none = await served.send("POST", path, #"{"eventType":"nobody.knows.it"}"#)
        #expect(none.status == 400 && none["code"] == "invalid_scheme", "\(none.text)")
    }

    @Test func `a document of event types may be YAML`() async throws {
        let served = try await ServedStore()
        let yaml = """
            openapi: 3.1.0
            webhooks:
              user.made:
                post:
                  description: "yes: a user"
                  requestBody:
                    content:
                      application/json:
                        schema: { type: object, properties: { id: { type: integer, minimum: 1 } } }
            """
        func imported(_ text: String) async -> Answer {
            let body = APIValue.object([("specRaw", .string(text))]).encoded.text
            return await served.send("POST", "/event-type/import/openapi", body)
        }
        let answer = await imported(yaml)
        #expect(answer.status == 200 && answer["data", "modified"] == #"["user.made"]"#, "\(answer.text)")
        let type = await served.send("GET", "/event-type/user.made")
        #expect(type["description"] == "yes: a user")
        #expect(type["schemas", "1", "properties", "id", "minimum"] == "1", "\(type.text)")
        for bad in ["a: [", "a: 1\na: 2", "&a [*a]", "- 1"] {
            let refused = await imported(bad)
            #expect(refused.status == 422, "\(bad): \(refused.text)")
        }
        // A short text that stands for gigabytes.
        let long = "a: &a \(String(repeating: "x", count: 100_000))\nb: [\(String(repeating: "*a,", count: 90_000))]"
        #expect(EndpointTests.places(await imported(long)) == ["body.specRaw"])
    }

    @Test(arguments: [
        ("POST", "/app?get_if_exists=true", #"{"name":"N","uid":"NAME"}"#), ("PUT", "/app/NAME", #"{"name":"N"}"#),
        ("PUT", "/app/a/endpoint/NAME", #"{"url":"https://a.example/"}"#),
        ("PUT", "/event-type/NAME", #"{"description":""}"#),
    ])
    func `two requests at once that make the same thing both get it`(
        _ method: String,
        _ path: String,
        _ body: String
    ) async throws {
        let (served, _) = try await Self.served()
        for number in 0..<20 {
            func send() async -> Answer {
                let name = "n\(number)"
                return await served.send(
                    method,
                    path.replacing("NAME", with: name),
                    body.replacing("NAME", with: name)
                )
            }
            async let first = send()
            async let second = send()
            let answers = await [first, second]
            #expect(answers.map(\.status).sorted() == [200, 201], "\(answers.map(\.text))")
            #expect(answers[0]["id"] == answers[1]["id"])
        }
    }

    @Test func `the log is asked for by an endpoint's id or uid`() async throws {
        let (served, id) = try await Self.served()
        await served.send("PATCH", "/app/a/endpoint/\(id)", #"{"uid":"crm"}"#)
        await served.send("POST", "/app/a/msg", #"{"eventType":"x","payload":{}}"#)
        try await served.dispatcher.run(until: .idle)
        await served.send("POST", "/app", #"{"name":"B","uid":"b"}"#)
        let own = try #require(await served.send("POST", "/auth/app-portal-access/a", "{}")["token"])
        let other = try #require(await served.send("POST", "/auth/app-portal-access/b", "{}")["token"])
        for (query, token, status) in [
            (id, ServedStore.token, 200), ("crm&app=a", ServedStore.token, 200), ("crm", own, 200), (id, own, 200),
            ("crm", ServedStore.token, 404), ("nonsense", ServedStore.token, 404), ("nonsense", own, 404),
            (id, other, 404), ("crm", other, 404), ("\(id)&app=b", ServedStore.token, 404),
        ] {
            var request = APIRequest(
                method: "GET",
                target: "/api/v1/export?format=jsonl&subscription=\(query)",
                body: .empty
            )
            request.headers.append(("authorization", "Bearer \(token)"))
            let response = await served.api.respond(to: request, isLocal: true)
            #expect(response.status == status, "\(query)")
            guard case .stream(let next) = response.body else { continue }
            #expect(try await next()?.isEmpty == false, "\(query)")
        }
        #expect(await served.send("GET", "/stream/deliveries?subscription=nonsense").status == 404)
    }
}
