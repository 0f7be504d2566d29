import Testing
import WebhookCore
import WebhookReceiver
import Webhooks

@testable import WebhooksServer

/// The description of the API, held against what is served.
@Suite(.timeLimit(.minutes(2))) struct DescriptionTests {
    @Test func `every operation is described, and nothing else`() {
        #expect(Set(OpenAPIDescription.entries.keys) == Set(WebhooksAPI.operations.map(\.name)))
    }

    /// Calls every operation, and compares each answer with its description.
    @Test func `every answer is as it is described`() async throws {
        let receiver = try Receiver { _ in .noContent }
        defer { receiver.stop() }
        let subscriptions = """

              - { name: own, url: "\(receiver.url)/own", topics: ["**"], tenant: a, profile: standard, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        let served = try await ServedStore(subscriptions: subscriptions)
        let dispatching = Task { [dispatcher = served.dispatcher] in try await dispatcher.run() }
        let description = try Description()
        func call(_ name: String, _ target: String, _ body: String = "", token: String? = ServedStore.token)
            async throws -> Answer
        {
            let operation = try #require(WebhooksAPI.operations.first { $0.name == name })
            let answer = await served.send(operation.method, target, body, token: token)
            let problems = try description.problems(with: answer, of: operation)
            #expect(problems.isEmpty, "\(name): \(answer.status) \(answer.text.prefix(300))")
            return answer
        }
        var seen: Set<String> = []
        @discardableResult
        func good(_ name: String, _ target: String, _ body: String = "", token: String? = ServedStore.token)
            async throws -> Answer
        {
            let answer = try await call(name, target, body, token: token)
            #expect((200..<300).contains(answer.status), "\(name): \(answer.text)")
            seen.insert(name)
            return answer
        }
        try await good("v1.health.get", "/health")
        try await good("v1.health.ping", "/health/ping")
        try await good("webhooks.openapi", "/openapi.json", token: nil)
        try await good("v1.application.create", "/app", #"{"name":"A","uid":"a"}"#)
        try await good("v1.application.list", "/app")
        try await good("v1.application.get", "/app/a")
        try await good("v1.application.update", "/app/b", #"{"name":"B"}"#)
        try await good("v1.application.patch", "/app/b", #"{"metadata":{"x":"y"}}"#)
        let type = #"{"name":"user.created","description":"","schemas":{"1":{"examples":[{"a":1}]}}}"#
        try await good("v1.event-type.create", "/event-type", type)
        try await good("v1.event-type.list", "/event-type?with_content=true")
        try await good("v1.event-type.get", "/event-type/user.created")
        try await good("v1.event-type.update", "/event-type/user.gone", #"{"description":"d"}"#)
        try await good("v1.event-type.patch", "/event-type/user.gone", #"{"deprecated":true}"#)
        try await good("v1.event-type.delete", "/event-type/user.gone")
        try await good(
            "v1.event-type.import-openapi",
            "/event-type/import/openapi",
            #"{"dryRun":true,"spec":{"webhooks":{}}}"#
        )
        let endpoint = try #require(try await good("v1.endpoint.list", "/app/a/endpoint").ids().first)
        let message = try await good(
            "v1.message.create",
            "/app/a/msg",
            #"{"eventType":"user.created","eventId":"m1","payload":{"a":1},"channels":["c"],"tags":["t"]}"#
        )
        let id = try #require(message["id"])
        _ = try await receiver.waitForRequests(count: 1)
        var attempts: [String] = []
        while attempts.isEmpty { attempts = await served.send("GET", "/app/a/attempt/msg/m1").ids() }
        try await good("v1.message.list", "/app/a/msg")
        try await good("v1.message.get", "/app/a/msg/m1")
        try await good("v1.message.precheck", "/app/a/msg/precheck/active", #"{"eventType":"user.created"}"#)
        try await good("v1.endpoint.get", "/app/a/endpoint/\(endpoint)")
        try await good("v1.endpoint.patch", "/app/a/endpoint/\(endpoint)", #"{"disabled":false}"#)
        try await good("v1.endpoint.get-headers", "/app/a/endpoint/\(endpoint)/headers")
        try await good("v1.endpoint.transformation-get", "/app/a/endpoint/\(endpoint)/transformation")
        #expect(try await good("v1.endpoint.get-stats", "/app/a/endpoint/\(endpoint)/stats")["success"] == "1")
        try await good("v1.endpoint.get-attempt-stats", "/app/a/endpoint/\(endpoint)/attempt-stats")
        let byEndpoint = try await good(
            "v1.message-attempt.list-by-endpoint",
            "/app/a/attempt/endpoint/\(endpoint)?with_msg=true"
        )
        #expect(byEndpoint.ids() == attempts && byEndpoint["data", "0", "msg", "id"] == id)
        try await good(
            "v1.message-attempt.list-by-msg",
            "/app/a/attempt/msg/m1?channel=c&tag=t&status=0&status_code_class=200"
        )
        #expect(await served.send("GET", "/app/a/attempt/msg/m1?status=2").ids().isEmpty)
        try await good("v1.message-attempt.list", "/app/a/msg/m1/attempt")
        try await good("v1.message-attempt.list-by-endpoint-deprecated", "/app/a/msg/m1/endpoint/\(endpoint)/attempt")
        try await good("v1.message-attempt.get", "/app/a/msg/m1/attempt/\(attempts[0])")
        let attempted = try await good("v1.message-attempt.list-attempted-messages", "/app/a/endpoint/\(endpoint)/msg")
        #expect(attempted["data", "0", "statusText"] == "success")
        #expect(await served.send("GET", "/app/a/endpoint/\(endpoint)/msg?status=2").ids().isEmpty)
        try await good("v1.message-attempt.list-attempted-destinations", "/app/a/msg/m1/endpoint")
        try await good("v1.message-attempt.resend", "/app/a/msg/m1/endpoint/\(endpoint)/resend")
        let since = #"{"since":"\#(Timestamp.now - .seconds(600))"}"#
        try await good("v1.endpoint.recover", "/app/a/endpoint/\(endpoint)/recover", since)
        try await good(
            "v1.endpoint.send-example",
            "/app/a/endpoint/\(endpoint)/send-example",
            #"{"eventType":"user.created"}"#
        )
        _ = try await receiver.waitForRequests(count: 3)
        var states: [String] = []
        while states.count != 3 {
            states = try await served.dispatcher.deliveries().filter { $0.state == .delivered }.map(\.id.description)
        }
        try await good("v1.endpoint.replay-missing", "/app/a/endpoint/\(endpoint)/replay-missing", since)
        let task = try await good("v1.endpoint.bulk-replay", "/app/a/endpoint/\(endpoint)/bulk-replay", since)
        try await good("v1.background-task.list", "/background-task")
        var replayed = task
        while replayed["status"] == "running" {
            replayed = try await good("v1.background-task.get", "/background-task/\(task["id"] ?? "")")
        }
        #expect(replayed["data", "messagesSent"] == "2", "the newest of each message")
        _ = try await receiver.waitForRequests(count: 5)
        while try await served.dispatcher.deliveries().contains(where: { !$0.state.isSettled }) {}
        try await good("webhooks.export", "/export?format=csv")
        try await good("v1.message-attempt.expunge-content", "/app/a/msg/m1/attempt/\(attempts[0])/content")
        let erased = await served.send("GET", "/app/a/msg/m1/attempt/\(attempts[0])")
        #expect(erased["response"] == "EXPUNGED" && erased["statusText"] == "success")
        try await good("v1.message.expunge-content", "/app/a/msg/m1/content")
        try await good("v1.message.bulk-expunge", "/app/a/msg/bulk-expunge", #"{"ids":["m1","x"]}"#)
        try await good("v1.message.expunge-all-contents", "/app/a/msg/expunge-all-contents")
        let span = #"{"since":"2020-01-01T00:00:00Z","until":"2200-01-01T00:00:00Z","appIds":["a","b"]}"#
        try await good("v1.statistics.aggregate-app-stats", "/stats/usage/app", span)
        let token = try await good("v1.authentication.app-portal-access", "/auth/app-portal-access/a")["token"]
        try await good("v1.authentication.dashboard-access", "/auth/dashboard-access/a")
        try await good("v1.authentication.logout", "/auth/logout", token: token)
        try await good("v1.authentication.expire-all", "/auth/app/a/expire-all")
        let made = try await good("v1.endpoint.create", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)
        let stored = "/app/a/endpoint/\(made["id"] ?? "")"
        try await good("v1.endpoint.update", stored, #"{"url":"https://b.example/","eventTypes":["user.created"]}"#)
        try await good("v1.endpoint.patch", stored, #"{"description":"d","channels":["c"],"throttleRate":1}"#)
        try await good("v1.endpoint.get", stored)
        try await good("v1.endpoint.get-secret", stored + "/secret")
        try await good("v1.endpoint.rotate-secret", stored + "/secret/rotate")
        try await good("v1.endpoint.update-headers", stored + "/headers", #"{"headers":{"X-A":"b"}}"#)
        try await good("v1.endpoint.patch-headers", stored + "/headers", #"{"headers":{"X-A":null}}"#)
        try await good("v1.endpoint.get-headers", stored + "/headers")
        try await good("v1.endpoint.delete", stored)
        // What is refused has an answer, too.
        for name in ["update", "delete", "get-secret", "rotate-secret", "update-headers", "patch-headers"] {
            let operation = try #require(WebhooksAPI.operations.first { $0.name == "v1.endpoint.\(name)" })
            let path = String(operation.path.dropFirst("/api/v1".count))
            let target = path.replacing("{app_id}", with: "a").replacing("{endpoint_id}", with: endpoint)
            #expect(try await call(operation.name, target, "{}").status == 403)
            seen.insert(operation.name)
        }
        try await good("v1.application.delete", "/app/a")
        // A stream has no end.
        seen.insert("webhooks.stream-deliveries")
        #expect(seen == Set(WebhooksAPI.operations.map(\.name)))
        served.dispatcher.shutDown()
        try await dispatching.value
    }
}

/// The served description, and answers held against it.
private struct Description {
    let document: JSONValue

    init() throws { document = try JSON.parse(OpenAPIDescription.document) }

    func problems(with answer: Answer, of operation: WebhooksServer.Operation) throws -> [String] {
        let path = ["paths", operation.path, operation.method.lowercased(), "responses", String(answer.status)]
        guard let response = document.value(at: path) else { return ["the status isn't described"] }
        guard let content = response["content"] else { return answer.text.isEmpty ? [] : ["there is a body"] }
        guard let schema = content["application/json"]?["schema"] else { return [] }
        guard let value = answer.json else { return ["the body is no JSON"] }
        return problems(value, schema, "")
    }

    /// In what a value differs from a schema; members that are not described count.
    private func problems(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
        if let reference = schema["$ref"]?.string {
            guard let target = document.value(at: reference.split(separator: "/").dropFirst().map(String.init)) else {
                return ["\(place): \(reference) is nowhere"]
            }
            return problems(value, target, place)
        }
        if let choices = schema["anyOf"]?.array {
            let found = choices.map { problems(value, $0, place) }
            return found.contains { $0.isEmpty } ? [] : found.first ?? []
        }
        if let words = schema["enum"]?.array, !words.contains(where: { $0.raw == value.raw }) {
            return ["\(place): \(value.raw.text) is none of the values"]
        }
        switch (schema["type"]?.string, value.kind) {
        case ("string", .string), ("boolean", .bool), ("null", .null): return []
        case ("integer", .number(let text)): return Int(text) == nil ? ["\(place): no whole number"] : []
        case ("array", .array(let items)):
            guard let item = schema["items"] else { return [] }
            return items.enumerated().flatMap { problems($1, item, "\(place)/\($0)") }
        case ("object", .object(let members)):
            var found = (schema["required"]?.array ?? []).compactMap(\.string).filter { value[$0] == nil }
                .map { "\(place): \($0) is missing" }
            let properties = schema["properties"]
            for member in members {
                if let inner = properties?[member.key] ?? schema["additionalProperties"] {
                    found += problems(member.value, inner, "\(place)/\(member.key)")
                } else if properties?.object?.isEmpty == false {
                    found.append("\(place): \(member.key) is not described")
                }
            }
            return found
        default: return ["\(place): \(value.raw.text.prefix(40)) is no \(schema["type"]?.string ?? "?")"]
        }
    }
}
