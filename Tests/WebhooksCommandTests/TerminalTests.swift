import Testing
import WebhookCore
import WebhookReceiver

/// What is different on a terminal.
@Suite struct TerminalTests {
    private static let evil = "\u{1B}[2J\u{9B}31m\u{202E}"

    /// A subscription whose body puts the data in as it is.
    private func sandbox() async throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment()
        let data = #"{"name":"\#(Self.evil.dropFirst())"}"#
        #expect(try await sandbox.run("emit", "a.b", "--data", data, "--id", "one").status == 0)
        return sandbox
    }

    @Test func `what is rendered or exported acts on no terminal, and is left as it is elsewhere`() async throws {
        let sandbox = try await sandbox()
        let data = #"{"name":"\#(Self.evil.dropFirst())"}"#
        let render = ["render", "crm", "a.b", "--data", data, "--id", "one"]
        let commands = [
            render, render + ["--body-only"], ["export", "--format", "csv"], ["export", "--format", "jsonl"],
            ["events", "show", "one", "--data"],
        ]
        for command in commands {
            let shown = try await sandbox.runOnTerminal(command, columns: 100, environment: ["NO_COLOR": "1"])
            #expect(shown.status == 0)
            let unsafe: Set<Unicode.Scalar> = ["\u{1B}", "\u{9B}", "\u{202E}"]
            #expect(unsafe.isDisjoint(with: shown.out.unicodeScalars), "\(command)")
            #expect(shown.out.contains("9b") && shown.out.contains("202e"), "\(command): \(shown.out)")
        }
        for command in [commands[0], commands[1], commands[2], commands[4]] {
            #expect(try await sandbox.run(command).out.contains("\u{9B}31m\u{202E}"), "\(command)")
        }
    }

    /// A name that looks like another's shows what is different.
    @Test func `what nobody sees is shown`() async throws {
        let sandbox = try CommandEnvironment()
        let tenant = "sch\u{AD}ool\u{200B}\u{3164}\u{FE0F} 👩\u{200D}💻 ❤\u{FE0F}"
        #expect(try await sandbox.run("emit", "a.b", "--data", "1", "--id", "one", "--tenant", tenant).status == 0)
        for command in [["events", "list"], ["events", "show", "one"]] {
            let shown = try await sandbox.runOnTerminal(command, columns: 200, environment: ["NO_COLOR": "1"])
            let expected = #"sch\u{ad}ool\u{200b}\u{3164}\u{fe0f} "# + "👩\u{200D}💻 ❤\u{FE0F}"
            #expect(shown.out.contains(expected), "\(command): \(shown.out)")
        }
    }

    @Test func `tables fit the terminal, and are whole elsewhere`() async throws {
        let sandbox = try CommandEnvironment()
        let name = String(repeating: "n", count: 60)
        let entry = """
              - name: \(name)
                url: \(sandbox.receiver.url)/long
                topics: ["**"]
                secrets: ["\(CommandEnvironment.secret)"]

            """
        try sandbox.write("w.yaml", sandbox.configuration(more: entry))
        let id = String(repeating: "e", count: 126)
        #expect(try await sandbox.run("emit", "a.b", "--data", "1", "--id", id, "--tenant", "school").status == 0)
        let commands = [
            ["events", "list"], ["deliveries", "list"], ["validate"], ["stats"],
            ["subscriptions"], ["emit", "a.b", "--data", "1", "--id", id, "--tenant", "school"],
        ]
        for command in commands {
            // Numbers are never cut: those of `stats` need more than 40.
            for columns in command == ["stats"] ? [60, 80] : [40, 60, 80] {
                let shown = try await sandbox.runOnTerminal(command, columns: columns, environment: ["NO_COLOR": "1"])
                // A row of a table has a gap; the line about the event above it may be longer.
                let rows = shown.out.split(whereSeparator: \.isNewline).filter {
                    $0.contains("  ") && !$0.hasPrefix(id)
                }
                #expect(rows.allSatisfy { $0.count <= columns }, "\(command), \(columns): \(shown.out)")
            }
            #expect(!(try await sandbox.run(command)).out.contains("…"), "\(command)")
        }
    }

    @Test func `prune asks before it deletes what the retention keeps`() async throws {
        let sandbox = try await sandbox()
        let all = ["prune", "--older-than", "0s"]
        let plain = ["NO_COLOR": "1"]
        let no = try await sandbox.runOnTerminal(all, columns: 200, input: "n\n", environment: plain)
        #expect(no.status == 1)
        #expect(no.out.contains("all that has settled would be deleted"))
        #expect(no.out.contains("Delete it? [y/N]"))
        #expect(try await sandbox.run("deliveries", "list", "--json").lines.count == 1)
        // What the retention would delete as well is not asked about.
        let old = try await sandbox.runOnTerminal(
            ["prune", "--older-than", "60d"],
            columns: 200,
            environment: plain
        )
        #expect(old.status == 0 && !old.out.contains("[y/N]"))
        let yes = try await sandbox.runOnTerminal(all, columns: 200, input: "y\n", environment: plain)
        #expect(yes.status == 0 && yes.out.contains("deleted 1 event, 1 delivery, 1 attempt"))
    }
}
