import Foundation
import Testing
import WebhookCore

@testable import WebhooksServer

/// Secrets and headers of endpoints, which are kept sealed.
@Suite struct EndpointSecretTests {
    @Test func `secrets are made, given, and replaced one by one`() async throws {
        let served = try await EndpointTests.served()
        let made = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)
        let path = "/app/a/endpoint/\(made["id"] ?? "")/secret"
        let first = try #require(await served.send("GET", path)["key"])
        #expect(first.hasPrefix("whsec_") && first.utf8.count >= 38)
        let rotated = await served.send("POST", path + "/rotate", key: "auto_1")
        #expect(rotated.status == 200 && rotated["key"] != first)
        #expect(await served.send("GET", path)["key"] == rotated["key"])
        // Asked again it was done already; and its answer is nowhere to be read.
        #expect(await served.send("POST", path + "/rotate", key: "auto_1") == rotated)
        #expect(await served.send("GET", path)["key"] == rotated["key"])
        // Libraries before 2.7 take no body.
        for (agent, status) in [
            ("svix-libs/2.6.2/python", 204), ("svix-libs/1.45.1/ruby", 204), ("svix-libs/2.7.0/python", 200),
            ("svix-libs/2.10.1/python", 200), ("curl/8.5", 200),
        ] {
            #expect(await served.send("POST", path + "/rotate", agent: agent).status == status, "\(agent)")
        }
        let own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let given = #"{"key":"\#(own)","gracePeriodSeconds":0}"#
        #expect(await served.send("POST", path + "/rotate", given)["key"] == own)
        let bad = await served.send("POST", path + "/rotate", #"{"key":"whsec_x"}"#)
        #expect(bad.status == 422 && EndpointTests.places(bad) == ["body.key"], "\(bad.text)")
        #expect(bad.text.contains("leave it out, and one is made") && !bad.text.contains("Signatures"), "\(bad.text)")
        #expect(
            EndpointTests.places(await served.send("POST", path + "/rotate", #"{"gracePeriodSeconds":604801}"#))
                == ["body.gracePeriodSeconds"]
        )
        #expect(await served.send("GET", path)["key"] == own)
        // The same once more is nothing new.
        let row = try await Self.row(served, made["id"])
        #expect(await served.send("POST", path + "/rotate", given).status == 200)
        #expect(try await Self.row(served, made["id"]).signingSecrets.count == row.signingSecrets.count)
        var last = Answer(status: 0, text: "")
        for _ in 0..<12 where last.status != 400 { last = await served.send("POST", path + "/rotate") }
        #expect(last.status == 400 && last["code"] == "limit_reached")
        let secrets = try await Self.row(served, made["id"]).signingSecrets
        #expect(secrets.count { $0.expiresAt.map { $0 > .now } ?? false } == 10)
    }

    private static func row(_ served: ServedStore, _ id: String?) async throws -> StoredSubscription {
        let store = try await served.dispatcher.platformStore()
        return try #require(try await (store as? any SubscriptionStore)?.storedSubscription(id ?? ""))
    }

    @Test func `headers keep their spelling, and sensitive ones their value to themselves`() async throws {
        let served = try await EndpointTests.served()
        let made = await served.send(
            "POST",
            "/app/a/endpoint",
            #"{"url":"https://a.example/","headers":{"X-Tenant":"north","AUTHORIZATION":"Bearer t","x-api-key":"k"}}"#
        )
        let path = "/app/a/endpoint/\(made["id"] ?? "")/headers"
        let shown = await served.send("GET", path)
        #expect(shown["headers"] == #"{"X-Tenant":"north"}"# && shown["sensitive"] == #"["Authorization","x-api-key"]"#)
        #expect(
            await served.send(
                "PATCH",
                path,
                #"{"headers":{"x-tenant":null,"X-New":"1"},"deleteHeaders":["X-API-Key"]}"#
            )
            .status == 204
        )
        let changed = await served.send("GET", path)
        #expect(changed["headers"] == #"{"X-New":"1"}"# && changed["sensitive"] == #"["Authorization"]"#)
        #expect(await served.send("PUT", path, #"{"headers":{"X-Last":"2"}}"#).status == 204)
        #expect(await served.send("GET", path).text == #"{"headers":{"X-Last":"2"},"sensitive":[]}"#)
        // As PHP writes an empty object.
        #expect(await served.send("PUT", path, #"{"headers":[]}"#).status == 204)
        #expect(await served.send("GET", path).text == #"{"headers":{},"sensitive":[]}"#)
        let bad = await served.send("PUT", path, #"{"headers":{"Webhook-Id":"x","host":"y"}}"#)
        #expect(bad.status == 422 && EndpointTests.places(bad) == ["body.headers.Webhook-Id", "body.headers.host"])
        #expect(await served.send("PUT", path, "{}").status == 422)
    }

    /// Wherever it is kept, nothing that is secret can be read in the store's files.
    @Test func `nothing secret is in the store in plain text`() async throws {
        let served = try await EndpointTests.served()
        let words = [
            "canary-header-value", "canary-authorization", "canary-bearer", "whsec_Q0FOQVJZY2FuYXJ5Q0FOQVJZY2FuYXJ5",
        ]
        let made = await served.send(
            "POST",
            "/app/a/endpoint",
            #"{"url":"https://a.example/","secret":"\#(words[3])","headers":{"X-Own":"\#(words[0])","Authorization":"\#(words[1])"}}"#,
            key: "auto_1"
        )
        let path = "/app/a/endpoint/\(made["id"] ?? "")"
        let rotated = await served.send("POST", path + "/secret/rotate", key: "auto_2")
        #expect(await served.send("PATCH", path, #"{"webhooks":{"bearer":"\#(words[2])"}}"#).status == 200)
        var isThere = false
        for file in try FileManager.default.contentsOfDirectory(at: served.folder, includingPropertiesForKeys: nil)
        where file.lastPathComponent.hasPrefix("webhooks.sqlite") {
            let data = try Data(contentsOf: file)
            isThere = isThere || data.range(of: Data("a.example".utf8)) != nil
            for word in words + [try #require(rotated["key"])] {
                #expect(data.range(of: Data(word.utf8)) == nil, "\(word) in \(file.lastPathComponent)")
            }
        }
        #expect(isThere)
    }
}
