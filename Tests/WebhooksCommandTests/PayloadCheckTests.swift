import Glibc
import Testing

/// An event's bodies, made and compared without sending: `emit --check` and `validate --topic --data`.
@Suite struct PayloadCheckTests {
    private static let native =
        #"{"userId":"7","userFullname":"A B","userEmail":"a@b.example","userPhoneNumber":null,"courseSlug":"c","courseName":"C"}"#
    private static let neither = #"{"who":1}"#

    /// `mapped` takes what it can make, `strict` and `lenient` what is sent as it stands, `own` has a template.
    private func sandbox(_ names: [String] = ["mapped", "lenient", "strict", "own"]) throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment()
        let url = sandbox.receiver.url
        let fermion = "profile: fermion, secrets: [a-long-secret-of-a-school], topics: [course.*]"
        let entries = [
            "mapped": "{ name: mapped, url: \"\(url)/1\", \(fermion) }",
            "lenient": "{ name: lenient, url: \"\(url)/2\", \(fermion), payload: { \"**\": $data } }",
            "strict": "{ name: strict, url: \"\(url)/3\", \(fermion), payload: { \"**\": $data }, schema: enforce }",
            "own": "{ name: own, url: \"\(url)/4\", \(fermion), body: b.json.mustache }",
            "school": "{ name: school, url: \"\(url)/5\", \(fermion), tenant: school-42 }",
        ]
        try sandbox.write("b.json.mustache", #"{"n":{{{data.user.id}}}}"#)
        try sandbox.write(
            "w.yaml",
            """
            store: sqlite:w.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            subscriptions:
            \(names.compactMap { entries[$0] }.map { "  - \($0)" }.joined(separator: "\n"))

            """
        )
        return sandbox
    }

    private static let missing =
        "the payload of course.enrollment can't be made of this event: userId: there is no data.user.id; userFullname: "
        + "there is no data.user; userEmail: there is no data.user.email; courseSlug: there is no data.course.slug; "
        + "courseName: there is no data.course.name"
    private static let violations = [
        "userId is missing", "userFullname is missing", "userEmail is missing", "userPhoneNumber is missing",
        "courseSlug is missing",
    ]

    @Test func `an event that nobody can send well: every reason, nothing stored, nothing sent`() async throws {
        let sandbox = try sandbox()
        let differences = Self.violations.joined(separator: "; ")
        let expected = [
            "fails    mapped: \(Self.missing)",
            "differs  lenient: \(differences)",
            "fails    strict: the payload does not fit the fields of course.enrollment: \(differences)",
            "fails    own: b.json.mustache: the rendered JSON is not well-formed at line 1, column 6: not a JSON value",
        ]
        let emit = try await sandbox.run("emit", "course.enrollment", "--check", "--data", Self.neither)
        #expect(emit.status == 1)
        #expect(emit.lines == expected)
        #expect(emit.err == "")
        let validate = try await sandbox.run("validate", "--topic", "course.enrollment", "--data", Self.neither)
        #expect(validate.status == 1)
        #expect(validate.lines.suffix(4) == expected[...])
        #expect(validate.lines.contains { $0.hasPrefix("valid  w.yaml: 4 subscriptions") })
        #expect(access("\(sandbox.folder)/w.sqlite", F_OK) != 0, "a store was made")
        #expect(sandbox.receiver.requests.isEmpty)
    }

    @Test func `a canonical event is made for all but those that take data as they stand`() async throws {
        let sandbox = try sandbox(["mapped", "own"])
        let good = try await sandbox.run("emit", "course.enrollment", "--check", "--example")
        #expect(good.status == 0)
        #expect(good.lines == ["ok       mapped", "ok       own"])
        let event = try await sandbox.run("topics", "show", "course.enrollment", "--json")
        let example = try JSONText(event.out)["example"].raw
        try sandbox.write("e.json", example)
        for data in [example, "@e.json"] {
            let validate = try await sandbox.run("validate", "--topic", "course.enrollment", "--data", data)
            #expect(validate.status == 0)
            #expect(validate.lines.suffix(2) == ["ok       mapped", "ok       own"])
        }
        let piped = try await sandbox.run(
            "validate",
            "--topic",
            "course.enrollment",
            "--data",
            "-",
            input: example
        )
        #expect(piped.status == 0)
    }

    @Test func `what is the platform's own passes, mapped or not`() async throws {
        let sandbox = try sandbox(["mapped", "lenient", "strict"])
        let done = try await sandbox.run("emit", "course.enrollment", "--check", "--data", Self.native)
        #expect(done.status == 0)
        #expect(done.lines == ["ok       mapped", "ok       lenient", "ok       strict"])
    }

