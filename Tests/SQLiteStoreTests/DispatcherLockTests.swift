import Foundation
import Glibc
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("The dispatcher's lock")
struct DispatcherLockTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A second one is refused and told who holds it")
    func refuses() throws {
        let path = folder.file("new/store.sqlite")
        #expect(DispatcherLock.holder(path: path) == nil)
        var lock: DispatcherLock? = try DispatcherLock.acquire(path: path, role: "run")
        #expect(lock != nil)
        let process = ProcessInfo.processInfo.processIdentifier
        #expect(DispatcherLock.holder(path: path) == DispatcherLock.Holder(processID: process, role: "run"))
        let error = #expect(throws: StoreError.self) { try DispatcherLock.acquire(path: path, role: "emit") }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("dispatcher: process \(process)") == true)
        #expect(try folder.mode(of: path + ".lock") == 0o600)

        lock = nil
        #expect(DispatcherLock.holder(path: path) == nil)
        let next = try DispatcherLock.acquire(path: path, role: "emit")
        #expect(DispatcherLock.holder(path: path)?.role == "emit")
        withExtendedLifetime(next) {}
    }

    @Test("Another spelling of the path is the same lock")
    func resolvesPath() throws {
        try FileManager.default.createDirectory(atPath: folder.file("real"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"),
            withDestinationPath: folder.file("real")
        )
        let lock = try DispatcherLock.acquire(path: folder.file("real/store.sqlite"), role: "run")
        #expect(throws: StoreError.self) {
            try DispatcherLock.acquire(path: folder.file("link/../real/./store.sqlite"), role: "run")
        }
        #expect(throws: StoreError.self) {
            try DispatcherLock.acquire(path: folder.file("link/store.sqlite"), role: "run")
        }
        withExtendedLifetime(lock) {}
    }

    @Test("The lock is a file of its own: no link is followed, nothing else is opened, nothing is cut off")
    func strangeFiles() throws {
        let path = folder.file()
        let (lock, victim) = (path + ".lock", folder.file("victim"))
        try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
        let makers: [() throws -> Void] = [
            { try FileManager.default.createSymbolicLink(atPath: lock, withDestinationPath: victim) },
            { try FileManager.default.linkItem(atPath: victim, toPath: lock) },
            { mkfifo(lock, 0o600) },
            { try FileManager.default.createDirectory(atPath: lock, withIntermediateDirectories: false) },
        ]
        for make in makers {
            try make()
            #expect(DispatcherLock.holder(path: path) == nil)
            let error = #expect(throws: StoreError.self) { try DispatcherLock.acquire(path: path, role: "run") }
            #expect(error?.code == .unavailable && error?.message.contains(lock) == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("precious".utf8))
            try FileManager.default.removeItem(atPath: lock)
        }
        _ = try DispatcherLock.acquire(path: path, role: "run")
    }

    @Test("It holds between processes, in both directions")
    func betweenProcesses() throws {
        let path = folder.file()
        var lock: DispatcherLock? = try DispatcherLock.acquire(path: path, role: "run")
        #expect(lock != nil)
        #expect(try run(["-n", path + ".lock", "true"]) == 1)
        lock = nil
        #expect(try run(["-n", path + ".lock", "true"]) == 0)

        let (input, output) = (Pipe(), Pipe())
        let other = flock([path + ".lock", "sh", "-c", "echo held; cat"])
        other.standardInput = input
        other.standardOutput = output
        try other.run()
        #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
        let error = #expect(throws: StoreError.self) { try DispatcherLock.acquire(path: path, role: "run") }
        #expect(error?.code == .locked)
        try input.fileHandleForWriting.close()
        other.waitUntilExit()
        _ = try DispatcherLock.acquire(path: path, role: "run")
    }

    @Test("Who could not sign is named all the same")
    func unsigned() throws {
        let path = folder.file()
        let lock = try DispatcherLock.acquire(path: path, role: "run")
        // As on a full disk: empty, cut off, or still with what a killed holder has left.
        for text in ["", "1", "1 emit\nsome files\n"] {
            try write(text, over: path + ".lock")
            #expect(DispatcherLock.record(path: path) == LockRecord(holder: .init(processID: getpid(), role: "run")))
            let error = #expect(throws: StoreError.self) { try DispatcherLock.acquire(path: path, role: "run") }
            #expect(error?.message.contains("dispatcher: process \(getpid())") == true)
        }
        lock.release()
        #expect(DispatcherLock.holder(path: path) == nil)
    }

    @Test("The file stays within a page, whoever comes and goes: a full disk takes what is written in place")
    func size() throws {
        let path = folder.file()
        for role in ["run", "retrigger", "emit"] {
            let lock = try DispatcherLock.acquire(path: path, role: role)
            lock.note("1:2 1:3 1:4")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path + ".lock"))
            #expect((LockRecord.size...4096).contains(bytes.count))
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("\(getpid()) \(role)\n1:2 1:3 1:4\n"))
            lock.release()
            let left = try Data(contentsOf: URL(fileURLWithPath: path + ".lock"))
            #expect(left.prefix(LockRecord.size) == Data(LockRecord.blank) && left.count <= 4096)
        }
    }

    private func write(_ text: String, over file: String) throws {
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    private func flock(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["flock"] + arguments
        return process
    }

    private func run(_ arguments: [String]) throws -> Int32 {
        let process = flock(arguments)
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
