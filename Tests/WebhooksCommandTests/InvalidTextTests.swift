import Testing

/// Bytes that are no UTF-8, wherever a text is expected: refused with their place, never replaced.
@Suite struct InvalidTextTests {
    private static let bad: [UInt8] = Array(#"{"a":"x"#.utf8) + [0xFF] + Array(#""}"#.utf8)

    private func run(_ sandbox: CommandEnvironment, _ arguments: [String], _ last: [UInt8]...) async throws -> Finished
    {
        try await sandbox.run(bytes: arguments.map { Array($0.utf8) } + last)
    }

    @Test func `in arguments`() async throws {
        let sandbox = try CommandEnvironment()
        let text = Array("ab".utf8) + [0xC3, 0x28]
        for (arguments, option) in [
            (["emit", "a.b", "--data"], "--data"), (["emit", "a.b", "--data", "1", "--id"], "--id"),
            (["emit", "a.b", "--data", "1", "--tenant"], "--tenant"), (["render", "crm", "a.b", "--data"], "--data"),
            (["validate", "--topic", "a.b", "--data"], "--data"), (["events", "list", "--tenant"], "--tenant"),
            (["sign", "--timestamp", "1", "--secret", CommandEnvironment.secret, "--id"], "--id"),
        ] {
            let done = try await run(sandbox, arguments, text)
            #expect(done.status == 65)
            #expect(
                done.err == "error: the value of \(option) is not well-formed UTF-8 at byte offset 2\n",
                "\(done.err)"
            )
            #expect(done.out == "")
        }
        let joined = try await run(sandbox, ["emit", "a.b"], Array("--data=".utf8) + Self.bad)
        #expect(joined.err == "error: the value of --data is not well-formed UTF-8 at byte offset 7\n")
        let topic = try await run(sandbox, ["emit", "--data", "1"], [], [0x80])
        #expect(topic.status == 65 && topic.err.contains("argument 5 is not well-formed UTF-8 at byte offset 0"))
        let json = try await run(sandbox, ["emit", "a.b", "--json", "--data"], Self.bad)
        #expect(try JSONText(json.err)["error"]["code"].string == "event")
        #expect(try await sandbox.run("events", "list").status == 69, "something was stored")
    }

    @Test func `in files, on stdin and in batches`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("bad.json", bytes: Self.bad)
        let reason = "not well-formed UTF-8 at byte offset 7"
        for arguments in [
            ["emit", "a.b", "--data", "@bad.json"], ["render", "crm", "a.b", "--data", "@bad.json"],
            ["validate", "--topic", "a.b", "--data", "@bad.json"],
        ] {
            let done = try await sandbox.run(arguments)
            #expect(done.status == 65)
            #expect(done.err.contains(reason), "\(done.err)")
        }
        let piped = try await sandbox.run(
            bytes: ["emit", "a.b", "--data", "-"].map { Array($0.utf8) },
            input: Self.bad
        )
        #expect(piped.status == 65 && piped.err.contains(reason))
        try sandbox.write("batch", bytes: Array(#"{"topic":"a.b","data":"#.utf8) + Self.bad + Array("}\n".utf8))
        let batch = try await sandbox.run("emit", "--batch", "batch")
        #expect(batch.status == 65)
        #expect(batch.err.contains("line 1: column 30: not well-formed UTF-8 at byte offset 29"), "\(batch.err)")
        #expect(try await sandbox.run("events", "list").status == 69, "something was stored")
    }

    @Test func `in templates, secrets and the configuration`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("b.json.mustache", bytes: Self.bad)
        let more = "    body: b.json.mustache\n"
        try sandbox.write("w.yaml", sandbox.configuration(more: more))
        let body = try await sandbox.run("validate")
        #expect(body.status == 65 && body.out.contains("b.json.mustache is not UTF-8 text"), "\(body.out)")
        try sandbox.write("w.yaml", bytes: Array("store: sqlite:".utf8) + [0xFF, 0x0A])
        let file = try await sandbox.run("validate")
        #expect(
            file.status == 65 && file.out.contains("w.yaml:1:15: the file is not well-formed UTF-8 here"),
            "\(file.out)"
        )
    }

    @Test func `what is signed are bytes`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("bad.json", bytes: Self.bad)
        let message = ["--id", "msg_1", "--timestamp", "1772357400", "--secret", CommandEnvironment.secret]
        let file = try await sandbox.run(["sign"] + message + ["--data", "@bad.json"])
        #expect(file.status == 0)
        let signature = String(file.out.dropLast())
        for (arguments, last) in [(["--data"], Self.bad), ([], Array("--data=".utf8) + Self.bad)] {
            let signed = try await run(sandbox, ["sign"] + message + arguments, last)
            #expect(signed.out == file.out)
            let verified = try await run(sandbox, ["verify", "--signature", signature] + message + arguments, last)
            #expect(verified.status == 0 && verified.out == "valid\n")
        }
        let other = try await sandbox.run(["sign"] + message + ["--data", String(decoding: Self.bad, as: UTF8.self)])
        #expect(other.status == 0 && other.out != file.out)
    }
}
