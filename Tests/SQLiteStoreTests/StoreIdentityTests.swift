import Foundation
import GRDB
import Glibc
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("A store that is missing, or another in its place")
struct StoreIdentityTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file()
    }

    @Test("A line that was cut off is no identity")
    func lines() {
        for value in [0, 1, -1, .min, .max] as [Int64] {
            let identity = StoreIdentity(value)
            #expect(StoreIdentity(identity.bytes) == identity)
            #expect(StoreIdentity(identity.bytes.dropLast()) == nil)
            #expect(StoreIdentity(identity.bytes.dropFirst()) == nil)
        }
        #expect(StoreIdentity([UInt8]()) == nil)
        #expect(StoreIdentity(Array("store 000000000000000g\n".utf8)) == nil)
    }

    /// A dispatcher makes a store with one event, and closes it.
    private func makeStore(_ path: String, event: String) async throws {
        let lock = try DispatcherLock.acquire(path: path, role: "run")
        let store = try SQLiteStore.open(path: path, role: .dispatcher, lock: lock)
        #expect(store.isNew)
        _ = try await store.settleOne(event)
        store.close()
        lock.release()
    }

    @Test("Where a store was, no other is made")
    func missing() async throws {
        try await makeStore(path, event: "old")
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        rename(path, folder.file("away"))
        for role in [SQLiteStore.Role.dispatcher, .writer, .reader] {
            let error = #expect(throws: StoreError.self) { try SQLiteStore.open(path: path, role: role) }
            #expect(error?.code == (role.writes ? .replaced : .missing))
            #expect(error?.message.contains("a store was here: put it back, or delete \(path).lock") == true)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        rename(folder.file("away"), path)
        let store = try SQLiteStore.open(path: path, role: .writer)
        #expect(try await store.event("old") != nil)
        #expect(!store.isNew)
        store.close()
        // To begin with a new one, as the message says.
        unlink(path)
        for suffix in ["-wal", "-shm", ".lock"] { unlink(path + suffix) }
        let new = try SQLiteStore.open(path: path, role: .writer)
        #expect(new.isNew)
        new.close()
    }

    @Test("A log or shared memory of any size tells that a store was there", arguments: ["-wal", "-shm", "-journal"])
    func leftovers(_ suffix: String) async throws {
        #expect(FileManager.default.createFile(atPath: path + suffix, contents: nil))
        #expect(await storeError { try SQLiteStore.open(path: path, role: .writer) } == .replaced)
        unlink(path + suffix)
        try SQLiteStore.open(path: path, role: .writer).close()
    }

    @Test("A lock whose holder has made no store yet is in nobody's way")
    func firstStart() throws {
        let lock = try DispatcherLock.acquire(path: path, role: "run")
        try SQLiteStore.open(path: path, role: .writer).close()
        lock.release()
    }

    @Test("A log of another store is never written over a database", arguments: [true, false])
    func strangeLog(_ hasLock: Bool) async throws {
        try await makeStore(path, event: "old")
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        if !hasLock { unlink(path + ".lock") }
        rename(path, folder.file("away"))
        // Another store in its place, whose rows are in its log alone.
        let other = folder.file("b/store.sqlite")
        let new = try SQLiteStore.open(path: other, role: .writer)
        _ = try await new.append(.sample("new"), target: nil)
        new.close()
        for suffix in ["-wal", "-shm"] { rename(other + suffix, path + suffix) }
        rename(folder.file("away"), path)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        for role in [SQLiteStore.Role.dispatcher, .writer, .reader] {
            let error = #expect(throws: StoreError.self) { try SQLiteStore.open(path: path, role: role) }
            #expect(error?.code == .replaced)
            #expect(error?.message.contains("move \(path)-wal and \(path)-shm away") == true)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        // As the message says; what it holds can be read where it belongs.
        for suffix in ["-wal", "-shm"] { rename(path + suffix, other + suffix) }
        let old = try SQLiteStore.open(path: path, role: .dispatcher)
        #expect(try await old.event("old") != nil)
        #expect(try await old.event("new") == nil)
        old.close()
        let rescued = try SQLiteStore.open(path: other, role: .writer)
        #expect(try await rescued.event("new") != nil)
        rescued.close()
    }

    @Test("Another store in the place of the one that was here is refused, and `check` says so")
    func another() async throws {
        try await makeStore(path, event: "old")
        let other = folder.file("b/store.sqlite")
        try await makeStore(other, event: "new")
        // A copy of the same store is no other: a backup is put back like this.
        rename(path, folder.file("away"))
        let copy = try Data(contentsOf: URL(fileURLWithPath: folder.file("away")))
        try copy.write(to: URL(fileURLWithPath: path))
        try SQLiteStore.open(path: path, role: .writer).close()
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        rename(other, path)
        for role in [SQLiteStore.Role.dispatcher, .writer] {
            let error = #expect(throws: StoreError.self) { try SQLiteStore.open(path: path, role: role) }
            #expect(error?.code == .replaced)
            #expect(error?.message.contains("delete \(path).lock to go on with this one") == true)
        }
        let reader = try SQLiteStore.open(path: path, role: .reader)
        #expect(try await reader.event("new") != nil)
        #expect(try await reader.integrityProblems().first?.contains("another store") == true)
        reader.close()
        unlink(path + ".lock")
        let store = try SQLiteStore.open(path: path, role: .dispatcher)
        #expect(try await store.integrityProblems() == [])
        store.close()
    }

    @Test("A database that was emptied is not made into a new store")
    func emptied() async throws {
        try await makeStore(path, event: "old")
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        truncate(path, 0)
        #expect(await storeError { try SQLiteStore.open(path: path, role: .writer) } == .replaced)
    }

    @Test("A path with characters that mean something in a URI")
    func oddNames() throws {
        let odd = folder.file("a%20?b#c/store.sqlite")
        let store = try SQLiteStore.open(path: odd, role: .dispatcher)
        try store.checkpoint()
        let seen = try store.reader.read { try StoreIdentity.read(StoreDatabase($0, .standard)) }
        #expect(seen != nil && StoreIdentity.readWithoutLog(store.files) == seen)
        store.close()
    }
}
