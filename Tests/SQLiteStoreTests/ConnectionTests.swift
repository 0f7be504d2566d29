import Foundation
import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Connections")
struct ConnectionTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A dispatcher writes durably and is the only one that checkpoints")
    func settings() throws {
        let dispatcher = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let writer = try SQLiteStore.open(path: folder.file(), role: .writer)
        for store in [dispatcher, writer] {
            #expect(try store.pragma("journal_mode") == "wal")
            #expect(try store.pragma("synchronous") == "2")
            #expect(try store.pragma("temp_store") == "2")
            #expect(try store.pragma("foreign_keys") == "0")
            #expect(try store.pragma("mmap_size") == "0")
            #expect(try store.pragma("trusted_schema") == "0")
            #expect(try store.pragma("trusted_schema", onReader: true) == "0")
            // Nobody checkpoints but the dispatcher, and that one by itself.
            #expect(try store.pragma("wal_autocheckpoint") == "0")
            #expect(try store.pragma("wal_autocheckpoint", onReader: true) == "0")
            #expect(try store.pragma("application_id") == "0")
            #expect(try store.pragma("user_version") == "0")
        }
        #expect(throws: StoreError.self) { try writer.checkpoint() }
    }

    @Test("what is asked of a store that is closed fails, and nothing else happens")
    func closed() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        _ = try await store.append(.sample("e1"), target: nil)
        store.close()
        #expect(await storeError { try await store.read { try Schema.version(of: $0) } } != nil)
        #expect(await storeError { try await store.append(.sample("e2"), target: nil) } != nil)
        #expect(await storeError { try await store.indexNewRows(batchSize: 1) } != nil)
    }

    @Test("Folder and file are made for their owner alone")
    func permissions() throws {
        let path = folder.file("a/b/store.sqlite")
        let store = try SQLiteStore.open(path: path, role: .writer)
        #expect(try folder.mode(of: folder.file("a")) == 0o700)
        #expect(try folder.mode(of: folder.file("a/b")) == 0o700)
        for suffix in ["", "-wal", "-shm"] { #expect(try folder.mode(of: path + suffix) == 0o600) }
        store.close()
    }

    @Test("A reader makes nothing")
    func reader() async throws {
        let path = folder.file("a/store.sqlite")
        #expect(await storeError { try SQLiteStore.open(path: path, role: .reader) } == .missing)
        #expect(!FileManager.default.fileExists(atPath: folder.file("a")))
        let empty = folder.file("empty.sqlite")
        #expect(FileManager.default.createFile(atPath: empty, contents: nil))
        #expect(await storeError { try SQLiteStore.open(path: empty, role: .reader) } == .missing)
        #expect(try FileManager.default.attributesOfItem(atPath: empty)[.size] as? Int == 0)
    }

    @Test("A reader reads a store that nobody else has open, and writes nothing to it")
    func lonelyReader() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        _ = try await store.append(.sample("e1"), target: nil)
        store.close()
        #expect(!FileManager.default.fileExists(atPath: folder.file() + "-wal"))
        let reader = try SQLiteStore.open(path: folder.file(), role: .reader)
        #expect(try await reader.event("e1") != nil)
        #expect(await storeError { try await reader.append(.sample("e2"), target: nil) } == .readOnly)
        #expect(await !reader.hasExternalWrites())
    }

    @Test("A writer leaves the log behind, a dispatcher that closes empties it")
    func closing() async throws {
        let writer = try SQLiteStore.open(path: folder.file(), role: .writer)
        _ = try await writer.append(.sample("e1"), target: nil)
        writer.close()
        let dispatcher = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        #expect(dispatcher.walSize() > 0)
        try dispatcher.checkpoint()
        #expect(dispatcher.walSize() == 0)
        #expect(try await dispatcher.event("e1") != nil)
    }

    @Test("The log is seen to grow while a reader holds its transaction")
    func logGrowth() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let host = try DatabaseQueue(path: folder.file())
        try host.inTransaction(.deferred) { db in
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM webhooks_events")
            try store.writer?.unsafeRead { db in
                for index in 0..<50 {
                    try db.inTransaction {
                        try SQLiteStore.append(.sample("e\(index)"), in: db)
                        return .commit
                    }
                }
            }
            let grown = store.walSize()
            #expect(try store.checkpoint() == .readerInTheWay)
            #expect(store.walSize() >= grown && grown > 0)
            return .commit
        }
        #expect(try store.checkpoint() == .emptied)
        #expect(store.walSize() == 0)
    }

    @Test("Whatever the log's date and size say, a write is noticed once, when it can be seen")
    func quietLog() async throws {
        let dispatcher = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let writer = try SQLiteStore.open(path: folder.file(), role: .writer)
        _ = try await writer.append([.sample("first")])
        // Room that commits are written into without a change of the size.
        let log = try FileHandle(forUpdating: URL(fileURLWithPath: folder.file() + "-wal"))
        try log.truncate(atOffset: 1 << 20)
        try log.close()
        let long = Date(timeIntervalSince1970: 1_700_000_000)
        try setLogDate(long)
        #expect(await dispatcher.hasExternalWrites())
        for number in 0..<3 {
            #expect(await !dispatcher.hasExternalWrites())
            let before = WALStamp(folder.file() + "-wal")
            _ = try await writer.append([.sample("a\(number)")])
            // As after a commit whose frames were written before the last look, and that the disk has only now.
            try setLogDate(long)
            #expect(before != nil && WALStamp(folder.file() + "-wal") == before)
            // One look of some asks, about one a second.
            var looks = 1
            while await !dispatcher.hasExternalWrites() {
                looks += 1
                try #require(looks <= QuietWAL.mostSkipped + 1)
            }
        }
    }

    @Test("At rest nothing is indexed, and what comes then is")
    func indexingAtRest() async throws {
        let dispatcher = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let writer = try SQLiteStore.open(path: folder.file(), role: .writer)
        _ = try await writer.append((0..<5).map { .sample("a\($0)") })
        try setLogDate(Date(timeIntervalSince1970: 1_700_000_000))
        #expect(try await dispatcher.indexNewRows(batchSize: 6) == IndexingResult(indexed: 0, left: 5))
        let isKnown = dispatcher.indexedWAL.withLock { $0?.stamp == WALStamp(folder.file() + "-wal") }
        #expect(isKnown)
        #expect(try await dispatcher.indexNewRows(batchSize: 6) == IndexingResult(indexed: 0, left: 5))
        // A smaller batch is another question.
        #expect(try await dispatcher.indexNewRows(batchSize: 2).indexed == 2)
        _ = try await writer.append((5..<10).map { .sample("a\($0)") })
        #expect(try await dispatcher.indexNewRows(batchSize: 6) == IndexingResult(indexed: 6, left: 2))
    }

    private func setLogDate(_ date: Date) throws {
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: folder.file() + "-wal")
    }

    @Test("Another connection's ten thousand events are noticed and all there")
    func storm() async throws {
        let dispatcher = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let writer = try SQLiteStore.open(path: folder.file(), role: .writer)
        #expect(await !dispatcher.hasExternalWrites())
        for batchSize in 0..<100 {
            _ = try await writer.append((0..<100).map { .sample("e\(batchSize)-\($0)") })
            #expect(await dispatcher.hasExternalWrites())
        }
        #expect(await !dispatcher.hasExternalWrites())
        var batch = StoreBatch()
        batch.reads.pendingEvents = 20_000
        batch.reads.pendingEventsDueBy = Timestamp(milliseconds: .max)
        #expect(try await dispatcher.commit(batch).get().reads.pendingEvents.count == 10_000)
        #expect(try await dispatcher.integrityProblems() == [])
    }
}
