import Testing
import WebhookCore
import WebhookRegistry

/// A canary in every place where a secret can stand, right or wrong: no message repeats it.
@Suite struct SecretTests {
    private static let canary = "hunter2hunter2"

    @Test(arguments: [
        "store: \(canary)",
        "store: postgres://u:\(canary)@h/d\nstore: x",
        "store: postgres://u:\(canary)",
        "store: { url: 'postgres://u:x/\(canary)@h/d' }",
        "store: { url: 'postgres://h/d', password: [\(canary)] }",
        "store: { url: 'postgres://h/d', passwort: \(canary) }",
        "store: { url: 'postgres://u:\(canary)@h/d', password: \(canary) }",
        "store: { url: 'sqlite:x', password: \(canary), schema: \(canary) }",
        "store: { \(canary) }",
        "egress: { proxy: 'http://u:\(canary)@proxy' }",
        "egress: { proxy: '\(canary)' }",
        "egress: { \(canary) }",
        "\(canary)",
        "a: \(canary): b",
        "a: \"\(canary)",
        "a: [\(canary)\nb: \(canary)\n",
        "bearer:\(canary): x",
        "? [\(canary)]\n: 1\n",
        "*\(canary)",
        "!\(canary) x",
        "defaults: { bearer:\(canary) }",
        "defaults: { bearer: \"\(canary)\\n\" }",
        "defaults: { bearer: { \(canary) } }",
        "defaults: { bearer: { env: \(canary)- } }",
        "defaults: { bearer: [\(canary)] }",
        "defaults: { authorization: { evn: \(canary) } }",
        "defaults: { basicAuth: \(canary) }",
        "defaults: { basicAuth: { username: a, \(canary) } }",
        "defaults: { basicAuth: { username: \"\(canary):\", password: \(canary) } }",
        "defaults: { secrets: \(canary) }",
        "defaults: { headers: { X: \"\(canary)\\0\" } }",
        "defaults: { headers: [\(canary)] }",
        "defaults: { tls: { certificate: c.pem, key: \(canary) } }",
        "defaults: { enabled: \(canary), contentType: \(canary), httpVersion: \(canary) }",
        "defaults: { delivery: { timeout: \(canary), jitter: \(canary), rateLimit: \(canary), mode: \(canary) } }",
        "subscriptions: [{ name: a, url: 'https://u:\(canary)@x/', topics: ['**'], secrets: [\(canary)] }]",
        "subscriptions: [{ name: a, url: 'https://10.0.0.1/\(canary)', topics: ['**'], secrets: [whsec_\(canary)] }]",
        "subscriptions: [{ name: a, url: '\(canary)', topics: ['**'], profile: thinkific, secrets: [{ x: \(canary) }] }]",
        "subscriptions: [{ name: 'a \(canary)', url: { env: CANARY }, topics: ['\(canary) x'], profile: 'x \(canary)' }]",
        "subscriptions: [{ name: a, url: { file: s }, topics: ['**'], secrets: [{ file: s }, { env: CANARY }] }]",
        "subscriptions: [{ name: a, url: https://x.example/, topics: ['**'], filter: { data.x: [\(canary)] } }]",
    ])
    func noMessageRepeatsIt(_ text: String) {
        let loaded = Sample.load(
            text,
            environment: ["CANARY": "https://u:\(Self.canary)@x/"],
            files: ["s": Self.canary + "\n", "c.pem": Sample.certificate]
        )
        #expect(loaded.hasErrors)
        for diagnostic in loaded.diagnostics { #expect(!diagnostic.description.contains(Self.canary)) }
        #expect(!String(describing: loaded).contains(Self.canary))
    }

    @Test func oneTrailingLineBreakIsRemoved() throws {
        for (file, value) in [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), (" a \n", " a ")] {
            let text = Sample.subscription("secrets: [{ file: s }]", profile: "thinkific")
            #expect(try #require(Sample.only(text, files: ["s": file])).secrets == [Secret(value)])
        }
    }

    @Test func aSecretForAHeaderIsOneLine() {
        let text = Sample.subscription("secrets: [{ file: s }]", profile: "fermion")
        #expect(
            Sample.problems(text, files: ["s": "a\nb\n"]) == [
                "w.yaml:6:23: the secret holds a line break or another control character, which a header cannot carry"
            ]
        )
    }

    @Test func storeFromTheEnvironment() {
        let loaded = Sample.load("store: { env: DB }", environment: ["DB": "sqlite:/var/x.sqlite"])
        #expect(loaded.registry?.settings.store == .sqlite(path: "/var/x.sqlite"))
    }
}
