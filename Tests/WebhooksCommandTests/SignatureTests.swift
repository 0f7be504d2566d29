import Testing

@Suite struct SignatureTests {
    @Test(arguments: [[], ["--ed25519"]])
    func `what keygen makes signs and verifies`(kind: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let keys = try await sandbox.run(["keygen"] + kind).lines
        #expect(keys.count == kind.count + 1)
        try sandbox.write("crm.secret", keys[0] + "\n")
        let message = ["--id", "msg_1", "--timestamp", "1772357400", "--data", "-"]
        let signed = try await sandbox.run(["sign"] + message + ["--secret-file", "crm.secret"], input: "body")
        #expect(signed.status == 0)
        let signature = try #require(signed.lines.first)
        #expect(signature.hasPrefix(kind.isEmpty ? "v1," : "v1a,"))
        let key = ["KEY": kind.isEmpty ? keys[0] : keys[1]]
        let verify = ["verify"] + message + ["--secret-env", "KEY", "--signature"]
        let right = try await sandbox.run(verify + ["v1,AAAA \(signature)"], input: "body", environment: key)
        #expect(right.status == 0)
        let wrong = try await sandbox.run(verify + [signature], input: "body ", environment: key)
        #expect(wrong.status == 1)
    }

    @Test(arguments: [[], ["--ed25519"]])
    func `what keygen writes is a secret file`(kind: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let keys = try await sandbox.run(["keygen"] + kind)
        try sandbox.write("new.secret", keys.out)
        try sandbox.write(
            "w.yaml",
            "subscriptions: [{ name: a, url: 'https://x.example/', topics: ['**'], secrets: [{ file: new.secret }] }]\n"
        )
        #expect(try await sandbox.run("validate").status == 0)
        let rendered = try await sandbox.run("render", "a", "a.b", "--data", "1", "--id", "m", "--json")
        #expect(rendered.out.contains(kind.isEmpty ? "\"v1," : "\"v1a,"))
        let message = ["--id", "m", "--timestamp", "1", "--data", "x", "--secret-file", "new.secret"]
        let signed = try await sandbox.run(["sign"] + message)
        let signature = try #require(signed.lines.first)
        #expect(try await sandbox.run(["verify"] + message + ["--signature", signature]).status == 0)
    }

    @Test func `keygen makes keys and tokens that the server takes`() async throws {
        let sandbox = try CommandEnvironment()
        let key = try await sandbox.run("keygen", "--encryption")
        #expect(key.status == 0 && key.lines.count == 1)
        let token = try await sandbox.run("keygen", "--token")
        #expect(token.status == 0 && token.lines.count == 1)
        try sandbox.write("w.key", key.out)
        try sandbox.write("w.token", token.out)
        let server = "server: { tokens: [{ file: w.token }], encryptionKey: { file: w.key } }\n"
        try sandbox.write("w.yaml", server)
        let validated = try await sandbox.run("validate")
        #expect(validated.status == 0, "\(validated)")
        #expect(try await sandbox.run("keygen", "--encryption", "--token").status == 64)
    }

    @Test func `reseal says how much is sealed with which key`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("w.yaml", sandbox.configuration())
        #expect(try await sandbox.run("reseal").status == 69)
        try sandbox.write("w.key", try await sandbox.run("keygen", "--encryption").out)
        let server = "server: { tokens: [\(String(repeating: "t", count: 32))], encryptionKey: { file: w.key } }\n"
        try sandbox.write("w.yaml", sandbox.configuration(more: server))
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
        try sandbox.write("bare.yaml", sandbox.configuration())
        let bare = try await sandbox.run("reseal", "--config", "bare.yaml")
        #expect(bare.status == 0 && bare.out.contains("no sealed secrets"), "\(bare)")
        let done = try await sandbox.run("reseal", "--json")
        #expect(done.status == 0, "\(done.err)")
        let report = try JSONText(done.out)
        #expect(try report["left"].raw == "0")
        #expect(try report["key"].string?.count == 16)
        #expect(try await sandbox.run("reseal", "--dry-run").out.hasPrefix("0 subscriptions sealed with the first key"))
    }

    @Test func `the specification's example`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run(
            "sign",
            "--id",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "--timestamp",
            "1614265330",
            "--data",
            #"{"test": 2432232314}"#,
            "--secret",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        )
        #expect(done.status == 0)
        #expect(done.out == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n")
        #expect(done.err.hasPrefix("warning: "))
        #expect(!done.err.contains("whsec_"))
    }

    @Test func `mistakes with secrets`() async throws {
        let sandbox = try CommandEnvironment()
        let message = ["sign", "--id", "m", "--timestamp", "1", "--data", "x"]
        #expect(try await sandbox.run(message).status == 64)
        #expect(try await sandbox.run(message + ["--secret-env", "NOT_SET"]).status == 65)
        let wrong = try await sandbox.run(message + ["--secret-env", "KEY"], environment: ["KEY": "whsec_canary!"])
        #expect(wrong.status == 65)
        #expect(!wrong.err.contains("canary"))
    }
}
