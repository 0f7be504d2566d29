import Foundation
import GRDB
import Synchronization
import Testing
import WebhookCore

@testable import SQLiteStore

@Suite("Beside a host that writes without pause")
struct BesideAHostTests {
    let folder: TemporaryFolder
    let pool: DatabasePool

    init() throws {
        folder = try TemporaryFolder()
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        pool = try DatabasePool(path: folder.file(), configuration: configuration)
        try SQLiteStore.prepare(pool)
        try pool.write { try $0.execute(sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text BLOB)") }
    }

    /// A host whose next transaction begins within microseconds of its last.
    private final class Host: Sendable {
        let transactions = Mutex(0)
        private let isOver = Mutex(false)
        private let group = DispatchGroup()

        init(_ pool: DatabasePool, rows: Int, bytes: Int) {
            group.enter()
            Thread.detachNewThread { [self] in
                while !isOver.withLock({ $0 }) {
                    try? pool.write { db in
                        for _ in 0..<rows {
                            try db.execute(sql: "INSERT INTO notes (text) VALUES (zeroblob(?))", arguments: [bytes])
                        }
                    }
                    transactions.withLock { $0 += 1 }
                }
                group.leave()
            }
        }

        func stop() {
            isOver.withLock { $0 = true }
            group.wait()
        }
    }

    @Test("A dispatcher gets its turn within so many of the host's transactions")
    func turns() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let host = Host(pool, rows: 500, bytes: 10)
        while host.transactions.withLock({ $0 }) < 3 { await Task.yield() }
        let start = host.transactions.withLock { $0 }
        let commits = 30
        for index in 0..<commits { #expect(try await store.settleOne("e\(index)") != nil) }
        let turns = host.transactions.withLock { $0 } - start
        host.stop()
        print("beside a host: \(commits) commits within \(turns) of its transactions")
        #expect(turns < commits * 200)
        #expect(try await store.integrityProblems() == [])
    }

    @Test("What only reads waits for no writer")
    func reads() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        try await pool.write { db in _ = try SQLiteStore.append(.sample("e1"), in: db) }
        // A transaction that ends only when the reads are done.
        let (held, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let pool = pool
        Thread.detachNewThread {
            try? pool.write { db in
                try db.execute(sql: "INSERT INTO notes (text) VALUES (x'00')")
                held.signal()
                release.wait()
            }
            held.signal()
        }
        wait(held)
        #expect(await store.hasForeignWrites())
        var batch = StoreBatch()
        batch.reads.pendingEvents = 5
        batch.reads.pendingEventsDueBy = Timestamp(milliseconds: .max)
        batch.reads.openSubscriptions = true
        batch.reads.health = true
        #expect(try await store.commit(batch).get().reads.pendingEvents.count == 1)
        #expect(try await store.listNewRows() == ListingResult(listed: 0, left: 1))
        release.signal()
        wait(held)
    }

    private func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }

    @Test("The log is emptied although others write all the time and the dispatcher has nothing to do")
    func log() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let host = Host(pool, rows: 20, bytes: 20_000)
        var largest = 0
        var emptied = 0
        var tries = 0
        // As its upkeep does, with a smaller bound.
        while emptied < 3 {
            let size = store.walSize()
            largest = max(largest, size)
            if size > 4 * 1024 * 1024 {
                tries += 1
                if try await store.emptyWAL() == .emptied { emptied += 1 }
            }
            if tries == 100 { break }
        }
        host.stop()
        #expect(emptied == 3)
        print("beside a host: emptied \(emptied) times of \(tries), at most \(largest / 1024 / 1024) MiB")
        #expect(try store.checkpoint() == .emptied)
        #expect(store.walSize() == 0)
        #expect(try await store.integrityProblems() == [])
    }

    @Test("Who is in the way is told")
    func obstacles() throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        try pool.write { try $0.execute(sql: "INSERT INTO notes (text) VALUES (x'00')") }
        let other = try DatabaseQueue(path: folder.file())
        var results: [CheckpointResult] = []
        try other.inTransaction(.immediate) { _ in
            results.append(try store.checkpoint())
            return .rollback
        }
        try other.inTransaction(.deferred) { db in
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM notes")
            results.append(try store.checkpoint())
            return .rollback
        }
        results.append(try store.checkpoint())
        #expect(results == [.writerInTheWay, .readerInTheWay, .emptied])
    }
}
