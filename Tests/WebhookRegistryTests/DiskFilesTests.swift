import Foundation
import Testing
import WebhookCore

@testable import WebhookRegistry

@Suite struct DiskFilesTests {
    @Test func problemsSayWhatIsWrong() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("sub"),
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("0123456789".utf8).write(to: folder.appendingPathComponent("file"))
        let files = DiskFiles()
        #expect(try files.contents(of: folder.path + "/file", limit: 10) == "0123456789")
        #expect(throws: FileProblem("is larger than 9 bytes")) {
            try files.contents(of: folder.path + "/file", limit: 9)
        }
        #expect(throws: FileProblem.missing) { try files.contents(of: folder.path + "/none", limit: 9) }
        #expect(throws: FileProblem("is a folder")) { try files.contents(of: folder.path, limit: 9) }
        #expect(try files.folders(in: folder.path) == ["sub"])
        #expect(throws: FileProblem("is not a folder")) { try files.folders(in: folder.path + "/file") }
    }

    /// A folder's listing leaves out nothing that a pattern may mean: what can't be read is named then.
    @Test func whatIsNoFileIsListed() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        #expect(mkdir(folder, 0o700) == 0 && mkdir("\(folder)/folder", 0o700) == 0)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0 && symlink("none", "\(folder)/broken") == 0)
        #expect(try DiskFiles().listing(of: folder).files == ["broken", "pipe"])
    }

    /// A pipe in a watched file's place would hold up every reload from then on.
    @Test func onlyRegularFilesAreRead() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        for special in [path, "/dev/zero"] {
            #expect(throws: FileProblem("is no regular file")) { try DiskFiles().contents(of: special, limit: 9) }
        }
    }

    /// What a person names may be a pipe, and is waited for, with an end.
    @Test func aNamedPipeIsRead() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(throws: FileProblem("is a pipe that gave nothing for 0 seconds")) {
            try DiskFiles(patience: .zero).contents(named: path, limit: 9)
        }
        let before = DiskFiles().signature(of: path)
        let writer = Thread {
            let pipe = open(path, O_WRONLY)
            _ = write(pipe, "0123456789", 10)
            close(pipe)
        }
        writer.start()
        #expect(try DiskFiles(patience: .seconds(100)).contents(named: path, limit: 10) == "0123456789")
        #expect(DiskFiles().signature(of: path) == before)
        #expect(throws: FileProblem("is larger than 9 bytes")) {
            try DiskFiles().contents(named: "/dev/zero", limit: 9)
        }
    }

    /// A signal while a pipe is waited for, as SIGHUP while `run` loads, makes no empty file of it.
    @Test func signalsDontEndThePipe() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGURG, &action, nil)
        let reader = pthread_self()
        Thread {
            for _ in 0..<1_000 {
                pthread_kill(reader, SIGURG)
                sched_yield()
            }
            let pipe = open(path, O_WRONLY)
            _ = write(pipe, "0123456789", 10)
            close(pipe)
        }.start()
        #expect(try DiskFiles(patience: .seconds(100)).contents(named: path, limit: 10) == "0123456789")
    }
}
