import Testing

@Suite struct ValidateTests {
    /// Whose example a mapping can't be made of is a matter of the line it stands in.
    @Test func `warnings about a mapping have its place`() async throws {
        let sandbox = try CommandEnvironment()
        let mapped = """
              - name: p
                url: \(sandbox.receiver.url)/p
                topics: ["user.*"]
                profile: braincert
                payload:
                  "user.*": { who: "$data.nobody.id | text" }

            """
        let text = sandbox.configuration(more: mapped)
        try sandbox.write("w.yaml", text)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let index = lines.firstIndex { $0.contains("nobody") }
        let line = try #require(index) + 1
        let problems = try JSONText(try await sandbox.run("validate", "--json").out)["problems"]
        var found = 0
        for index in 0..<(problems.count ?? 0) {
            let problem = try problems[index]
            #expect(try problem["file"].string == "w.yaml" && problem["line"].raw == "\(line)", "\(problem)")
            found += try problem["message"].string?.contains("does not render") == true ? 1 : 0
        }
        #expect(found > 0)
    }

    @Test func `a body that uses what the generic example lacks is only warned of`() async throws {
        let sandbox = try CommandEnvironment()
        let entry = "  - { name: own, url: \"https://example.com/\", topics: [grade.released], body: own.json.mustache,"
        let more = entry + " secrets: [\"\(CommandEnvironment.secret)\"] }\n"
        try sandbox.write("w.yaml", sandbox.configuration(more: more))
        try sandbox.write("own.json.mustache", "{\"score\": {{{data.score}}}}")
        let valid = try await sandbox.run("validate")
        #expect(valid.status == 0 && valid.out.contains("the generic example does not render"), "\(valid)")
        let data = ["--data", "{\"score\":7}"]
        let rendered = try await sandbox.run(["render", "own", "grade.released"] + data)
        #expect(rendered.status == 0 && rendered.out.contains("{\"score\": 7}"), "\(rendered)")
        // What no data would mend stays an error.
        try sandbox.write("own.json.mustache", "{\"topic\": }")
        #expect(try await sandbox.run("validate").status == 65)
    }

    @Test func `lists subscriptions`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run("validate")
        #expect(done.status == 0)
        #expect(done.out.contains("crm") && done.out.contains("lms") && done.out.contains("valid"))
        let json = try await sandbox.run("validate", "--json")
        #expect(json.lines == [#"{"valid":true,"problems":[],"subscriptions":["crm","lms"]}"#])
    }

    @Test func `reports every problem by line and exits 65`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write(
            "w.yaml",
            """
            store: sqlite:w.sqlite
            colour: red
            subscriptions:
              - name: a
                url: http://10.0.0.1/x
                topics: [a.b]
                profile: nothing

            """
        )
        let done = try await sandbox.run("validate")
        #expect(done.status == 65)
        #expect(done.out.contains("w.yaml:2:1: "))
        #expect(done.out.contains("w.yaml:7:"))
        let json = try JSONText(try await sandbox.run("validate", "--json").out)
        #expect(json.keys == ["valid", "problems", "subscriptions"])
        #expect(try json["valid"].raw == "false")
        #expect(try json["problems"][0].keys == ["severity", "file", "line", "column", "message"])
        // Any other command says the same, on stderr, and sends nothing.
        let emit = try await sandbox.run("emit", "a.b", "--data", "1")
        #expect(emit.status == 65)
        #expect(emit.out == "")
        #expect(emit.err.contains("w.yaml:2:1: "))
    }

    @Test func `topics need no configuration`() async throws {
        let sandbox = try CommandEnvironment()
        let nowhere = ["WEBHOOKS_CONFIG": ""]
        let list = try await sandbox.run("topics", "list", "--profile", "braincert", "--json", environment: nowhere)
        #expect(list.status == 0)
        #expect(try JSONText(list.lines[0]).keys == ["topic", "profile", "title", "wire", "documented"])
        #expect(list.lines.allSatisfy { $0.contains(#""profile":"braincert""#) })
        let show = ["topics", "show", "user.created", "--profile", "braincert"]
        let text = try await sandbox.run(show, environment: nowhere)
        #expect(text.status == 0)
        #expect(text.out.contains("data.email"))
        let schema = try await sandbox.run(show + ["--schema"], environment: nowhere)
        #expect(try JSONText(schema.out)["$schema"].string != nil)
        let typeScript = try await sandbox.run(show + ["--typescript"], environment: nowhere)
        #expect(typeScript.out.contains("email: string"))
        #expect(try await sandbox.run("topics", "show", "Nothing", environment: nowhere).status == 65)
    }

    @Test func `help and version`() async throws {
        let sandbox = try CommandEnvironment()
        let commands = [
            "validate", "topics", "emit", "cancel", "render", "test", "run", "events", "deliveries", "retry",
            "retrigger",
            "export",
            "stats", "pause", "resume", "enable", "disable", "prune", "check", "listen", "keygen", "sign", "verify",
        ]
        let help = try await sandbox.run("--help")
        #expect(help.status == 0)
        for command in commands {
            #expect(help.out.contains("\n  \(command) "))
            let own = try await sandbox.run(command, "--help")
            #expect(own.status == 0)
            #expect(own.out.contains("USAGE: webhooks \(command)"))
        }
        let version = try await sandbox.run("--version").out
        #expect(version.contains(#/^[0-9]+\.[0-9]+\.[0-9]+ \(([0-9a-f]{12}(-dirty)?|unknown)\)\n$/#), "\(version)")
        #expect(try await sandbox.run("--generate-completion-script", "bash").out.contains("webhooks"))
    }
}
