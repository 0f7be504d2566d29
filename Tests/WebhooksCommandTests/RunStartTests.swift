import Glibc
import Testing
import WebhookReceiver

/// What happens to `run` while it loads its configuration, which a pipe in the place of a template holds up for as long as
/// a test likes.
@Suite(.timeLimit(.minutes(2))) struct RunStartTests {
    private static let pipe = "body.form.mustache"

    private func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.write(
            "w.yaml",
            sandbox.configuration(more: "    body: \(Self.pipe)\n    topics: [a.b]\n    profile: standard\n")
                .replacing(
                    "    topics: [\"user.*\"]\n    profile: braincert\n",
                    with: "    secrets: [\"\(Sandbox.secret)\"]\n"
                )
        )
        try #require(mkfifo("\(sandbox.folder)/\(Self.pipe)", 0o600) == 0)
        return sandbox
    }

    /// Returns once a load has come to the template, and holds it until the descriptor is closed: the template is empty.
    private func hold(_ sandbox: Sandbox) async -> Int32 {
        let path = "\(sandbox.folder)/\(Self.pipe)"
        return await Program.blocking { open(path, O_WRONLY | O_CLOEXEC) }
    }

    @Test func `SIGHUP neither kills nor is lost, and reloads once`() async throws {
        let sandbox = try sandbox()
        let run = try Background(["run"], in: sandbox)
        let first = await hold(sandbox)
        for _ in 0..<3 { run.signal(SIGHUP) }
        close(first)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        // The reload comes to the template as well.
        let second = await hold(sandbox)
        close(second)
        #expect(await run.line(containing: "configuration reloaded", on: .error) != nil)
        run.signal(SIGTERM)
        #expect(await run.line(containing: "configuration reloaded", on: .error) == nil)
        #expect(await run.end() == 0)
    }

    @Test func `a file that changes while it is loaded is loaded again`() async throws {
        let sandbox = try sandbox()
        let run = try Background(["run"], in: sandbox)
        let held = await hold(sandbox)
        // It has been read by now.
        try sandbox.write("w.yaml", sandbox.configuration().replacing("/crm", with: "/new"))
        close(held)
        #expect(await run.line(containing: "configuration reloaded", on: .error) != nil)
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        #expect(sandbox.receiver.requests.map(\.target) == ["/new"])
        run.signal(SIGTERM)
        #expect(await run.end() == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a request to stop ends the load at once`(signal: Int32) async throws {
        let sandbox = try sandbox()
        let run = try Background(["run"], in: sandbox)
        let held = await hold(sandbox)
        run.signal(signal)
        #expect(await run.line(containing: "stopped while loading", on: .error) != nil)
        #expect(await run.end() == 0)
        close(held)
        #expect(access("\(sandbox.folder)/w.sqlite", F_OK) != 0)
    }
}
