import Foundation
import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks

/// `secrets rotate`.
@Suite struct RotationTests {
    private func sandbox(profile: String = "standard") throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment()
        let text = sandbox.configuration().replacing("\"\(CommandEnvironment.secret)\"", with: "{ file: crm.secret }")
        try sandbox.write("w.yaml", text.replacing("profile: standard", with: "profile: \(profile)"))
        try sandbox.write("crm.secret", CommandEnvironment.secret + "\n")
        return sandbox
    }

    private func text(_ name: String, _ sandbox: CommandEnvironment) throws -> String {
        try String(contentsOfFile: "\(sandbox.folder)/\(name)", encoding: .utf8)
    }

    private func mode(_ name: String, _ sandbox: CommandEnvironment) -> mode_t {
        var status = stat()
        return stat("\(sandbox.folder)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
    }

    private func signatures(_ request: ReceivedRequest) -> Int {
        request.header("webhook-signature")?.split(separator: " ").count ?? 0
    }

    /// Each would keep the other's new secret out, and a receiver that has been given it would refuse everything.
    @Test func `of two rotations at once, one does nothing`() async throws {
        let sandbox = try sandbox()
        let configuration = WebhookConfiguration.file("\(sandbox.folder)/w.yaml")
        let first = try SecretRotation(configuration, subscription: "crm")
        let second = try SecretRotation(configuration, subscription: "crm")
        _ = try first.rotate(grace: .seconds(60))
        let rotated = try text("crm.secret", sandbox)
        #expect(throws: WebhooksError.self) { try second.rotate(grace: .seconds(60)) }
        #expect(try text("crm.secret", sandbox) == rotated)
        _ = try SecretRotation(configuration, subscription: "crm").rotate(grace: .seconds(60))
        #expect(try text("crm.secret.previous", sandbox).contains(rotated))
    }

    @Test func `what a rotation that was killed has left is removed by the next one`() async throws {
        let sandbox = try sandbox()
        let leftovers = ["crm.secret.4711.partial", "crm.secret.previous.4711.partial"]
        let others = ["crm.secret.partial", "crm.secret.x1.partial", "lms.secret.4711.partial"]
        for name in leftovers + others { try sandbox.write(name, "x") }
        #expect(try await sandbox.run("secrets", "rotate", "crm").status == 0)
        #expect(leftovers.allSatisfy { mode($0, sandbox) == 0 })
        #expect(others.allSatisfy { mode($0, sandbox) != 0 })
    }

    @Test func `both secrets sign beside a running dispatcher, and the old one no longer than its grace`() async throws
    {
        let sandbox = try sandbox()
        let run = try Background(["run"], in: sandbox)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        let done = try await sandbox.run("secrets", "rotate", "crm", "--grace", "2h")
        #expect(done.status == 0, "\(done.err)")
        #expect(
            done.out.hasPrefix("crm signs with a new secret, in crm.secret; the old one signs too until 20"),
            "\(done.out)"
        )
        #expect(await run.line(containing: "configuration reloaded", on: .error)?.contains("changed=crm") == true)
        let new = try text("crm.secret", sandbox).trimmingCharacters(in: .newlines)
        #expect(new.hasPrefix("whsec_") && new != CommandEnvironment.secret)
        #expect(try text("crm.secret.previous", sandbox).hasSuffix("Z\n\(CommandEnvironment.secret)\n"))
        #expect(mode("crm.secret", sandbox) == 0o600 && mode("crm.secret.previous", sandbox) == 0o600)
        #expect(!(done.out + done.err).contains("whsec_"))
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "both").status == 0)
        let both = try #require(sandbox.receiver.requests.first)
        #expect(signatures(both) == 2)
        // Either secret verifies it.
        for secret in ["crm.secret", "old.secret"] {
            if secret == "old.secret" { try sandbox.write(secret, CommandEnvironment.secret) }
            let verified = try await sandbox.run(
                [
                    "verify", "--id", "both", "--timestamp", both.header("webhook-timestamp") ?? "", "--signature",
                    both.header("webhook-signature") ?? "", "--secret-file", secret, "--data", "-",
                ],
                input: both.body.text
            )
            #expect(verified.status == 0, "\(secret): \(verified)")
        }
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
        // Once its time has come it signs nothing, whoever has written what.
        let past = "until 2020-01-01T00:00:00.000Z\n\(CommandEnvironment.secret)\n"
        try sandbox.write("crm.secret.previous", past)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "one").status == 0)
        #expect(signatures(sandbox.receiver.requests[1]) == 1)
    }

    @Test func `rotating again keeps what still signs, and no grace ends it`() async throws {
        let sandbox = try sandbox()
        for _ in 0..<2 { #expect(try await sandbox.run("secrets", "rotate", "crm").status == 0) }
        #expect(try text("crm.secret.previous", sandbox).split(separator: "\n").count == 4)
        let refused = try await sandbox.run("secrets", "rotate", "crm", "--grace", "0s")
        #expect(refused.status == 1 && refused.err.contains("stops signing at once"), "\(refused)")
        let json = try await sandbox.run("secrets", "rotate", "crm", "--grace", "0s", "--yes", "--json")
        #expect(try JSONText(json.out).keys == ["subscriptions", "file", "until", "publicKey"])
        #expect(try JSONText(json.out)["until"].raw == "null")
        #expect(try text("crm.secret.previous", sandbox).isEmpty)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        #expect(signatures(sandbox.receiver.requests[0]) == 1)
    }

    @Test func `a secret that is given is judged first, and nothing changes where it is refused`() async throws {
        let sandbox = try sandbox()
        try sandbox.write("new.secret", "canary\n")
        let bad = try await sandbox.run("secrets", "rotate", "crm", "--secret-file", "new.secret")
        #expect(
            bad.status == 1 && bad.err.contains("must begin with whsec_") && !bad.err.contains("canary"),
            "\(bad.err)"
        )
        let same = try await sandbox.run("secrets", "rotate", "crm", "--secret-file", "crm.secret")
        #expect(same.status == 1 && same.err.contains("signs already"))
        #expect(try text("crm.secret", sandbox) == CommandEnvironment.secret + "\n")
        #expect(access("\(sandbox.folder)/crm.secret.previous", F_OK) != 0)
        let key = try await sandbox.run("keygen", "--ed25519")
        try sandbox.write("new.secret", key.out)
        #expect(try await sandbox.run("secrets", "rotate", "crm", "--secret-file", "new.secret").status == 0)
        let again = try await sandbox.run("secrets", "rotate", "crm")
        #expect(again.out.contains("public key for receivers: whpk_") && !again.out.contains("whsk_"))
    }

    @Test func `what isn't ours to write is refused, with what to do`() async throws {
        let sandbox = try CommandEnvironment()
        let literal = try await sandbox.run("secrets", "rotate", "crm")
        #expect(literal.status == 1 && literal.err.contains("stands in the configuration itself"))
        let slip = try await sandbox.run("secrets", "rotate", "crmm")
        #expect(slip.status == 1 && slip.err.contains("did you mean crm?"))
        let none = try await sandbox.run("secrets", "rotate", "lms")
        #expect(none.status == 1 && none.err.contains("lms signs with no secret"))
        let own = sandbox.configuration().replacing("\"\(CommandEnvironment.secret)\"", with: "{ env: CRM }")
        try sandbox.write("w.yaml", own)
        let variable = try await sandbox.run(
            ["secrets", "rotate", "crm"],
            environment: ["CRM": CommandEnvironment.secret]
        )
        #expect(variable.status == 1 && variable.err.contains("the environment variable CRM"))
        try sandbox.write("w.yaml", own.replacing("{ env: CRM }", with: "{ file: link.secret }"))
        try sandbox.write("crm.secret", CommandEnvironment.secret)
        try #require(symlink("crm.secret", "\(sandbox.folder)/link.secret") == 0)
        let link = try await sandbox.run("secrets", "rotate", "crm")
        #expect(link.status == 1 && link.err.contains("link.secret is no plain file"), "\(link.err)")
    }

    @Test func `a header of one signature signs with the new secret alone`() async throws {
        let sandbox = try sandbox(profile: "thinkific")
        try sandbox.write("w.yaml", try text("w.yaml", sandbox).replacing("http://", with: "http://"))
        let refused = try await sandbox.run("secrets", "rotate", "crm")
        #expect(refused.status == 1 && refused.err.contains("a request carries one signature alone"), "\(refused)")
        let done = try await sandbox.run("secrets", "rotate", "crm", "--yes")
        #expect(done.status == 0 && done.out.contains("the old one signs nothing any more"), "\(done)")
    }
}
