import Foundation
import Testing
import WebhookCore

@testable import WebhooksServer

/// The log as a file and as a stream, as far as a request may see it.
@Suite(.timeLimit(.minutes(2))) struct LogShareTests {
    private static let own = """

          - { name: everybody, url: "http://127.0.0.1:9/all", topics: ["**"], secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
          - { name: of-a, url: "http://127.0.0.1:9/a", topics: ["**"], tenant: a, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
          - { name: of-b, url: "http://127.0.0.1:9/b", topics: ["**"], tenant: b, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
        """

    /// A message each of `a` and `b`, whose deliveries have settled: they were cancelled.
    private static func served() async throws -> ServedStore {
        let served = try await ServedStore(subscriptions: own)
        for app in ["a", "b"] { await served.send("POST", "/app", #"{"name":"\#(app)","uid":"\#(app)"}"#) }
        return served
    }

    private static func message(_ app: String, _ served: ServedStore) async throws {
        let body = #"{"eventType":"x","payload":{"of":"\#(app)"}}"#
        let id = try #require(await served.send("POST", "/app/\(app)/msg", body)["id"])
        try await served.dispatcher.run(until: .idle)
        _ = try await served.dispatcher.administration.cancel([id])
    }

    private static func access(_ served: ServedStore) async throws -> String {
        try #require(await served.send("POST", "/auth/app-portal-access/a", "{}")["token"])
    }

    /// The subscriptions of what an answer streams, up to a number of deliveries.
    private static func streamed(_ next: () async throws -> [UInt8]?, _ count: Int) async throws -> Set<String> {
        var text = ""
        while text.split(separator: "\n").count(where: { $0.hasPrefix("data: ") }) < count, let bytes = try await next()
        {
            text += String(decoding: bytes, as: UTF8.self)
        }
        return try Set(
            text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { line in
                try #require(try JSON.parse(ByteString(String(line.dropFirst(6))))["subscription"]?.string)
            }
        )
    }

    private static func stream(
        _ query: String,
        _ served: ServedStore,
        token: String = ServedStore.token
    ) async throws -> @Sendable () async throws -> [UInt8]? {
        var request = APIRequest(method: "GET", target: "/api/v1/stream/deliveries\(query)", body: .empty)
        request.headers.append(("authorization", "Bearer \(token)"))
        let response = await served.api.respond(to: request, isLocal: true)
        guard case .stream(let next) = response.body else {
            throw WebhooksError(.refused, "\(response.status) \(response.bytes.text)")
        }
        // The head.
        _ = try await next()
        return next
    }

    @Test func `a stream shows an application's deliveries alone`() async throws {
        let served = try await Self.served()
        let all = try await Self.stream("", served)
        let ofA = try await Self.stream("?app=a", served)
        let portal = try await Self.stream("", served, token: Self.access(served))
        for app in ["b", "a"] { try await Self.message(app, served) }
        #expect(try await Self.streamed(all, 4) == ["everybody", "of-a", "of-b"])
        #expect(try await Self.streamed(ofA, 2) == ["everybody", "of-a"])
        #expect(try await Self.streamed(portal, 1) == ["of-a"], "what is the operator's own is not the application's")
    }

    @Test func `one application leaves streams to the others`() async throws {
        let served = try await Self.served()
        let portal = try await Self.access(served)
        var open: [@Sendable () async throws -> [UInt8]?] = []
        for _ in 0..<4 { open.append(try await Self.stream("", served, token: portal)) }
        await #expect(throws: WebhooksError.self) { try await Self.stream("", served, token: portal) }
        open.append(try await Self.stream("", served))
        #expect(open.count == 5)
    }

    @Test func `a stream ends with the token that it was asked for with`() async throws {
        let served = try await Self.served()
        let portal = try await Self.stream("", served, token: Self.access(served))
        #expect(await served.send("POST", "/auth/app/a/expire-all").status == 204)
        try await Self.message("a", served)
        #expect(try await portal() == nil)
    }

    @Test func `an export has an application's deliveries alone, for its token too`() async throws {
        let served = try await Self.served()
        for app in ["b", "a"] { try await Self.message(app, served) }
        func export(_ query: String, token: String = ServedStore.token) async throws -> String {
            var request = APIRequest(method: "GET", target: "/api/v1/export?format=jsonl\(query)", body: .empty)
            request.headers.append(("authorization", "Bearer \(token)"))
            let response = await served.api.respond(to: request, isLocal: true)
            guard case .stream(let next) = response.body else { return "\(response.status)" }
            var text = ""
            while let bytes = try await next() { text += String(decoding: bytes, as: UTF8.self) }
            return text
        }
        #expect(try await export("").split(separator: "\n").count == 4)
        #expect(try await export("&app=a").split(separator: "\n").count == 2)
        let token = try await Self.access(served)
        let own = try await export("", token: token)
        #expect(own.split(separator: "\n").count == 1 && own.contains("of-a"))
        #expect(try await export("&app=a", token: token) == own)
        #expect(try await export("&app=b", token: token) == "404")
        // Another has the tenant from now on.
        await served.send("DELETE", "/app/a")
        await served.send("POST", "/app", #"{"name":"next","uid":"a"}"#)
        #expect(try await export("&app=a").isEmpty)
        #expect(try await export("", token: Self.access(served)).isEmpty)
    }
}
