import Foundation
import Testing
import WebhookCore

@testable import WebhooksServer

/// Tokens that were given out for one application.
@Suite struct TokenTests {
    private static func access(_ served: ServedStore, _ body: String) async throws -> String {
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        return try #require(await served.send("POST", "/auth/app-portal-access/a", body)["token"])
    }

    @Test func `a refusal names the capability that a token lacks`() async throws {
        let served = try await ServedStore()
        let viewing = try await Self.access(served, #"{"capabilities":["ViewBase"]}"#)
        let needed = [
            ("POST", "/app/a/endpoint", "ManageEndpoint"), ("GET", "/app/a/endpoint/e/secret", "ViewEndpointSecret"),
            ("POST", "/app/a/endpoint/e/secret/rotate", "ManageEndpointSecret"),
            ("POST", "/app/a/endpoint/e/recover", "CreateAttempts"),
        ]
        for (method, path, capability) in needed {
            let answer = await served.send(method, path, "{}", token: viewing)
            #expect(answer.status == 403 && answer["detail"]?.contains(capability) == true, "\(answer.text)")
        }
        let reading = try await Self.access(served, #"{"readOnly":true}"#)
        let refused = await served.send("POST", "/app/a/endpoint", "{}", token: reading)
        #expect(refused.status == 403)
        #expect(refused["detail"] == "This token is read-only, and this operation takes the capability ManageEndpoint.")
        let organisation = await served.send("GET", "/app", token: viewing)
        #expect(organisation.status == 403 && organisation["detail"]?.contains("token of the organisation") == true)
    }

    @Test func `whoever has an expired token is told that it has expired`() async throws {
        let served = try await ServedStore()
        let token = try await Self.access(served, "{}")
        #expect(await served.send("POST", "/auth/app/a/expire-all").status == 204)
        let expired = await served.send("GET", "/app/a", token: token)
        #expect(expired.status == 401 && expired["code"] == "authentication_failed")
        #expect(expired["detail"]?.contains("has expired") == true, "\(expired.text)")
        let unknown = await served.send("GET", "/app/a", token: token + "x")
        #expect(unknown.status == 401 && unknown["detail"]?.contains("does not know the token") == true)
        await served.api.upkeep(at: .now)
        #expect(await served.send("GET", "/app/a", token: token) == expired)
        await served.api.upkeep(at: .now + WebhooksAPI.expiredTokens)
        #expect(await served.send("GET", "/app/a", token: token) == unknown, "it is forgotten")
    }

    @Test func `a token is kept nowhere, and a repeated request gets another one`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a-name-to-be-found"}"#)
        var tokens: [String] = []
        for operation in ["app-portal-access", "app-portal-access", "dashboard-access"] {
            let answer = await served.send("POST", "/auth/\(operation)/a-name-to-be-found", "{}", key: "auto_1")
            tokens.append(try #require(answer["token"]))
            #expect(await served.send("GET", "/app/a-name-to-be-found", token: tokens.last).status == 200)
        }
        #expect(Set(tokens).count == 3)
        var found = 0
        for file in try FileManager.default.contentsOfDirectory(at: served.folder, includingPropertiesForKeys: nil) {
            let bytes = try Data(contentsOf: file)
            if bytes.range(of: Data("a-name-to-be-found".utf8)) != nil { found += 1 }
            for token in tokens { #expect(bytes.range(of: Data(token.utf8)) == nil, "\(file.lastPathComponent)") }
        }
        #expect(found > 0, "the files are those that hold what is kept")
    }

    @Test(arguments: ["bearer", "header", "secret"])
    func `credentials stay with their origin, unless the organisation moves them`(_ kind: String) async throws {
        let served = try await ServedStore()
        let token = try await Self.access(served, #"{"capabilities":["ManageEndpoint"]}"#)
        let rest =
            switch kind {
            case "bearer": #""webhooks":{"bearer":"of-the-organisation"}"#
            case "header": #""headers":{"X-Webhook-Token":"of-the-organisation"}"#
            default: #""webhooks":{"profile":"fermion"},"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw""#
            }
        let made = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/1","uid":"e",\#(rest)}"#)
        #expect(made.status == 201, "\(made.text)")
        for (method, origin) in [
            ("PATCH", "https://b.example"), ("PATCH", "http://a.example"), ("PATCH", "https://a.example:8443"),
            ("PUT", "https://b.example"),
        ] {
            let body = #"{"url":"\#(origin)/"}"#
            let refused = await served.send(method, "/app/a/endpoint/e", body, token: token)
            #expect(refused.status == 403 && refused["code"] == "credentials_kept", "\(method) \(refused.text)")
            #expect(!refused.text.contains("of-the-organisation"))
        }
        #expect(await served.send("GET", "/app/a/endpoint/e")["url"] == "https://a.example/1")
        let path = #"{"url":"https://A.example:443/2"}"#
        #expect(await served.send("PATCH", "/app/a/endpoint/e", path, token: token).status == 200, "the same origin")
        if kind == "bearer" {
            let anew = #"{"url":"https://b.example/","webhooks":{"bearer":"their-own"}}"#
            #expect(await served.send("PATCH", "/app/a/endpoint/e", anew, token: token).status == 200)
        }
        if kind == "header" {
            let without = #"{"deleteHeaders":["X-Webhook-Token"]}"#
            #expect(await served.send("PATCH", "/app/a/endpoint/e/headers", without, token: token).status == 204)
            let moved = #"{"url":"https://b.example/"}"#
            #expect(await served.send("PATCH", "/app/a/endpoint/e", moved, token: token).status == 200)
        }
        let moved = await served.send("PATCH", "/app/a/endpoint/e", #"{"url":"https://c.example/"}"#)
        #expect(moved.status == 200, "\(moved.text)")
    }
}
