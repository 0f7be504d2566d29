import Testing
import WebhookCore

@testable import WebhooksServer

@Suite struct RequestTests {
    @Test(arguments: [
        ("/api/v1/app", ["api", "v1", "app"]), ("//api/v1/app/", ["api", "v1", "app"]),
        ("/api/v1/app//?x=1", ["api", "v1", "app"]),
        ("/api/v1/app/a%2Db", ["api", "v1", "app", "a-b"]), ("/", []),
    ])
    func paths(target: String, segments: [String]) { #expect(APIPath(target)?.segments == segments) }

    @Test(arguments: ["/api//v1", "/api/a%2Fb", "/api/a%00b", "api/v1", "", "/api/%FF"])
    func noPaths(target: String) { #expect(APIPath(target) == nil) }

    @Test func queries() throws {
        let query = QueryParameters(
            "/x?a=1,2&a[]=3&b=true&c=&t=2026-01-02T03:04:05&z=2026-01-02T03:04:05%2B00:00&a[0]=4"
        )
        #expect(query.list("a") == ["1", "2", "3", "4"])
        #expect(try query.flag("b"))
        #expect(query.text("c") == nil)
        #expect(try query.time("t") == query.time("z"))
        #expect(throws: APIError.self) { try QueryParameters("/x?b=1").flag("b") }
        #expect(throws: APIError.self) { try QueryParameters("/x?limit=0").integer("limit", 1...250) }
        #expect(throws: APIError.self) { try QueryParameters("/x?limit=1e3").integer("limit", 1...250) }
    }

    @Test func fields() throws {
        func problems(_ text: String, _ read: (FieldReader) -> Void) throws -> [FieldProblem] {
            let reader = try FieldReader.body(ByteString(text))
            read(reader)
            return reader.problems
        }
        #expect(try problems(#"{"name":1}"#) { _ = $0.requiredText("name") }.map(\.location) == [["body", "name"]])
        #expect(try problems(#"{"a":1,"a":2}"#) { _ in }.map(\.location) == [["body", "a"]])
        #expect(try problems(#"{"n":5.0}"#) { _ = $0.integer("n", in: 1...9) }.count == 1)
        #expect(try problems(#"{"t":"\ud800"}"#) { _ = $0.text("t") }.count == 1)
        #expect(try FieldReader.body(#"{"m":[]}"#).metadata("m").value == "{}")
        #expect(try FieldReader.body(#"{"old":3,"new":4}"#).integer("new", "old", in: 1...9).value == 4)
        #expect(throws: APIError.self) { try FieldReader.body("[") }
        #expect(throws: APIError.self) { try FieldReader.body("") }
        _ = try FieldReader.body("", isOptional: true)
    }

    @Test func ids() throws {
        let ids = PlatformIDs()
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        let some = (0..<1000).map { _ in ids.next("msg_", at: now) }
        #expect(some == some.sorted())
        #expect(Set(some).count == 1000)
        #expect(some.allSatisfy { $0.count == 31 && IDNumber($0.dropFirst(4))?.text == String($0.dropFirst(4)) })
        #expect(ids.next("msg_", at: now + .milliseconds(1)) > some[999])
        // A clock that goes back.
        #expect(ids.next("msg_", at: now) > some[999])
        #expect(IDNumber("zzzzzzzzzzzzzzzzzzzzzzzzzzz") == nil)
    }

    @Test(arguments: [Int64(1), 42, .max])
    func attemptIDs(row: Int64) throws {
        let id = AttemptID(
            startedAt: Timestamp(milliseconds: 1_800_000_000_123),
            delivery: .init(rawValue: row),
            number: 65_535
        )
        #expect(id.text.count == 33)
        #expect(AttemptID(id.text) == id)
        let later = AttemptID(startedAt: id.startedAt + .milliseconds(1), delivery: .init(rawValue: 1), number: 1)
        #expect(later.text > id.text)
        #expect(AttemptID("atmpt_" + String(repeating: "0", count: 27)) == nil)
    }

    @Test func digests() {
        let tokens = OrganisationTokens([Secret("one"), Secret("two")])
        #expect(tokens.contains(digest: Digest.token("two")))
        #expect(!tokens.contains(digest: Digest.token("twx")))
        #expect(Digest.of("ab", "c", for: .answer) != Digest.of("a", "bc", for: .answer))
        #expect(Digest.of("a", for: .answer) != Digest.of("a", for: .token))
    }
}

@Suite struct RouterTests {
    @Test func operationsHaveNamesOfTheirOwn() {
        let names = WebhooksAPI.operations.map(\.name)
        #expect(Set(names).count == names.count)
        let places = WebhooksAPI.operations.map { "\($0.method) \($0.path)" }
        #expect(Set(places).count == places.count)
    }

    @Test(arguments: [
        ("POST", "/api/v1/stream", "Streams are not offered"),
        ("PATCH", "/api/v1/app/a/endpoint/b/transformation", "Transformations"),
        ("DELETE", "/api/v1/app", "this path has GET or POST"), ("POST", "/ingest/api/v1/source", "Ingestion"),
    ])
    func notSupported(method: String, target: String, words: String) async throws {
        let answer = await Self.answer(method, target)
        #expect(answer.status == 404)
        #expect(answer["code"] == "not_supported")
        #expect(answer["detail"]?.contains(words) == true)
    }

    @Test(arguments: ["/api/v1/nonsense", "/api", "/x", "/api//v1/app"])
    func notFound(target: String) async throws {
        let answer = await Self.answer("GET", target)
        #expect(answer.status == 404)
        #expect(answer["code"] == "not_found")
        #expect(answer["detail"] == "There is no such path: GET \(target).")
    }

    private static func answer(_ method: String, _ target: String) async -> Answer {
        guard let served = try? await ServedStore() else { return Answer(status: 0, text: "") }
        let headers = [(name: "authorization", value: "bearer \(ServedStore.token)")]
        let response = await served.api.respond(
            to: APIRequest(method: method, target: target, headers: headers),
            isLocal: true
        )
        return Answer(status: response.status, text: response.bytes.text)
    }

    @Test func tokens() async throws {
        let served = try await ServedStore()
        for token in [nil, "", "eyJhbGciOiJIUzI1NiJ9.e30.x", "appsk_unknown"] {
            let answer = await served.send("GET", "/app", token: token)
            #expect(answer.status == 401)
            #expect(answer["code"] == "authentication_failed")
            #expect(answer["detail"]?.contains("JWT") == true && answer["detail"]?.contains("server URL") == true)
        }
        #expect(await served.send("GET", "/health", token: nil) == Answer(status: 204, text: ""))
        #expect(await served.send("HEAD", "/health/", token: nil).status == 204)
        // Whoever has no token learns of no path.
        #expect(await served.send("GET", "/nonsense", token: nil).status == 401)
    }

    @Test func watching() async throws {
        let served = try await ServedStore()
        func ask(_ target: String, _ headers: [(name: String, value: String)], isLocal: Bool = true) async -> Int {
            await served.api.respond(to: APIRequest(method: "GET", target: target, headers: headers), isLocal: isLocal)
                .status
        }
        #expect(await ask("/healthz", [("host", "127.0.0.1:8071")]) == 200)
        #expect(await ask("/readyz", [("host", "localhost")]) == 503)
        #expect(await ask("/healthz", [("host", "evil.example")]) == 401)
        #expect(await ask("/healthz", [("host", "127.0.0.1")], isLocal: false) == 401)
        // What a reverse proxy on this machine passes on is not from this machine.
        #expect(await ask("/healthz", [("host", "127.0.0.1"), ("x-forwarded-for", "203.0.113.9")]) == 401)
        #expect(await ask("/healthz", [("authorization", "Bearer \(ServedStore.token)")], isLocal: false) == 200)
    }
}
