import Foundation
import GRDB
import Glibc
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Files that change under an open store")
struct OpenedFilesTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file()
    }

    /// The changes of a file.
    enum Change: CaseIterable, Sendable {
        case delete, rename, replace, link

        func apply(to file: String) throws {
            switch self {
            case .delete: unlink(file)
            case .rename: Glibc.rename(file, file + ".moved")
            case .replace:
                let bytes = try Data(contentsOf: URL(fileURLWithPath: file + ".copy"))
                try bytes.write(to: URL(fileURLWithPath: file), options: .atomic)
            case .link: Glibc.link(file, file + ".linked")
            }
        }
    }

    private func look(_ store: SQLiteStore) async -> Result<Bool, StoreError> {
        await withCheckedContinuation { continuation in
            store.checkExternalWrites { continuation.resume(returning: $0) }
        }
    }

    /// SQLite cuts the shared memory off when it opens it, and the log when it begins one.
    @Test(
        "A file that has a name beside the store, and another one, is left as it was",
        arguments: ["-wal", "-shm", "-journal"]
    )
    func links(_ suffix: String) async throws {
        let victim = folder.file("victim")
        let text = Data(repeating: 0x61, count: 100_000)
        try SQLiteStore.open(path: path, role: .writer).close()
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        try text.write(to: URL(fileURLWithPath: victim))
        #expect(Glibc.link(victim, path + suffix) == 0)
        for role in [SQLiteStore.Role.dispatcher, .writer, .reader] {
            #expect(await storeError { try SQLiteStore.open(path: path, role: role) } == .replaced)
            #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == text, "\(role)")
        }
    }

    @Test("A pipe is no store, and nobody waits for its other end", arguments: ["", "-wal", "-shm", "-journal"])
    func pipes(_ suffix: String) throws {
        if !suffix.isEmpty { try SQLiteStore.open(path: path, role: .writer).close() }
        unlink(path + suffix)
        #expect(mkfifo(path + suffix, 0o600) == 0)
        for role in [SQLiteStore.Role.dispatcher, .writer, .reader] {
            #expect(throws: StoreError(.unavailable, "\(StoreFiles(path).path)\(suffix) is no regular file")) {
                try SQLiteStore.open(path: path, role: role)
            }
        }
    }

    @Test("The mark of what is rendered is written to no pipe and no other file")
    func mark() throws {
        let victim = folder.file("victim")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: victim))
        let name = StoreFiles(path).path + "-rendering"
        #expect(Glibc.link(victim, name) == 0)
        RenderingMarkFile(storePath: path).set(.fanOut(event: 7))
        #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("mine".utf8))
        unlink(name)
        #expect(mkfifo(name, 0o600) == 0)
        #expect(RenderingMarkFile(storePath: path).interrupted == [])
    }

    @Test("Each change to each file is noticed, and before anything is acknowledged", arguments: Change.allCases)
    func changes(_ change: Change) async throws {
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let folder = try TemporaryFolder()
            let file = folder.file() + suffix
            let lock = try DispatcherLock.acquire(path: folder.file(), role: "run")
            let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher, lock: lock)
            _ = try await store.settleOne("e1")
            #expect(await look(store) != .success(true))
            // A copy under another name, not read by this process: closing it would give up SQLite's locks.
            if change == .replace {
                let copy = Process()
                copy.executableURL = URL(fileURLWithPath: "/bin/cp")
                copy.arguments = [file, file + ".copy"]
                try copy.run()
                copy.waitUntilExit()
            }
            try change.apply(to: file)
            guard case .failure(let error) = await look(store) else {
                Issue.record("\(change) of \(suffix) was not noticed")
                continue
            }
            #expect(error.code == .replaced && error.isFinal)
            #expect(error.message.contains(file), "\(error)")
            #expect(await storeError { try await store.settleOne("e2") } == .replaced)
            #expect(await storeError { try await store.append(.sample("e3"), target: nil) } == .replaced)
            store.close()
            lock.release()
        }
    }

    @Test(
        "Where nobody can look at the files, nothing is recorded and nothing is said to be gone; it goes on once somebody can"
    )
    func unseen() async throws {
        let lock = try DispatcherLock.acquire(path: path, role: "run")
        defer { lock.release() }
        let store = try SQLiteStore.open(path: path, role: .dispatcher, lock: lock)
        defer { store.close() }
        _ = try await store.append(.sample("e1"), target: nil)
        let place = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let away = place + ".away"
        #expect(Glibc.rename(place, away) == 0)
        // A link that leads to itself, as root has every right.
        #expect(symlink(place, place) == 0)
        let code = await storeError { try await store.append(.sample("e2"), target: nil) }
        #expect(code == .unavailable, "as to a folder without rights, and not as where the files are gone")
        #expect((try? await look(store).get()) == false, "that doesn't end it")
        unlink(place)
        #expect(Glibc.rename(away, place) == 0)
        _ = try await store.append(.sample("e3"), target: nil)
        #expect(try await store.event("e2") == nil)
    }

    @Test("A store that was cut off is noticed; one that a host has vacuumed is not")
    func sizes() async throws {
        let store = try SQLiteStore.open(path: path, role: .dispatcher)
        let host = try DatabaseQueue(path: path)
        try await host.write { db in
            try db.execute(sql: "CREATE TABLE large (data BLOB); INSERT INTO large VALUES (zeroblob(1000000))")
        }
        try store.checkpoint()
        try await host.write { try $0.execute(sql: "DELETE FROM large") }
        try await host.vacuum()
        try store.checkpoint()
        #expect(await look(store) == .success(true))
        let size = try #require(FileIdentity(path)?.size)
        #expect(size < 500_000)
        // As another program's checkpoint would have left it.
        try await host.write { try $0.execute(sql: "INSERT INTO large VALUES (zeroblob(1000000))") }
        try store.checkpoint()
        try await host.write { try $0.execute(sql: "DELETE FROM large") }
        try await host.vacuum()
        _ = try await host.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        #expect(await look(store) == .success(true))
        #expect(await look(store) == .success(false))
        truncate(path, Int(size / 2))
        guard case .failure(let error) = await look(store) else {
            Issue.record("not noticed")
            return
        }
        #expect(error.isFinal && error.message.contains(path))
        let code = await storeError { try await store.append(.sample("e1"), target: nil) }
        #expect(code == .replaced || code == .damaged)
    }

    @Test("What the log alone had is in the database once the dispatcher that lost it has closed")
    func rescue() async throws {
        let store = try SQLiteStore.open(path: path, role: .dispatcher)
        let writer = try SQLiteStore.open(path: path, role: .writer)
        for index in 0..<20 { _ = try await store.settleOne("e\(index)") }
        _ = try await writer.append(.sample("other"), target: nil)
        unlink(path + "-wal")
        #expect(await storeError { try await store.settleOne("late") } == .replaced)
        // It is not the last that closes.
        store.close()
        writer.close()
        let next = try SQLiteStore.open(path: path, role: .dispatcher)
        for index in 0..<20 { #expect(try await next.event("e\(index)") != nil) }
        #expect(try await next.event("other") != nil)
        #expect(try await next.event("late") == nil)
        #expect(try await next.integrityProblems() == [])
    }

    @Test("Who opens the store beside a dispatcher that has lost its shared memory is refused")
    func beside() async throws {
        let lock = try DispatcherLock.acquire(path: path, role: "run")
        let dispatcher = try SQLiteStore.open(path: path, role: .dispatcher, lock: lock)
        let writer = try SQLiteStore.open(path: path, role: .writer)
        writer.close()
        // In another process: within this one, SQLite shares what it has open.
        #expect(DispatcherLock.record(path: path)?.files == dispatcher.opened?.description)
        lock.note("0:1 0:2 0:3")
        #expect(await storeError { try SQLiteStore.open(path: path, role: .writer) } == .replaced)
        dispatcher.close()
        #expect(DispatcherLock.record(path: path)?.files == nil)
        try SQLiteStore.open(path: path, role: .writer).close()
        lock.release()
    }

    @Test("A log whose database is missing is not taken for a new database's")
    func lonelyWAL() async throws {
        let store = try SQLiteStore.open(path: path, role: .writer)
        _ = try await store.append(.sample("e1"), target: nil)
        store.close()
        rename(path, path + ".moved")
        #expect(await storeError { try SQLiteStore.open(path: path, role: .writer) } == .replaced)
        #expect(!FileManager.default.fileExists(atPath: path))
        rename(path + ".moved", path)
        #expect(try await SQLiteStore.open(path: path, role: .dispatcher).event("e1") != nil)
    }

    @Test("A store with two names is refused", arguments: [.dispatcher, .writer, .reader] as [SQLiteStore.Role])
    func twoNames(_ role: SQLiteStore.Role) throws {
        try SQLiteStore.open(path: path, role: .dispatcher).close()
        link(path, folder.file("other.sqlite"))
        let other = folder.file("other.sqlite")
        let error = #expect(throws: StoreError.self) { try SQLiteStore.open(path: other, role: role) }
        #expect(error?.message.contains("2 names") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.file("other.sqlite-wal")))
        unlink(path)
        try SQLiteStore.open(path: folder.file("other.sqlite"), role: role).close()
    }
}
