import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// What `emit` says of an event that nobody gets, and of one that waits.
@Suite struct MatchingTests {
    private func sandbox() throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment()
        let url = sandbox.receiver.url
        try sandbox.write(
            "w.yaml",
            """
            store: sqlite:w.sqlite
            profile: braincert
            egress: { allow: ["127.0.0.0/8"] }
            subscriptions:
              - { name: crm, url: "\(url)/crm", payload: { "**": $data }, schema: off, topics: [course.*], tenant: school-42 }
              - { name: lms, url: "\(url)/lms", payload: { "**": $data }, schema: off, topics: [user.created], filter: { data.total: { gte: 100 } } }
              - { name: off, url: "\(url)/off", payload: { "**": $data }, schema: off, topics: [sale.created], enabled: false }

            """
        )
        return sandbox
    }

    @Test(arguments: [
        (["corse.created", "--tenant", "school-42"], "crm", "topic", "did you mean course.created?"),
        (["corse.created"], "crm", "tenant", "did you mean course.created?"),
        (["course.created"], "crm", "tenant", "this one has no tenant"),
        (["course.created", "--tenant", "shcool-42"], "crm", "tenant", "did you mean school-42?"),
        (["course.craeted", "--tenant", "school-42"], "crm", "profile", "did you mean course.created?"),
        (["user.created"], "lms", "filter", "data.total: { gte: 100 }; this event has 5"),
        (["sale.created"], "off", "enabled", "enabled: false"),
    ])
    func `says who almost got an event and why not`(
        arguments: [String],
        subscription: String,
        reason: String,
        text: String
    ) async throws {
        let sandbox = try sandbox()
        let command = ["emit"] + arguments + ["--data", #"{"total":5}"#]
        let done = try await sandbox.run(command)
        #expect(done.status == 0)
        #expect(done.out.contains("nobody subscribes to it"))
        #expect(done.out.contains("not to \(subscription): ") && done.out.contains(text), "\(done.out)")
        let strict = try await sandbox.run(command + ["--require-match", "--json"])
        #expect(strict.status == 1)
        let miss = try JSONText(strict.out)["nearMisses"][0]
        #expect(miss.keys == ["subscription", "reason", "message"])
        #expect(try miss["subscription"].string == subscription)
        #expect(try miss["reason"].string == reason)
        #expect(try JSONText(strict.err)["error"]["code"].string == "no_match")
        #expect(try await sandbox.run("events", "list", "--json").lines.count == 2)
    }

    @Test func `a topic that is nobody's is no near miss, one that a profile knows is suggested`() async throws {
        let sandbox = try sandbox()
        let nothing = try await sandbox.run("emit", "zzz.yyy", "--data", "1")
        #expect(nothing.out.split(separator: "\n").count == 1)
        let other = try await sandbox.run("emit", "payment.faild", "--data", "1")
        #expect(other.out.contains("did you mean payment.failed?"))
    }

    @Test func `a topic below a pattern for any number of segments is no riddle either`() async throws {
        let sandbox = try CommandEnvironment()
        let topics = sandbox.configuration().replacing("[\"**\"]", with: "[billing.**]")
        try sandbox.write("w.yaml", topics.replacing("[x.y]", with: "[billing.**]"))
        let emit = try await sandbox.run("emit", "biling.invoice.paid", "--data", "1")
        #expect(emit.out.contains("did you mean billing.invoice.paid?"), "\(emit.out)")
        let list = try await sandbox.run("events", "list", "--topic", "biling.invoice.void")
        #expect(list.status == 1 && list.err.contains("did you mean billing.invoice.void?"), "\(list.err)")
        #expect(try await sandbox.run("emit", "billing.invoice.paid", "--data", "1").status == 0)
    }

    @Test func `--require-match is silent where somebody gets it, and looks before a detached one is matched`()
        async throws
    {
        let sandbox = try CommandEnvironment()
        #expect(try await sandbox.run("emit", "a.b", "--data", "1", "--require-match").status == 0)
        #expect(try await sandbox.run("emit", "a.b", "--data", "1", "--require-match", "--detach").status == 0)
        let strict = try self.sandbox()
        let done = try await strict.run("emit", "zzz.yyy", "--data", "1", "--require-match", "--detach")
        #expect(done.status == 1)
        #expect(try await strict.run("events", "list", "--json").lines.count == 1)
        let batch = #"{"topic":"zzz.yyy","data":1}"# + "\n"
        #expect(
            try await strict.run("emit", "--batch", "-", input: batch).out == "1 event stored, 1 with no subscriber\n"
        )
        #expect(try await strict.run("emit", "--batch", "-", "--require-match", input: batch).status == 1)
    }

    @Test func `an event that nobody has matched yet waits`() async throws {
        let sandbox = try sandbox()
        let alone = try await sandbox.run("emit", "zzz.yyy", "--data", "1", "--detach")
        #expect(alone.out.contains("waits for a dispatcher; none runs"))
        let json = try await sandbox.run("emit", "zzz.yyy", "--data", "1", "--detach", "--json")
        #expect(try JSONText(json.out)["waiting"].raw == #"{"for":"dispatcher","processID":null}"#)
        let first = try #require(try JSONText(json.out)["event"]["id"].string)
        #expect(
            try await sandbox.run("events", "show", first).out.hasSuffix(
                "no deliveries yet: it waits for a dispatcher; none runs\n"
            )
        )
        let later = try await sandbox.run("emit", "zzz.yyy", "--data", "1", "--in", "1h", "--id", "later", "--json")
        #expect(try JSONText(later.out)["waiting"]["for"].string == "time")
        _ = try await sandbox.run("cancel", "later")
        let again = try await sandbox.run("emit", "zzz.yyy", "--data", "1", "--in", "1h", "--id", "later")
        #expect(again.out.contains("stored before; it was cancelled then, and is not sent: emit it with another id"))

        // A dispatcher that never gets to anything.
        let id = getpid()
        let lock = try Self.hold("\(sandbox.folder)/w.sqlite.lock")
        let emit = ["emit", "user.created", "--data", #"{"total":500}"#, "--id", "slow", "--wait", "10ms"]
        let waiting = try await sandbox.run(emit)
        #expect(waiting.status == 1)
        #expect(waiting.out.contains("waits for the dispatcher, process \(id)"))
        let detached = try await sandbox.run(emit + ["--detach", "--json"])
        #expect(try JSONText(detached.out)["waiting"].raw == #"{"for":"dispatcher","processID":\#(id)}"#)
        let batch = #"{"topic":"user.created","data":{"total":500}}"# + "\n"
        let many = try await sandbox.run("emit", "--batch", "-", "--wait", "10ms", input: batch)
        #expect(many.out == "1 event stored, 1 waiting for a dispatcher\n")
        close(lock)
        #expect(try await sandbox.run("run", "--until-idle").status == 0)
        #expect(sandbox.receiver.requestCount == 2)
        // What is delivered by now is not said to wait.
        let delivered = try await sandbox.run(emit + ["--detach"])
        #expect(delivered.out.contains("stored before, 1 delivery"))
    }

    /// Holds a store's lock as a dispatcher does; closing the descriptor lets go of it.
    private static func hold(_ path: String) throws -> Int32 {
        let lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let holder = Array("\(getpid()) run\n".utf8)
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0 && ftruncate(lock, 0) == 0)
        try #require(write(lock, holder, holder.count) == holder.count)
        return lock
    }

    @Test func `what has no deliveries can't be sent again, and the reason is said`() async throws {
        let sandbox = try sandbox()
        func emit(_ id: String, _ more: String...) async throws {
            let command = ["emit", "course.created", "--data", "1", "--id", id]
            #expect(try await sandbox.run(command + more).status == 0)
        }
        try await emit("lone")
        try await emit("later", "--in", "2h")
        try await emit("gone", "--in", "2h")
        _ = try await sandbox.run("cancel", "gone")
        try await emit("waits", "--detach")
        let cases = [
            ("lone", ": nobody subscribed to it when it was matched; once somebody does, emit it again"),
            ("later", " yet: it is due in 2 h; to send it now, `webhooks cancel later` and emit it again"),
            ("gone", ": it was cancelled before it was matched; to send it all the same, emit it again"),
            ("waits", " yet: it waits for a dispatcher; none runs: `webhooks run` or `serve` sends it"),
        ]
        for command in ["retrigger", "retry"] {
            for (id, reason) in cases {
                let done = try await sandbox.run(command, id)
                #expect(done.status == 1 && done.out.isEmpty)
                #expect(done.err.contains("\(id) has no deliveries\(reason)"), "\(done.err)")
                #expect(!done.err.contains("there is no event"))
            }
        }
        let both = try await sandbox.run("retrigger", "lone", "nothing", "--json")
        #expect(both.status == 1)
        #expect(both.err.contains("lone has no deliveries"))
        #expect(both.err.contains("there is no event or delivery nothing"))
    }

    @Test func `a slip in a topic is told wherever one is given`() async throws {
        let sandbox = try CommandEnvironment()
        let question = "did you mean course.created?"
        for command in [
            ["test", "crm", "--topic", "course.craeted"], ["match", "course.craeted", "--data", "{}"],
            ["render", "crm", "course.craeted", "--data", "{}"],
            ["init", "x", "--yes", "--force", "--topic", "course.craeted"],
        ] {
            let done = try await sandbox.run(command)
            let told = done.err.replacing("`", with: "")
            #expect(done.status == 0 && told.contains(question), "\(command): \(done.err)")
            let right = try await sandbox.run(command.map { $0.replacing("craeted", with: "created") })
            #expect(!right.err.contains("did you mean"), "\(command): \(right.err)")
        }
        // A topic that the configuration names is no slip.
        let text = sandbox.configuration().replacing(#"topics: ["**"]"#, with: "topics: [course.craeted]")
        try sandbox.write("w.yaml", text)
        #expect(!(try await sandbox.run("test", "crm").err.contains("did you mean")))
    }

    @Test func `an example that a profile lacks names the profiles that have it`() async throws {
        let sandbox = try CommandEnvironment()
        for command in [
            ["test", "crm", "--topic", "course.created", "--profile", "fermion"],
            ["topics", "show", "course.created", "--profile", "fermion"],
            ["emit", "course.created", "--example", "--profile", "fermion"],
            ["render", "crm", "course.created", "--example", "--profile", "fermion"],
        ] {
            let done = try await sandbox.run(command)
            #expect(done.status == 65 || done.status == 1, "\(command)")
            #expect(done.err.contains("it is a topic of braincert, ") && done.err.contains("lms, "), "\(done.err)")
        }
        let shown = try await sandbox.run("topics", "show", "course.created", "--profile", "braincert")
        #expect(shown.out.contains("also in   ") && !shown.out.contains("also in   braincert"), "\(shown.out)")
        // Without a topic: what applications emit, or what the platform has.
        #expect(try await sandbox.run("test", "crm", "--json").out.contains(#""topic":"user.created""#))
        let native = try await sandbox.run("test", "crm", "--profile", "fermion", "--json")
        #expect(try native.status == 0 && JSONText(native.out)["topic"].string?.contains("example") == false)
        // One that no subscription has.
        let sent = try await sandbox.run("test", "crm", "--topic", "course.created", "--profile", "thinkific")
        #expect(sent.status == 0, "\(sent.err)")
    }
}