    @Test func `one object a line under --json`() async throws {
        let sandbox = try sandbox()
        let emit = try await sandbox.run("emit", "course.enrollment", "--check", "--data", Self.neither, "--json")
        #expect(emit.status == 1)
        let objects = try emit.lines.map { try JSONText($0) }
        try #require(objects.count == 4)
        for object in objects {
            #expect(object.keys == ["subscription", "profile", "ok", "problem", "violations"])
            #expect(try object["profile"].string == "fermion")
            #expect(try object["ok"].raw == "false")
        }
        #expect(try objects[0]["problem"].string == Self.missing)
        #expect(try objects[0]["violations"].raw == "[]")
        #expect(try objects[1]["problem"].raw == "null")
        #expect(try objects[1]["violations"].value.array?.map(\.string) == Self.violations)
        // The report first, as without an event.
        let validate = try await sandbox.run(
            "validate",
            "--topic",
            "course.enrollment",
            "--data",
            Self.neither,
            "--json"
        )
        #expect(validate.status == 1)
        #expect(try JSONText(try #require(validate.lines.first)).keys == ["valid", "problems", "subscriptions"])
        #expect(Array(validate.lines.dropFirst()) == emit.lines)
        let good = try await sandbox.run("emit", "course.enrollment", "--check", "--data", Self.native, "--json")
        let line = #"{"subscription":"mapped","profile":"fermion","ok":true,"problem":null,"violations":[]}"#
        #expect(good.lines.first == line)
    }

    private static let noTenant = "it gets events of the tenant school-42 alone, and this one has no tenant"

    @Test func `nobody gets it: who almost did, a note, and 1 only where a match is required`() async throws {
        let sandbox = try sandbox(["school"])
        let check = ["emit", "course.enrollment", "--check", "--example"]
        let nobody = try await sandbox.run(check)
        #expect(nobody.status == 0)
        #expect(nobody.lines == ["not to   school: \(Self.noTenant)"])
        #expect(nobody.err == "note: no subscription would get course.enrollment\n")
        #expect(try await sandbox.run(check + ["--require-match"]).status == 1)
        let json = try await sandbox.run(check + ["--json"])
        #expect(try JSONText(json.err)["note"]["code"].string == "no_match")
        let object = try JSONText(json.out)
        #expect(object.keys == ["topic", "nearMisses"])
        #expect(try object["nearMisses"][0].keys == ["subscription", "reason", "message"])
        #expect(try object["nearMisses"][0]["message"].string == Self.noTenant)
        let tenant = try await sandbox.run(check + ["--tenant", "school-42"])
        #expect(tenant.lines == ["ok       school"])
        let validate = ["validate", "--topic", "course.enrollment", "--data", Self.native]
        #expect(try await sandbox.run(validate).err == "note: no subscription would get course.enrollment\n")
        #expect(try await sandbox.run(validate + ["--tenant", "school-42"]).lines.last == "ok       school")
    }

    @Test func `a mistyped topic, whether nobody gets it or somebody gets any`() async throws {
        let sandbox = try sandbox(["mapped"])
        let commands = [["emit", "course.enrolment", "--check"], ["validate", "--topic", "course.enrolment"]]
        for command in commands.map({ $0 + ["--data", "{}"] }) {
            let done = try await sandbox.run(command)
            #expect(done.status == 0)
            #expect(done.lines.last?.hasPrefix("not to   mapped: ") == true)
            #expect(done.err == "note: no subscription would get course.enrolment; did you mean course.enrollment?\n")
            let json = try await sandbox.run(command + ["--json"])
            let object = try JSONText(try #require(json.lines.last))
            #expect(object.keys == ["topic", "nearMisses", "suggestion"])
            #expect(try object["topic"].string == "course.enrolment")
            #expect(try object["suggestion"].string == "course.enrollment")
        }
        let any = try CommandEnvironment()
        for command in commands.map({ $0 + ["--data", "{}"] }) {
            let done = try await any.run(command)
            #expect(done.status == 0)
            #expect(done.lines.last == "ok       crm")
            #expect(done.err == "note: no profile lists course.enrolment; did you mean course.enrollment?\n")
            let json = try await any.run(command + ["--json"])
            #expect(try JSONText(json.err)["note"]["code"].string == "topic")
        }
        // Whoever asks who gets it learns it as well.
        let match = try await any.run("match", "course.enrolment", "--data", "{}")
        #expect(match.status == 0)
        #expect(match.err == "note: no profile lists course.enrolment; did you mean course.enrollment?\n")
        let nobody = try await sandbox.run("match", "course.enrolment", "--data", "{}")
        #expect(nobody.status == 1)
        #expect(nobody.err == "note: no subscription would get course.enrolment; did you mean course.enrollment?\n")
        // A topic of the host's own is no slip.
        #expect(try await any.run("emit", "grade.released", "--check", "--data", "{}").err == "")
        let far = try await sandbox.run("emit", "usr.created", "--check", "--data", "{}", "--json")
        #expect(try JSONText(far.out)["suggestion"].string == "user.created")
    }

    @Test func `schema enforce under any topic judges the canonical event`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("w.yaml", sandbox.configuration(delivery: "{}\n    schema: enforce"))
        let reason = "fails    crm: the data do not fit the canonical event of user.created: user is missing"
        let check = try await sandbox.run("emit", "user.created", "--check", "--data", "{}")
        #expect(check.status == 1)
        #expect(check.lines.first == reason)
        #expect(try await sandbox.run("emit", "user.created", "--check", "--example").lines.first == "ok       crm")
        #expect(try await sandbox.run("validate").status == 0)
        let emit = try await sandbox.run("emit", "user.created", "--data", "{}", "--json")
        #expect(emit.status == 1)
        let delivery = try JSONText(emit.out)["deliveries"][0]
        #expect(try delivery["lastError"].string == "template")
        // Nothing was attempted, so the reason stands beside the log.
        let show = try JSONText(try await sandbox.run("deliveries", "show", "dlv_1", "--json").out)
        #expect(show.keys == Keys.delivery + ["detail", "log"])
        #expect(try show["detail"].string == String(reason.dropFirst("fails    crm: ".count)))
        #expect(try show["log"].raw == "[]")
        let attempted = try JSONText(try await sandbox.run("deliveries", "show", "dlv_2", "--json").out)
        #expect(attempted.keys == Keys.delivery + ["log"])
    }

