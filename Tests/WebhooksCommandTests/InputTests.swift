import Foundation
import Glibc
import Testing

@testable import WebhooksCommand

/// Files that are named on the command line, and may be anything.
@Suite struct InputTests {
    private static let commands: [[String]] = [
        ["emit", "a.b", "--detach", "--data", "@PATH"], ["emit", "--detach", "--batch", "PATH"],
        ["render", "crm", "a.b", "--data", "@PATH"], ["match", "a.b", "--data", "@PATH"],
        ["sign", "--id", "a", "--timestamp", "1", "--data", "x", "--secret-file", "PATH"],
        ["sign", "--id", "a", "--timestamp", "1", "--data", "@PATH", "--secret-env", "KEY"],
    ]

    @Test(arguments: commands)
    func `a device is no input`(command: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let line = command.map { $0.replacing("PATH", with: "/dev/zero") }
        let done = try await sandbox.run(line, environment: ["KEY": CommandEnvironment.secret])
        #expect(done.status == 65 && done.err.contains("/dev/zero is a device or a socket, and no file"), "\(done.err)")
    }

    @Test(arguments: commands)
    func `a pipe that somebody writes to is one`(command: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let path = "\(sandbox.folder)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let content =
            command.contains("--batch")
            ? #"{"topic":"a.b","data":1}"# : command.contains("--secret-file") ? CommandEnvironment.secret : "1"
        // Open for reading too, so that it is there before its reader.
        let end = open(path, O_RDWR | O_CLOEXEC)
        let line = command.map { $0.replacing("PATH", with: path) }
        async let done = sandbox.run(line, environment: ["KEY": CommandEnvironment.secret])
        _ = write(end, content, content.utf8.count)
        try #require(await Program.blocking { Self.drained(end) })
        close(end)
        #expect(try await done.status == 0)
    }

    @Test func `a pipe that nobody writes to holds up nothing`() throws {
        let folder = try CommandEnvironment()
        let path = "\(folder.folder)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let failure = #expect(throws: CommandFailure.self) {
            try InputReader.file(path, limit: 100, patience: .milliseconds(1))
        }
        #expect(failure?.message.contains("is a pipe that gave nothing") == true)
    }

    /// Printed lines must not end up in a store, a connection or a pipe that got the number of a closed stream.
    @Test func `a stream that is closed is nothing else's`() async throws {
        let sandbox = try CommandEnvironment()
        func shell(_ line: String) async throws -> Finished {
            let script = "\(Program.path) \(line)"
            return try await sandbox.shell(script)
        }
        let written = try await shell("emit a.b --data 1 --id one >&-")
        #expect(
            written.status == 1 && written.err.contains("could not be written: Bad file descriptor"),
            "\(written.err)"
        )
        let read = try await shell("emit a.b --data - <&-")
        #expect(read.status == 65 && read.err.contains("cannot read stdin: Bad file descriptor"), "\(read.err)")
        // Its lines would be taken for signals.
        _ = try await shell("emit a.b --data 2 --id two --detach")
        #expect(try await shell("run --until-idle --log-level trace <&- 2>&-").status == 0)
        #expect(sandbox.receiver.requests.map { $0.header("webhook-id") } == ["one", "two"])
        #expect(try await sandbox.run("check").status == 0)
    }

    @Test func `who has to type is told so`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.runOnTerminal(
            ["emit", "a.b", "--detach", "--data", "-"],
            columns: 100,
            input: "1\n\u{4}",
            environment: ["NO_COLOR": "1"]
        )
        #expect(done.status == 0 && done.out.contains("reading from the terminal; Ctrl-D"), "\(done.out)")
    }

    /// Waits until somebody has read what stands in a pipe.
    private static func drained(_ pipe: Int32) -> Bool {
        for _ in 0..<10_000 {
            var left: Int32 = 0
            guard ioctl(pipe, UInt(FIONREAD), &left) == 0 else { return false }
            if left == 0 { return true }
            usleep(1_000)
        }
        return false
    }
}
