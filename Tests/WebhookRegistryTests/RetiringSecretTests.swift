import Testing
import WebhookCore

@testable import WebhookRegistry

@Suite struct RetiringSecretTests {
    private static let old = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZDA="
    private static let until = "2026-11-29T05:00:00.000Z"

    private func load(previous: String?) -> LoadedConfiguration {
        var files = ["a.secret": Sample.whsec + "\n"]
        files["a.secret.previous"] = previous
        return Sample.load(
            Sample.subscription("secrets: [{ file: a.secret }]", profile: "standard"),
            files: files
        )
    }

    @Test func `what a secret's file had before signs beside it, until its time`() throws {
        let loaded = load(previous: "until \(Self.until)\n\(Self.old)\n")
        let subscription = try #require(loaded.registry?.subscriptions.first)
        #expect(subscription.secrets == [Secret(Sample.whsec)])
        let until = try #require(Timestamp(rfc3339: Self.until))
        #expect(subscription.retiringSecrets == [RetiringSecret(secret: Secret(Self.old), until: until)])
        #expect(subscription.secretOrigin == .file("a.secret"))
        // It is watched whether it is there or not.
        #expect(load(previous: nil).watchedFiles.contains("a.secret.previous"))
        #expect(load(previous: nil).registry?.subscriptions.first?.retiringSecrets == [])
        #expect(load(previous: "").registry?.subscriptions.first?.retiringSecrets == [])
        // Between the two steps of a rotation both files hold the same one.
        #expect(
            load(previous: "until \(Self.until)\n\(Sample.whsec)\n").registry?.subscriptions.first?.retiringSecrets
                == []
        )
    }

    @Test(arguments: ["canary", "until soon\ncanary\n", "until \(Self.until)\n", "canary\nuntil \(Self.until)\n"])
    func `anything else beside it is an error that quotes nothing`(_ text: String) {
        let problems = load(previous: text).diagnostics.map(\.description)
        #expect(problems.count == 1 && problems[0].contains("a.secret.previous is none that"), "\(problems)")
        #expect(!problems.joined().contains("canary"))
    }

    @Test func `a secret that can't sign is an error`() {
        let problems = load(previous: "until \(Self.until)\nwhsec_canary\n").diagnostics.map(\.description)
        #expect(problems.count == 1 && problems[0].contains("NAME.previous: a secret whsec_… must hold"), "\(problems)")
    }

    @Test func `the form comes back as it was written`() {
        let secrets = (1...3).map { number in
            RetiringSecret(secret: Secret("secret-\(number)"), until: Timestamp(milliseconds: Int64(number) * 1_000))
        }
        #expect(RetiringSecrets.parse(RetiringSecrets.text(secrets)) == secrets)
        let many = (0...RetiringSecrets.most).map { _ in secrets[0] }
        #expect(RetiringSecrets.parse(RetiringSecrets.text(many)) == nil)
    }
}
