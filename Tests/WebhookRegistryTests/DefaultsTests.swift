import Testing
import WebhookCore
import WebhookRegistry

/// Subscription, then defaults, then profile, then built in.
@Suite struct DefaultsTests {
    private static let entry = "name: a, url: https://x.example/, topics: ['**']"

    @Test func profileOrder() throws {
        func profile(_ head: String, _ more: String) throws -> String {
            let secrets = "secrets: [\(Sample.whsec)]"
            return try #require(
                Sample.only("\(head)\nsubscriptions: [{ \(Self.entry), \(secrets)\(more) }]")
            ).profile.name
        }
        #expect(try profile("", "") == "standard")
        #expect(try profile("profile: loopwise", "") == "loopwise")
        #expect(try profile("profile: loopwise\ndefaults: { profile: teachify }", "") == "teachify")
        #expect(try profile("defaults: { profile: teachify }", ", profile: fermion") == "fermion")
    }

    @Test func modeOrder() throws {
        func mode(_ defaults: String, _ more: String) throws -> DeliveryMode {
            let text = "defaults: { profile: braincert\(defaults) }\nsubscriptions: [{ \(Self.entry)\(more) }]"
            return try #require(Sample.only(text)).policy.mode
        }
        #expect(try mode("", "") == .singleShot)
        #expect(try mode(", delivery: { mode: retry }", "") == .retry)
        #expect(try mode(", delivery: { mode: retry }", ", delivery: { mode: single-shot }") == .singleShot)
    }

    @Test func everythingElseFromDefaults() throws {
        let text = """
            defaults:
              profile: thinkific
              contentType: application/json
              tenant: t
              bearer: token
              secrets: [s]
              headers: { X-A: a }
              tls: { ca: ca.pem }
              httpVersion: 2
              enabled: false
            subscriptions: [{ \(Self.entry) }, { name: b, url: 'https://x.example/', topics: ['**'], profile: braincert,
              basicAuth: { username: u, password: p }, enabled: true }]
            """
        let loaded = Sample.load(text, files: ["ca.pem": Sample.certificate])
        #expect(!loaded.hasErrors)
        let registry = try #require(loaded.registry)
        let first = try #require(registry.subscription(named: "a"))
        #expect(first.tenant == "t")
        #expect(first.authentication == .bearer(Secret("token")))
        #expect(first.secrets == [Secret("s")])
        #expect(first.headers.map(\.name) == ["X-A"])
        #expect(first.tls?.authorities != nil)
        #expect(first.httpVersion == .http2)
        #expect(!first.isEnabled)
        let second = try #require(registry.subscription(named: "b"))
        #expect(second.authentication == .basic(username: "u", password: Secret("p")))
        #expect(second.secrets.isEmpty)
        #expect(second.isEnabled)
    }
}
