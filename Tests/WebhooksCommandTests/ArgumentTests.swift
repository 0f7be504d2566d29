import Testing
import WebhookCore
import Webhooks

@testable import WebhooksCommand

/// What is said about mistakes in the arguments.
@Suite struct ArgumentTests {
    private func problem(_ line: String) throws -> String? {
        let arguments = line.split(separator: " ").map(String.init)
        let path = CommandNames.command(in: arguments).path
        let schema = try #require(CommandSchema.root()?.command(path))
        return ArgumentProblem.find(in: Array(arguments.dropFirst(path.count)), schema)
    }

    @Test(arguments: [
        ("emit course.created --exmaple", "Unknown option '--exmaple'. Did you mean '--example'?"),
        ("keygen --foo", "Unknown option '--foo'"),
        ("--bogus", "Unknown option '--bogus'"),
        ("render crm a.b --body-olny", "Unknown option '--body-olny'. Did you mean '--body-only'?"),
        ("deliveries list --sate=failed", "Unknown option '--sate'. Did you mean '--state'?"),
        (
            "deliveries list --event evt_1",
            "Unknown option '--event'; `webhooks events show ID` lists an event's deliveries"
        ),
        ("stats -x", "Unknown option '-x'"),
        (#"emit course.created {"id":1}"#, #"unexpected argument '{"id":1}'; the payload goes after --data"#),
        ("render crm a.b @d.json", "unexpected argument '@d.json'; the payload goes after --data"),
        ("emit a.b d.json", "unexpected argument 'd.json'; a file's payload is --data @d.json"),
        ("validate my.yaml", "unexpected argument 'my.yaml'; a configuration is --config my.yaml"),
        ("deliveries list failed", "unexpected argument 'failed'; a state is --state failed"),
        ("pause crm 2h", "unexpected argument '2h'"),
        ("sign whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "unexpected argument '***'"),
    ])
    func `what a command doesn't take`(line: String, message: String) throws {
        #expect(try problem(line) == message)
    }

    @Test(arguments: [
        "emit a.b --data -5", "emit a.b --data --x", "emit a.b --data=1", "render crm a.b --data - --id x",
        "cancel a b c d", "listen --port 0 --fail-first 2", "stats -c w.yaml --json", "deliveries show dlv_1",
        "verify --id a --timestamp 1 --signature v1,x --secret-file s", "keygen -c w.yaml --store sqlite:x",
        "emit --help", "cancel -- --odd --ids",
    ])
    func `what a command takes`(line: String) throws {
        #expect(try problem(line) == nil)
    }

    @Test(arguments: [
        ("delivery list", "there is no command `webhooks delivery`; did you mean deliveries?"),
        (
            "list",
            "there is no command `webhooks list`; there are `webhooks topics list`, `webhooks subscriptions list`, "
                + "`webhooks events list`, `webhooks deliveries list`"
        ),
        ("version", "there is no command `webhooks version`; did you mean --version?"),
        ("--config webhooks.yaml validate", "options come after the command: webhooks validate --config …"),
        ("--json deliveries list", "options come after the command: webhooks deliveries list --json"),
        ("--config=w.yaml stats", "options come after the command: webhooks stats --config"),
    ])
    func `commands that are misspelt or come too late`(line: String, message: String) {
        #expect(CommandNames.problem(in: line.split(separator: " ").map(String.init)) == message)
    }

    @Test(arguments: [
        "--version", "--help", "help emit", "emit a.b", "deliveries", "--generate-completion-script bash",
    ])
    func `commands that are right`(line: String) {
        #expect(CommandNames.problem(in: line.split(separator: " ").map(String.init)) == nil)
    }

    @Test(arguments: [
        (["render", "crm", "a.b"], "missing --data", "Usage: webhooks render "),
        (["sign", "--id", "a", "--timestamp", "1"], "missing a secret", "Usage: webhooks sign "),
        (
            ["verify", "--id", "a", "--timestamp", "1", "--signature", "x"], "missing a secret",
            "Usage: webhooks verify "
        ),
        (["emit", "a.b", "--exmaple"], "Did you mean '--example'?", "Usage: webhooks emit "),
        (["deliveries", "list", "x"], "unexpected argument 'x'", "Usage: webhooks deliveries list "),
        (
            ["emit", "a.b", "--data", "1", "--deliver-at", "tomorrow"], "RFC 3339, such as 2026-03-01T09:30:00Z",
            "Usage: webhooks emit "
        ),
        (
            ["pause", "crm", "--for", "2"], "must be a duration, a whole number with ms, s, m, h or d",
            "Usage: webhooks pause"
        ),
    ])
    func `every command prints its own usage`(arguments: [String], message: String, usage: String) async throws {
        let done = try await CommandEnvironment().run(arguments)
        #expect(done.status == 64)
        #expect(done.out.isEmpty)
        #expect(done.err.hasPrefix("error: ") && done.err.contains(message) && done.err.contains(usage), "\(done.err)")
    }

    @Test(arguments: [
        ("/tmp/x.sqlite", "must be sqlite:PATH; did you mean sqlite:/tmp/x.sqlite?"),
        ("sqlite://var/x", "must be sqlite:PATH; did you mean sqlite:var/x?"),
        ("mysql://u:p@h/d", "must be sqlite:PATH or postgres://USER@HOST/DATABASE"),
        ("", "must be sqlite:PATH or postgres://USER@HOST/DATABASE"), ("sqlite:x", nil),
    ])
    func `a store that is none`(text: String, problem: String?) {
        #expect(StoreArgument.problem(text) == problem)
    }

    @Test(arguments: [["deliveries", "list"], ["emit", "a.b", "--data", "1"], ["run"], ["pause", "crm"]])
    func `a path as store is told as such, without a word about the configuration`(command: [String]) async throws {
        let done = try await CommandEnvironment().run(command + ["--store", "/tmp/x.sqlite"])
        #expect(done.status == 65)
        #expect(done.err == "error: --store must be sqlite:PATH; did you mean sqlite:/tmp/x.sqlite?\n")
    }

    @Test func `values of options are read with their format in the message`() throws {
        #expect(try DurationArgument.read("90s").duration == .seconds(90))
        #expect(throws: (any Error).self) { try DurationArgument.read("2") }
        #expect(throws: (any Error).self) { try TimeArgument.read("tomorrow") }
        #expect(throws: (any Error).self) { try PastArgument.read("yesterday") }
        _ = try PastArgument.read("2026-03-01")
        #expect(try NumberArgument.read(200...599)("204") == 204)
        let error = #expect(throws: (any Error).self) { try NumberArgument.read(200...599)("600") }
        #expect(error.map { "\($0)" } == "must be a whole number, 200 to 599")
        let least = #expect(throws: (any Error).self) { try NumberArgument.read(1...Int.max)("0") }
        #expect(least.map { "\($0)" } == "must be a whole number, at least 1")
    }
}
