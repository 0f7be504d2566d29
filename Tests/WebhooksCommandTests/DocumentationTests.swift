import Testing

/// What the documents show is what the binary does.
@Suite struct DocumentationTests {
    @Test func `every console block of the README, and every command of its table`() throws {
        let readme = try Documentation.text("README.md")
        let tour = try Tour()
        var listener: Tour.Listener?
        let steps = Documentation.blocks("console", in: readme).flatMap(Documentation.steps)
        #expect(steps.count >= 5)
        for step in steps {
            let output: String
            if step.command.hasPrefix("webhooks listen") {
                let started = try tour.listen(step.command)
                (listener, output) = (started, started.firstLine)
            } else {
                output = try tour.shell(step.command).output
            }
            let printed = Documentation.normalized(output, port: tour.port)
            #expect(Documentation.matches(printed, step.output), "\(step.command) prints\n\(printed)")
        }
        let commands = readme.matches(of: /`(webhooks (?!run|help)[a-z][^`]*)`/).map { String($0.output.1) }
            .filter { $0.contains(/^webhooks (topics|test|emit|cancel|stats|deliveries|retrigger)/) }
        #expect(commands.count >= 5)
        for command in commands where !command.contains(/[A-Z]{3}|…/) {
            let done = try tour.shell(command)
            #expect(done.status == 0, "\(command) exits \(done.status)\n\(done.output)")
        }
        #expect(listener?.stop().isEmpty == false)
    }

    @Test func `the commands that other documents tell to run`() throws {
        let tour = try Tour()
        try tour.write("templates/.keep", "")
        let listener = try tour.listen("webhooks listen")
        // Pages with tests of their own aside.
        for document in try Documentation.documents() where !["README.md", "docs/operations.md"].contains(document) {
            let blocks = ["sh", "console", "bash"].flatMap {
                Documentation.blocks($0, in: (try? Documentation.text(document)) ?? "")
            }
            var environment: [String: String] = [:]
            for line in blocks.joined() {
                if let setting = line.wholeMatch(of: /\$ export ([A-Z_]+)=(.*)/) {
                    environment[String(setting.output.1)] = String(setting.output.2)
                }
                guard line.hasPrefix("webhooks ") || line.hasPrefix("$ webhooks ") else { continue }
                let command = line.hasPrefix("$ ") ? String(line.dropFirst(2)) : line
                let done = try tour.shell(command, environment: environment)
                #expect(done.status == 0, "\(document): \(command) exits \(done.status)\n\(done.output)")
            }
        }
        _ = listener.stop()
    }

    @Test func `every configuration block is valid with the files it names`() throws {
        var count = 0
        for document in try Documentation.documents() {
            for block in Documentation.blocks("yaml", in: try Documentation.text(document)) {
                guard block.contains(where: { $0.hasPrefix("subscriptions:") }) else { continue }
                count += 1
                let tour = try Tour()
                try tour.write("config/own.yaml", block.joined(separator: "\n"))
                try tour.write("config/crm.secret", CommandEnvironment.secret)
                let shipped = try Documentation.text("config/bodies/crm.json.mustache")
                try tour.write("config/bodies/crm.json.mustache", shipped)
                try tour.write("templates/.keep", "")
                let key = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 2"
                let made = try tour.shell(
                    "cd config && \(key) -keyout client.key -out client.pem && cp client.pem ca.pem && chmod 600 *.key *.secret"
                )
                #expect(made.status == 0, "\(made.output)")
                let environment = ["CRM_PASSWORD": "0123456789abcdef0123", "CRM_KEY": "0123456789abcdef0123"]
                let done = try tour.shell("webhooks validate --config config/own.yaml", environment: environment)
                #expect(done.status == 0, "\(document)\n\(done.output)")
                #expect(!done.output.contains("warning"), "\(document)\n\(done.output)")
            }
        }
        #expect(count >= 1)
    }

    @Test func `the first round of the help ends in a valid signature`() throws {
        let tour = try Tour()
        let examples = Documentation.examples(inHelp: try tour.shell("webhooks --help").output)
        #expect(examples.count >= 4)
        var listener: Tour.Listener?
        var last = ""
        for command in examples {
            if command.hasPrefix("webhooks listen") {
                listener = try tour.listen(command)
                continue
            }
            let done = try tour.shell(command)
            #expect(done.status == 0, "\(command) exits \(done.status)\n\(done.output)")
            last = done.output
        }
        #expect(last.contains("delivered"))
        let received = try #require(listener).stop()
        #expect(received.contains("signature: valid"))
        #expect(!received.contains("signature: invalid") && !received.contains("signature: missing"), "\(received)")
    }

    @Test func `every example of every help text is a command`() throws {
        let tour = try Tour()
        let course = #"{"course":{"id":"101","name":"Statistics","slug":"statistics"}}"#
        for name in ["payment.json", "d.json", "b.json", "body.json"] { try tour.write(name, course) }
        try tour.write("s", CommandEnvironment.secret)
        try tour.write("new.secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        try tour.write("config/new.yaml", try Documentation.text("config/webhooks.yaml"))
        let listener = try tour.listen("webhooks listen")
        #expect(try tour.shell("webhooks emit course.created --example").status == 0)
        let help = try tour.shell("webhooks --help").output
        var commands = help.matches(of: /\n  ([a-z]+) {2,}[A-Z]/).map { String($0.output.1) }
        #expect(commands.count >= 20)
        commands += ["topics list", "topics show", "events list", "events show", "deliveries list", "deliveries show"]
        commands += ["subscriptions list", "subscriptions show", "secrets rotate", "store copy"]
        var count = 0
        for command in commands {
            for example in Documentation.examples(inHelp: try tour.shell("webhooks \(command) --help").output) {
                // What goes on until it is stopped, and what other programs do with the output.
                guard !example.contains(/webhooks (listen|run$|run --wait|run --listen|tail|serve|status --watch)/)
                else {
                    continue
                }
                let line = example.replacing(/\ \| jq .*$/, with: "")
                    .replacing(/^pg-export/, with: #"printf '{"topic":"course.created","data":1}\n'"#)
                let done = try tour.shell(line, environment: ["WEBHOOK_SECRET": CommandEnvironment.secret])
                // 1 is what an example with somebody else's ids comes to.
                #expect([0, 1].contains(done.status), "\(line) exits \(done.status)\n\(done.output)")
                count += 1
            }
        }
        #expect(count >= 25)
        _ = listener.stop()
    }
}
