import Foundation
import Glibc
import Testing
import WebhookCore

/// `init`, `doctor` and `schema`.
@Suite struct SetupTests {
    private let none = ["WEBHOOKS_CONFIG": ""]

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    // MARK: init

    @Test(arguments: ["standard", "braincert", "fermion", "fellow", "thinkific", "woocommerce", "slack", "lms"])
    func `what init writes is valid and delivers`(profile: String) async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run(
            ["init", "--profile", profile, "--url", sandbox.receiver.url + "/hook", "--yes", "--allow-private"],
            environment: none
        )
        #expect(done.status == 0, "\(done.err)")
        let yaml = try text("\(sandbox.folder)/config/webhooks.yaml")
        #expect(yaml.contains("# ") && yaml.contains("profile: \(profile)"))
        let checked = try await sandbox.run(["validate"], environment: none)
        #expect(checked.status == 0 && !checked.out.contains("warning"), "\(checked.out)\(checked.err)")
        // What it tells to do next.
        for line in done.lines where line.hasPrefix("next   webhooks ") {
            let words = line.dropFirst("next   webhooks ".count).split(separator: " ").map(String.init)
            let next = try await sandbox.run(words, environment: none)
            #expect(next.status == 0, "\(line): \(next.out)\(next.err)")
        }
        #expect(sandbox.receiver.requestCount == 1)
    }

    @Test func `init keeps a secret to its owner, and overwrites nothing`() async throws {
        let sandbox = try CommandEnvironment()
        #expect(try await sandbox.run(["init", "--yes"], environment: none).status == 0)
        let folder = "\(sandbox.folder)/config"
        let secret = "\(folder)/secrets/standard.secret"
        #expect(mode(secret) == 0o600 && mode("\(folder)/secrets") == 0o700)
        let value = try text(secret).trimmingCharacters(in: .newlines)
        #expect(value.hasPrefix("whsec_"))
        #expect(!(try text("\(folder)/webhooks.yaml")).contains(value))
        let again = try await sandbox.run(["init", "--yes"], environment: none)
        #expect(again.status == 1 && again.err.contains("config/webhooks.yaml is there already; --force overwrites it"))
        #expect(try text(secret).contains(value))
        #expect(try await sandbox.run(["init", "--yes", "--force"], environment: none).status == 0)
        #expect(try text(secret).contains(value) && mode(secret) == 0o600, "receivers know it")
        let given = ["init", "--yes", "--force", "--secret-env", "NEW"]
        #expect(try await sandbox.run(given, environment: none).status == 0)
        let left = try FileManager.default.subpathsOfDirectory(atPath: folder)
        #expect(Set(left) == ["webhooks.yaml", "example.json", "secrets", "secrets/standard.secret"])
    }

    @Test func `a secret from elsewhere stays there`() async throws {
        let sandbox = try CommandEnvironment()
        let variable = try await sandbox.run(
            ["init", "env", "--url", "https://crm.example.com/hooks", "--secret-env", "CRM_SECRET", "--json"],
            environment: none
        )
        #expect(variable.status == 0, "\(variable.err)")
        #expect(try JSONText(variable.out)["files"].count == 2)
        let next = try JSONText(variable.out)["next"]
        #expect(try next.count == 3 && next[0].string?.hasPrefix("set CRM_SECRET to the signing secret") == true)
        let made = try await sandbox.run(
            ["init", "made", "--url", "https://crm.example.com/hooks", "--yes"],
            environment: none
        )
        let step = "next   give the receiver the secret in made/secrets/standard.secret\n"
        #expect(made.out.contains(step), "\(made.out)")
        let local = try await sandbox.run(["init", "local", "--yes"], environment: none)
        #expect(local.out.contains("the receiver: webhooks listen --config local/webhooks.yaml\n"), "\(local.out)")
        let config = ["--config", "env/webhooks.yaml"]
        #expect(try await sandbox.run(["validate"] + config, environment: none).status == 65)
        let set = ["CRM_SECRET": CommandEnvironment.secret, "WEBHOOKS_CONFIG": ""]
        #expect(try await sandbox.run(["validate"] + config, environment: set).status == 0)
        // Nothing was let through that is public and encrypted.
        #expect(try text("\(sandbox.folder)/env/webhooks.yaml").contains("# allow:"))
        try sandbox.write("own.secret", CommandEnvironment.secret)
        let file = try await sandbox.run(
            ["init", "file", "--secret-file", "own.secret", "--name", "crm"],
            environment: none
        )
        #expect(file.status == 0)
        #expect(try await sandbox.run("validate", "--config", "file/webhooks.yaml").status == 0)
        let broken = try await sandbox.run(
            ["init", "x", "--url", "ftp://crm.example.com/", "--yes"],
            environment: none
        )
        #expect(broken.status == 65 && access("\(sandbox.folder)/x", F_OK) != 0)
        let slip = try await sandbox.run(["init", "x", "--profile", "fermoin", "--yes"], environment: none)
        #expect(slip.status == 65 && slip.err.contains("did you mean fermion?"))
    }

    @Test func `init asks on a terminal, and shows no secret`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.runOnTerminal(
            ["init"],
            columns: 100,
            input: "fermion\nhttps://crm.example.com/hooks\nan-own-secret-of-mine\n",
            environment: ["NO_COLOR": "1", "WEBHOOKS_CONFIG": ""]
        )
        #expect(done.status == 0, "\(done.out)")
        #expect(done.out.contains("Platform (") && done.out.contains("URL of the receiver [http://127.0.0.1:8787/]: "))
        #expect(try text("\(sandbox.folder)/config/secrets/fermion.secret") == "an-own-secret-of-mine\n")
        #expect(try await sandbox.run(["validate"], environment: none).status == 0)
    }

    @Test func `init refuses a folder that has a configuration before it asks`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("webhooks.yaml", "")
        let done = try await sandbox.runOnTerminal(["init", "."], columns: 80, environment: [:])
        #expect(done.status == 1 && done.out.contains("is there already"), "\(done.out)")
        #expect(!done.out.contains("Platform"), "\(done.out)")
    }

    @Test func `init asks again for a secret that can't be one`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.runOnTerminal(
            ["init"],
            columns: 100,
            input: "standard\nhttps://crm.example.com/hooks\nno-secret\n\(CommandEnvironment.secret)\n",
            environment: ["NO_COLOR": "1", "WEBHOOKS_CONFIG": ""]
        )
        #expect(done.status == 0 && done.out.contains("must begin with whsec_"), "\(done.out)")
        #expect(try text("\(sandbox.folder)/config/secrets/standard.secret") == CommandEnvironment.secret + "\n")
    }

    @Test func `init opens the egress guard for nobody who doesn't say so`() async throws {
        let sandbox = try CommandEnvironment()
        for url in ["http://10.0.0.5/hook", "https://[fd00::1]/", "https://169.254.169.254/"] {
            let refused = try await sandbox.run(["init", "x", "--url", url, "--yes"], environment: none)
            #expect(
                refused.status == 1 && refused.err.contains("out of reach unless `egress.allow` lists it"),
                "\(url)"
            )
            #expect(refused.err.contains("--allow-private") && access("\(sandbox.folder)/x", F_OK) != 0)
        }
        // A platform that wants HTTPS.
        let plain = ["init", "x", "--profile", "thinkific", "--url", "http://crm.example.com/", "--yes"]
        #expect(try await sandbox.run(plain, environment: none).err.contains("go there unencrypted"))
        let done = try await sandbox.run(
            ["init", "x", "--url", "http://10.0.0.5:8080/hook", "--allow-private", "--json"],
            environment: none
        )
        #expect(done.status == 0 && done.err.contains("opens the egress guard") && done.err.contains("10.0.0.5:8080"))
        #expect(try JSONText(done.out)["egressAllow"].raw == #"["10.0.0.5:8080"]"#)
        // The standard URL is this machine's own receiver: said, not asked.
        let own = try await sandbox.run(["init", "own", "--yes"], environment: none)
        #expect(own.status == 0 && own.err.contains(#"egress: { allow: ["127.0.0.1:8787"] }"#), "\(own.err)")
    }

    @Test(arguments: ["y", "n"])
    func `init asks before it lists a private address`(answer: String) async throws {
        let sandbox = try CommandEnvironment()
        let asked = try await sandbox.runOnTerminal(
            ["init", "--profile", "standard", "--url", "http://10.0.0.5/hook"],
            columns: 200,
            input: "\n\(answer)\n",
            environment: ["NO_COLOR": "1", "WEBHOOKS_CONFIG": ""]
        )
        #expect(asked.out.contains("10.0.0.5 is ") && asked.out.contains("List it? [y/N]"), "\(asked.out)")
        #expect(asked.status == (answer == "y" ? 0 : 1))
        #expect(FileManager.default.fileExists(atPath: "\(sandbox.folder)/config/webhooks.yaml") == (answer == "y"))
    }

    @Test func `who ends the dialogue of init has written nothing`() async throws {
        let sandbox = try CommandEnvironment()
        for input in ["\u{4}", "fermion\n\u{4}"] {
            let done = try await sandbox.runOnTerminal(
                ["init"],
                columns: 100,
                input: input,
                environment: ["WEBHOOKS_CONFIG": ""]
            )
            #expect(done.status == 1 && done.out.contains("nothing was done"), "\(done.out)")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/config/secrets"))
        #expect(try await sandbox.run(["init", "", "--yes"], environment: none).status == 64)
    }

    // MARK: schema

    @Test func `the schema is one document`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run("schema")
        #expect(done.status == 0)
        let schema = try JSONText(done.out)
        #expect(try schema["$schema"].string == "https://json-schema.org/draft/2020-12/schema")
        #expect(try schema["properties"]["subscriptions"]["items"]["required"].count == 3)
    }

    @Test func `notes and a schema's name are read over`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write(
            "w.yaml",
            "$schema: s.json\nx-note: { a: [1] }\n" + sandbox.configuration(more: "    x-on-call: ops\n")
        )
        #expect(try await sandbox.run("validate").status == 0)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--detach").err.contains("warning") == false)
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ x-note: 1 }"))
        #expect(try await sandbox.run("validate").status == 65)
    }

    // MARK: doctor

    private func codes(_ done: Finished, _ severity: String) throws -> [String] {
        try (JSONText(done.out)["findings"].value.array ?? []).map { JSONText($0) }
            .filter { try $0["severity"].string == severity }.map { try $0["code"].string ?? "" }
    }

    @Test func `doctor says what to do`() async throws {
        let sandbox = try CommandEnvironment()
        let fresh = try await sandbox.run("doctor", "--json")
        #expect(fresh.status == 0, "\(fresh.out)")
        let finding = try JSONText(fresh.out)["findings"][0]
        #expect(finding.keys == ["area", "code", "severity", "message", "hint"])
        #expect(try codes(fresh, "ok").contains("no_store") && codes(fresh, "error") == [])
        _ = try await sandbox.run("emit", "x.y", "--data", "1")
        let done = try await sandbox.run("doctor")
        #expect(done.status == 0)
        #expect(done.out.contains("store: no dispatcher runs on "))
        #expect(done.out.contains("start one: `webhooks run` or `serve`"))
        // Others may read the store.
        chmod("\(sandbox.folder)/w.sqlite", 0o644)
        let open = try await sandbox.run("doctor", "--json")
        #expect(try open.status == 0 && codes(open, "warning").contains("rights"))
        // A name that can't be, and a configuration that can't.
        try sandbox.write(
            "w.yaml",
            sandbox.configuration().replacing(sandbox.receiver.url + "/lms", with: "https://nowhere.invalid/")
        )
        let names = try await sandbox.run("doctor", "--json")
        #expect(try names.status == 1 && codes(names, "error").contains { $0.hasPrefix("dns") })
        try sandbox.write("w.yaml", sandbox.configuration(more: "    colour: red\n"))
        let invalid = try await sandbox.run("doctor", "--json")
        #expect(try invalid.status == 1 && codes(invalid, "error") == ["invalid"])
        #expect(try await sandbox.run("doctor", "--config", "missing.yaml", "--json").status == 1)
    }

    @Test func `doctor misses a store that was there`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "x.y", "--data", "1", "--detach")
        try FileManager.default.removeItem(atPath: "\(sandbox.folder)/w.sqlite")
        let done = try await sandbox.run("doctor")
        #expect(done.status == 1 && done.out.contains("a store was here"), "\(done.out)")
    }

    @Test func `doctor looks at certificates`() async throws {
        let sandbox = try CommandEnvironment()
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout client.key"
        func certificate(_ days: String) throws {
            // In two steps: `req` makes none that has ended.
            let sign = "openssl x509 -req -in client.csr -signkey client.key -days \(days) -out client.pem"
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c",
                "cd \(sandbox.folder) && (openssl req -new \(key) -out client.csr && \(sign)) 2>/dev/null && chmod 600 client.*",
            ]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        let tls = "    tls: { certificate: client.pem, key: { file: client.key } }\n"
        let base = sandbox.configuration().replacing("\(sandbox.receiver.url)/lms", with: "https://127.0.0.1/")
        try sandbox.write("w.yaml", base + tls)
        try certificate("365")
        let valid = try await sandbox.run("doctor", "--json")
        #expect(try valid.status == 0 && codes(valid, "ok").contains("valid"), "\(valid.out)")
        try certificate("3")
        #expect(try codes(try await sandbox.run("doctor", "--json"), "warning").contains("expires_soon"))
        try certificate("-1")
        let expired = try await sandbox.run("doctor", "--json")
        #expect(try expired.status == 1 && codes(expired, "error") == ["expired"], "\(expired.out)")
    }
}
