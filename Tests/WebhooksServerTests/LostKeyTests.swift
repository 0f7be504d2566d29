import Testing
import WebhookCore

@testable import WebhooksServer

/// Endpoints whose secrets were sealed with a key that is lost.
@Suite struct LostKeyTests {
    /// The store with a key, and the same one with another.
    private static func stores(_ endpoint: String) async throws -> (ServedStore, String) {
        let before = try await ServedStore()
        await before.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let id = try #require(await before.send("POST", "/app/a/endpoint", endpoint)["id"])
        let after = try await ServedStore(after: before, key: "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=")
        return (after, id)
    }

    private static let withHeaders = #"{"url":"https://a.example/","headers":{"X-Own":"1"},"webhooks":{"bearer":"b"}}"#

    @Test func `it is listed, and whatever needs the secrets says why not`() async throws {
        let (served, id) = try await Self.stores(Self.withHeaders)
        let path = "/app/a/endpoint/\(id)"
        #expect(await served.send("GET", "/app/a/endpoint").ids() == [id])
        #expect(await served.send("GET", path)["url"] == "https://a.example/")
        await served.send("POST", "/event-type", #"{"name":"x","description":"","schemas":{"1":{"examples":[{}]}}}"#)
        let since = #"{"since":"\#(Timestamp.now - .seconds(600))"}"#
        let operations = [
            ("GET", "/secret", ""), ("GET", "/headers", ""), ("PATCH", "/headers", #"{"headers":{"X-Own":"2"}}"#),
            ("PATCH", "", #"{"description":"d"}"#), ("PUT", "", #"{"url":"https://b.example/"}"#),
            ("POST", "/recover", since), ("POST", "/replay-missing", since), ("POST", "/bulk-replay", since),
            ("POST", "/send-example", #"{"eventType":"x"}"#),
        ]
        for (method, rest, body) in operations {
            let answer = await served.send(method, path + rest, body)
            #expect(answer.status == 409 && answer["code"] == "secret_unreadable", "\(method) \(rest): \(answer.text)")
            #expect(answer["detail"]?.contains("not among `server.encryptionKey`") == true)
        }
        #expect(await served.send("GET", path + "/stats").status == 200)
        #expect(await served.send("DELETE", path).status == 204)
    }

    @Test func `a reload takes over the keys, in the API as in the dispatcher`() async throws {
        let served = try await ServedStore()
        let file = served.folder.appendingPathComponent("webhooks.yaml")
        let new = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
        func reload(_ keys: String) throws -> Bool {
            let text = try String(contentsOf: file, encoding: .utf8)
            let lines = text.split(separator: "\n").map { line in
                line.hasPrefix("server:")
                    ? "server: { tokens: [\(ServedStore.token)], encryptionKey: \(keys) }" : String(line)
            }
            try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            return served.dispatcher.reload()
        }
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let old = try #require(await served.send("POST", "/app/a/endpoint", Self.withHeaders)["id"])
        #expect(try reload("[\(new), \(ServedStore.key)]"))
        let both = try #require(await served.send("POST", "/app/a/endpoint", Self.withHeaders)["id"])
        #expect(await served.send("GET", "/app/a/endpoint/\(old)/secret").status == 200)
        #expect(try !reload(new), "the old one opens what is sent to")
        #expect(await served.send("GET", "/app/a/endpoint/\(both)/secret").status == 200, "the new one has sealed it")
        #expect(await served.send("GET", "/app/a/endpoint/\(old)/secret").status == 200, "and this one goes on")
        #expect(await served.send("DELETE", "/app/a/endpoint/\(old)").status == 204)
        #expect(try reload(new))
        #expect(served.dispatcher.registry.subscription(named: both)?.isServed == true)
    }

    @Test func `a new secret takes the place of a lost one`() async throws {
        let (served, id) = try await Self.stores(#"{"url":"https://a.example/"}"#)
        let path = "/app/a/endpoint/\(id)"
        let rotated = await served.send("POST", path + "/secret/rotate")
        #expect(rotated.status == 200, "\(rotated.text)")
        #expect(await served.send("GET", path + "/secret") == rotated)
        let store = try await served.dispatcher.subscriptionStore()
        #expect(try await store.storedSubscription(id)?.signingSecrets.count == 1, "nobody can sign with the lost one")
        #expect(served.dispatcher.registry.subscription(named: id)?.isServed == true, "it is in force")
    }

    @Test(arguments: [true, false])
    func `secret and headers are replaced one after the other, in either order`(secretFirst: Bool) async throws {
        let (served, id) = try await Self.stores(Self.withHeaders)
        let path = "/app/a/endpoint/\(id)"
        let own = #"{"key":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#
        let steps = [("POST", "/secret/rotate", own), ("PUT", "/headers", #"{"headers":{"X-New":"2"}}"#)]
        for (method, rest, body) in secretFirst ? steps : steps.reversed() {
            #expect(served.dispatcher.registry.subscription(named: id)?.isServed != true)
            let answer = await served.send(method, path + rest, body)
            #expect((200..<300).contains(answer.status), "\(method) \(rest): \(answer.text)")
        }
        #expect(await served.send("GET", path + "/secret").text == own)
        #expect(await served.send("GET", path + "/headers").text == #"{"headers":{"X-New":"2"},"sensitive":[]}"#)
        #expect(served.dispatcher.registry.subscription(named: id)?.isServed == true, "it is in force")
    }

    @Test func `an unfit secret is refused as ever`() async throws {
        let (served, id) = try await Self.stores(Self.withHeaders)
        let answer = await served.send("POST", "/app/a/endpoint/\(id)/secret/rotate", #"{"key":"whsec_x"}"#)
        #expect(answer.status == 422 && EndpointTests.places(answer) == ["body.key"], "\(answer.text)")
    }
}