    @Test func `usage and bad events are told apart from bad bodies`() async throws {
        let sandbox = try sandbox()
        let usage = [
            ["validate", "--topic", "course.enrollment"], ["validate", "--data", "1"], ["validate", "--tenant", "a"],
            ["emit", "course.enrollment", "--check"], ["emit", "--check", "--batch", "-"],
            ["emit", "course.enrollment", "--check", "--detach", "--data", "1"],
        ]
        for arguments in usage { #expect(try await sandbox.run(arguments).status == 64, "\(arguments)") }
        try sandbox.write("e.json", Self.native)
        let bad = [
            ["emit", "Course!", "--check", "--data", "1"], ["emit", "course.enrollment", "--check", "--data", "{"],
            ["emit", "nothing.known", "--check", "--example"],
            ["emit", "course.enrollment", "--check", "--data", "@nothing.json"],
            ["validate", "--topic", "Course!", "--data", "1"],
            ["validate", "--topic", "course.enrollment", "--data", "{"],
            ["validate", "--topic", "course.enrollment", "--data", "e.json"],
        ]
        for arguments in bad { #expect(try await sandbox.run(arguments).status == 65, "\(arguments)") }
        // As `emit` does.
        let name = try await sandbox.run("validate", "--topic", "course.enrollment", "--data", "e.json")
        #expect(name.err.contains("a file is written @e.json"))
        // A broken configuration comes first.
        try sandbox.write("w.yaml", "colour: red\n")
        #expect(try await sandbox.run("emit", "a.b", "--check", "--data", "1").status == 65)
        let validate = try await sandbox.run("validate", "--topic", "a.b", "--data", "1")
        #expect(validate.status == 65)
        #expect(!validate.out.contains("ok "))
    }

    @Test func `an event that is due later is checked without a store`() async throws {
        let sandbox = try sandbox(["mapped"])
        let arguments = ["emit", "course.enrollment", "--check", "--example", "--id", "x", "--in", "60m"]
        let done = try await sandbox.run(arguments)
        #expect(done.status == 0)
        #expect(done.lines == ["ok       mapped"])
        #expect(access("\(sandbox.folder)/w.sqlite", F_OK) != 0, "a store was made")
    }

    @Test func `render and emit say it as well`() async throws {
        let sandbox = try sandbox(["mapped", "lenient"])
        let render = ["render", "mapped", "course.enrollment", "--data", Self.neither]
        let failed = try await sandbox.run(render)
        #expect(failed.status == 65)
        #expect(failed.out == "")
        #expect(failed.err.contains(Self.missing))
        let differs = try await sandbox.run("render", "lenient", "course.enrollment", "--data", Self.neither)
        #expect(differs.status == 0)
        let note = "the payload does not fit the catalogue: \(Self.violations.joined(separator: "; "))"
        #expect(differs.err.contains(note))
        let emit = try await sandbox.run("emit", "course.enrollment", "--data", Self.neither)
        #expect(emit.status == 1)
        #expect(emit.out.contains("template"))
        #expect(emit.err.contains(Self.missing))
        #expect(emit.err.contains(note), "\(emit.err)")
    }

    @Test func `a broken profile is not a missing one`() async throws {
        let sandbox = try sandbox(["mapped"])
        try sandbox.write("w.yaml", "store: sqlite:w.sqlite\ntemplates: t\nsubscriptions: []\n")
        try #require(mkdir("\(sandbox.folder)/t", 0o700) == 0 && mkdir("\(sandbox.folder)/t/my", 0o700) == 0)
        defer {
            unlink("\(sandbox.folder)/t/my/profile.yaml")
            rmdir("\(sandbox.folder)/t/my")
            rmdir("\(sandbox.folder)/t")
        }
        try sandbox.write("t/my/profile.yaml", "titel: T\n")
        for arguments in [["topics", "list", "--profile", "my"], ["topics", "show", "a.b", "--profile", "my"]] {
            let done = try await sandbox.run(arguments)
            #expect(done.status == 65)
            #expect(done.err.contains("the profile my can't be read: t/my/profile.yaml:1:1: "), "\(done.err)")
            #expect(!done.err.contains("there is no profile"))
        }
        let missing = try await sandbox.run("topics", "list", "--profile", "mine")
        #expect(missing.err.contains("there is no profile named mine"))
    }
}
