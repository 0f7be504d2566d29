import Foundation
import GRDB
import GRDBSQLite
import Synchronization
import Testing
import WebhookCore

@testable import WebhooksSQLite

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

    @Test("A dispatcher gets its turn within a number of the host's transactions")
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
        #expect(await store.hasExternalWrites())
        var batch = StoreBatch()
        batch.reads.pendingEvents = 5
        batch.reads.pendingEventsDueBy = Timestamp(milliseconds: .max)
        batch.reads.openSubscriptions = true
        batch.reads.health = true
        #expect(try await store.commit(batch).get().reads.pendingEvents.count == 1)
        #expect(try await store.indexNewRows() == IndexingResult(indexed: 0, left: 1))
        release.signal()
        wait(held)
    }

    private func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }

    @Test("The log is emptied although others write all the time and the dispatcher has nothing to do")
    func log() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let host = Host(pool, rows: 20, bytes: 20_000)
        var largest = 0
        var results: [CheckpointResult: Int] = [:]
        // As its upkeep does, with a smaller bound.
        while results[.emptied, default: 0] + results[.restarted, default: 0] < 3 {
            let size = store.walSize()
            largest = max(largest, size)
            if size > 4 * 1024 * 1024 { results[try await store.emptyWAL(), default: 0] += 1 }
            if results.values.reduce(0, +) == 100 { break }
        }
        host.stop()
        #expect(results[.emptied, default: 0] + results[.restarted, default: 0] == 3)
        print("beside a host: \(results), at most \(largest / 1024 / 1024) MiB")
        #expect(try store.checkpoint() == .emptied)
        #expect(store.walSize() == 0)
        #expect(try await store.integrityProblems() == [])
    }

    @Test("Who has read or written, or failed to, is in nobody's way", arguments: ["read", "refused", "written", ""])
    func unfinished(_ access: String) async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        for event in ["e1", "e2"] { _ = try await store.settleOne(event) }
        @Sendable func begin(_ db: StoreDatabase) throws {
            // Two rows, one of which is looked at.
            let rows = try PreparedStatement(db, "SELECT id FROM webhooks_events")
            #expect(try rows.next())
        }
        switch access {
        case "read":
            let name = try #require(try await store.subscriptionNames().first)
            #expect(try await store.openDeliveries(of: name) == OpenDeliveryCount())
        case "refused":
            await #expect(throws: StoreError.self) {
                try await store.read { db in
                    try begin(db)
                    throw StoreError(.damaged, "no")
                }
            }
        case "written": try await store.write { try begin($0.db) }
        default:
            await #expect(throws: StoreError.self) {
                try await store.write { session in
                    try begin(session.db)
                    throw StoreError(.damaged, "no")
                }
            }
        }
        try await pool.write { try $0.execute(sql: "INSERT INTO notes (text) VALUES (x'00')") }
        #expect(try store.checkpoint() == .emptied)
        #expect(store.walSize() == 0)
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

    /// A host that works step by step, with the number of pages that its last commit has found in the log.
    private final class SteppedHost {
        let queue: DatabaseQueue
        private(set) var pages: Int32 = 0

        init(_ path: String) throws {
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            queue = try DatabaseQueue(path: path, configuration: configuration)
            queue.unsafeReentrantWrite { db in
                _ = sqlite3_wal_hook(
                    db.sqliteConnection,
                    { context, _, _, pages in
                        context.map { Unmanaged<SteppedHost>.fromOpaque($0).takeUnretainedValue().pages = pages }
                        return SQLITE_OK
                    },
                    Unmanaged.passUnretained(self).toOpaque()
                )
            }
        }

        func begin() throws {
            try queue.unsafeReentrantWrite { db in
                try db.beginTransaction(.immediate)
                try db.execute(sql: "INSERT INTO notes (text) VALUES (zeroblob(10000))")
            }
        }

        func commit() throws { try queue.unsafeReentrantWrite { try $0.commit() } }
    }

    @Test("One turn is enough: the log begins again although somebody writes whenever the dispatcher doesn't")
    func oneTurn() throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let host = try SteppedHost(folder.file())
        for _ in 0..<100 {
            try host.begin()
            try host.commit()
        }
        let before = host.pages
        #expect(before > 200)
        store.checkpointer.turnLimit = .milliseconds(5)
        var steps: [Checkpointer.Step] = []
        store.checkpointer.interlude = { step in
            steps.append(step)
            do {
                switch step {
                case .cuttingOff: try host.begin()
                case .takingTurn:
                    try host.commit()
                    // What was written since the first look is in the log, too.
                    try host.begin()
                    try host.commit()
                case .moved: try host.begin()
                }
            } catch {
                Issue.record(error)
            }
        }
        #expect(try store.checkpoint() == .restarted)
        #expect(steps == [.cuttingOff, .takingTurn, .moved])
        try host.commit()
        #expect(host.pages < 10, "of \(before) before")
        // A large log is moved in a turn at once.
        store.checkpointer.largeLog = 1
        steps = []
        store.checkpointer.interlude = { steps.append($0) }
        #expect(try store.checkpoint() == .emptied)
        #expect(steps == [.takingTurn, .moved, .cuttingOff])
        #expect(store.walSize() == 0)
        #expect(try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 103)
        #expect(try pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    @Test("A host's connection cuts the log's file off when it begins again")
    func sizeLimit() throws {
        let limit = try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA journal_size_limit") }
        #expect(limit == Connection.keptWAL)
    }
}
