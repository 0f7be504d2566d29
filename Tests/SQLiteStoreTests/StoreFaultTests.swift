import Foundation
import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Faults of the disk")
struct StoreFaultTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A full disk refuses, and the store goes on when there is room")
    func full() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let large = Event.sample("e1", data: ByteString(Array(repeating: 0x20, count: 500_000)))
        try await store.limitPages(true)
        #expect(await storeError { try await store.append(large, target: nil) } == .full)
        #expect(try await store.event("e1") == nil)
        try await store.limitPages(false)
        guard case .stored = try await store.append(large, target: nil) else {
            Issue.record("not stored")
            return
        }
        #expect(try await store.event("e1") == large)
    }

    @Test("Overwritten pages are found, and named with their file")
    func damagedPages() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        for index in 0..<200 { _ = try await store.settleOne("e\(index)") }
        store.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        // All but the first page, which holds the schema.
        for index in 4_096..<bytes.count { bytes[index] = 0xFF }
        try bytes.write(to: URL(fileURLWithPath: folder.file()))

        let reader = try? SQLiteStore.open(path: folder.file(), role: .reader)
        #expect(reader == nil, "the version's own page is damaged")
        let error = #expect(throws: StoreError.self) {
            try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(folder.file()) == true)
    }

    @Test("A damaged table is found by whoever meets it, and by the check")
    func damagedTable() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        for index in 0..<200 { _ = try await store.settleOne("e\(index)") }
        let page = try #require(
            try await store.reader.read { db in
                try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'webhooks_deliveries'")
            }
        )
        store.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        for index in (page - 1) * 4_096..<page * 4_096 { bytes[index] = 0xFF }
        try bytes.write(to: URL(fileURLWithPath: folder.file()))

        let damaged = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        #expect(await storeError { try await damaged.integrityProblems() } == .damaged)
        #expect(await storeError { try await damaged.deliveries(DeliveryQuery()) } == .damaged)
        #expect(await storeError { try await damaged.settleOne("new") } == .damaged)
        let error = await #expect(throws: StoreError.self) { try await damaged.integrityProblems() }
        #expect(error?.message.contains(folder.file()) == true)
    }

    @Test("What contradicts itself is reported, and is no damage")
    func brokenInvariant() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let id = try #require(try await store.settleOne("e1"))
        try await store.writer?.write { try $0.execute(sql: "DELETE FROM webhooks_bodies") }
        #expect(try await store.integrityProblems() == ["delivery whose body is gone: \(id.rawValue)"])
        try await store.writer?.write { try $0.execute(sql: "DELETE FROM webhooks_events") }
        #expect(try await store.integrityProblems().count == 2)
    }

    @Test("Something else than a database is refused")
    func noDatabase() async throws {
        let file = folder.file("notes.txt")
        try Data(String(repeating: "no database", count: 1_000).utf8).write(to: URL(fileURLWithPath: file))
        #expect(await storeError { try SQLiteStore.open(path: file, role: .dispatcher) } == .damaged)
        #expect(await storeError { try SQLiteStore.open(path: file, role: .reader) } == .damaged)
        // A file where the folder should be, and a folder where the file should be.
        #expect(await storeError { try SQLiteStore.open(path: file + "/s.sqlite", role: .writer) } == .unavailable)
        #expect(await storeError { try SQLiteStore.open(path: folder.path, role: .dispatcher) } == .unavailable)
    }

    @Test(
        "SQLite's errors mean what they should",
        arguments: [
            (ResultCode.SQLITE_FULL, StoreError.Code.full), (.SQLITE_IOERR_SHMSIZE, .full),
            (.SQLITE_READONLY, .readOnly),
            (.SQLITE_READONLY_DIRECTORY, .readOnly), (.SQLITE_READONLY_DBMOVED, .replaced),
            (.SQLITE_CORRUPT, .damaged),
            (.SQLITE_CORRUPT_INDEX, .damaged), (.SQLITE_NOTADB, .damaged), (.SQLITE_BUSY, .busy),
            (.SQLITE_BUSY_SNAPSHOT, .busy), (.SQLITE_IOERR_WRITE, .unavailable), (.SQLITE_IOERR_SHORT_READ, .damaged),
            (.SQLITE_PROTOCOL, .busy), (.SQLITE_CANTOPEN, .unavailable),
        ]
    )
    func mapping(_ code: ResultCode, _ expected: StoreError.Code) {
        let error = StoreError(DatabaseError(resultCode: code) as any Error, path: "/x.sqlite")
        #expect(error.code == expected)
        #expect(error.message.contains("/x.sqlite"))
    }

    @Test("What can't be written is named, be it the database or a file beside it")
    func unwritable() throws {
        let files = StoreFiles(folder.file())
        _ = try files.create()
        let others = [files.path, files.wal]
        for file in others.dropFirst() { try Data().write(to: URL(fileURLWithPath: file)) }
        #expect(files.unwritable { _ in true } == nil)
        for file in others { #expect(files.unwritable { $0 != file } == file) }
        #expect(files.unwritable { $0 != files.sharedMemory } == nil, "it is not there")
    }

    @Test("A log is moved at 16 MiB, and sooner where that would be much of the disk")
    func logOnASmallDisk() {
        let mebibyte = 1024 * 1024
        #expect(Checkpointer(diskSize: nil).pages == 4_000)
        #expect(Checkpointer(diskSize: 1024 * 1024 * mebibyte).pages == 4_000)
        #expect(Checkpointer(diskSize: 64 * mebibyte).pages == 2_048)
        #expect(Checkpointer(diskSize: 3 * mebibyte).pages == 96)
        #expect(Checkpointer(diskSize: mebibyte).pages == 64)
    }

    @Test("Another program that holds the database is waited for, then reported")
    func busy() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .writer)
        _ = try store.pragma("busy_timeout = 0")
        let host = try DatabaseQueue(path: folder.file())
        let (held, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let thread = Thread {
            try? host.inTransaction(.immediate) { _ in
                held.signal()
                release.wait()
                return .rollback
            }
            held.signal()
        }
        thread.start()
        wait(held)
        #expect(await storeError { try await store.append(.sample("e1"), target: nil) } == .busy)
        release.signal()
        wait(held)
        _ = try await store.append(.sample("e1"), target: nil)
        #expect(try await store.event("e1") != nil)
    }

    private func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }

    @Test(
        "Headers that are cut off or made up are damage",
        arguments: [
            [], [2], [1], [1, 1], [1, 1, 5, 65], [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [1, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0],
        ] as [[UInt8]]
    )
    func headers(_ bytes: [UInt8]) {
        #expect(throws: StoreError.self) { try HeaderCoding.decode(ByteString(bytes)) }
    }
}
