import Glibc
import Testing
import WebhookCore
import WebhookReceiver

/// What happens to `run` while it loads its configuration, which is a pipe and comes when a test likes.
@Suite(.timeLimit(.minutes(2))) struct RunStartTests {
    private func sandbox() throws -> CommandEnvironment {
        let sandbox = try CommandEnvironment()
        let path = "\(sandbox.folder)/w.yaml"
        unlink(path)
        try #require(mkfifo(path, 0o600) == 0)
        return sandbox
    }

    /// Returns once a load waits for the configuration, until it is given one; throws where nothing loads any more.
    private func hold(_ sandbox: CommandEnvironment, _ run: Background) async throws -> Int32 {
        let path = "\(sandbox.folder)/w.yaml"
        while true {
            let pipe = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
            if pipe >= 0 { return pipe }
            // Nobody tells of a reader that has come; without one the test ends with the process, or its time.
            try #require(errno == ENXIO && !run.hasEnded)
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func give(_ configuration: String, to pipe: Int32) {
        let bytes = Array(configuration.utf8)
        #expect(write(pipe, bytes, bytes.count) == bytes.count)
        close(pipe)
    }

    @Test func `SIGHUP neither kills nor is lost, and reloads once`() async throws {
        let sandbox = try sandbox()
        let run = try Background(["run"], in: sandbox)
        let first = try await hold(sandbox, run)
        for _ in 0..<3 { run.signal(SIGHUP) }
        give(sandbox.configuration(), to: first)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        // The reload waits for it as well.
        let second = try await hold(sandbox, run)
        give(sandbox.configuration(), to: second)
        #expect(await run.line(containing: "configuration reloaded", on: .error) != nil)
        run.signal(SIGTERM)
        #expect(await run.line(containing: "configuration reloaded", on: .error) == nil)
        #expect(await run.end() == 0)
    }

    @Test func `a file that changes while it is loaded is loaded again`() async throws {
        let sandbox = try sandbox()
        let run = try Background(["run"], in: sandbox)
        let held = try await hold(sandbox, run)
        unlink("\(sandbox.folder)/w.yaml")
        try sandbox.write("w.yaml", sandbox.configuration().replacing("/crm", with: "/new"))
        give(sandbox.configuration(), to: held)
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
        let held = try await hold(sandbox, run)
        run.signal(signal)
        #expect(await run.line(containing: "stopped while loading", on: .error) != nil)
        #expect(await run.end() == 0)
        close(held)
        #expect(access("\(sandbox.folder)/w.sqlite", F_OK) != 0)
    }
}
