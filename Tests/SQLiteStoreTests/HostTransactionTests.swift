import Foundation
import GRDB
import Glibc
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("A host's own transaction")
struct HostTransactionTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Stop: Error {}

    @Test("The event exists if and only if the host's change does")
    func commitAndRollback() async throws {
        let host = try DatabaseQueue(path: folder.file())
        try await host.write { db in
            try db.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY)")
            try SQLiteStore.migrate(db)
        }
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        #expect(await !store.hasExternalWrites())

        try? await host.write { db in
            try db.execute(sql: "INSERT INTO orders VALUES (1)")
            try SQLiteStore.append(.sample("e1"), in: db)
            throw Stop()
        }
        #expect(try await store.event("e1") == nil)
        #expect(await !store.hasExternalWrites())

        let results = try await host.write { db in
            try db.execute(sql: "INSERT INTO orders VALUES (1)")
            return [
                try SQLiteStore.append(.sample("e1", data: "[1]"), in: db, at: Timestamp(milliseconds: 9)),
                try SQLiteStore.append(.sample("e1", data: "[1]"), in: db),
                try SQLiteStore.append(.sample("e2"), in: db),
            ]
        }
        guard case .stored(let row, []) = results[0], case .stored(let next, []) = results[2] else {
            Issue.record("not stored: \(results)")
            return
        }
        #expect(results[1] == .duplicate(event: row))
        #expect(next == row + 1)
        #expect(await store.hasExternalWrites())
        #expect(try await store.event("e1") == .sample("e1", data: "[1]"))
        var batch = StoreBatch()
        batch.reads.pendingEvents = 5
        batch.reads.pendingEventsDueBy = Timestamp(milliseconds: 9)
        let reads = try await store.commit(batch).get().reads
        // Due whatever a clock says.
        #expect(reads.pendingEvents.map(\.row) == [row, next])
        #expect(reads.nextEventDue == nil)
    }

    private func refusal(_ operation: () throws -> Void) -> HostTransactionError.Code? {
        do {
            try operation()
            return nil
        } catch {
            return (error as? HostTransactionError)?.code
        }
    }

    private func append(_ id: String, _ host: any DatabaseWriter, data: ByteString = "{}") -> HostTransactionError.Code?
    {
        refusal { try host.write { db in _ = try SQLiteStore.append(.sample(id, data: data), in: db) } }
    }

    @Test("A conflict ends the host's transaction: nothing of it stays")
    func conflict() throws {
        let host = try DatabaseQueue(path: folder.file())
        try SQLiteStore.prepare(host)
        try host.write { db in
            try db.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY)")
            try SQLiteStore.append(.sample("e1", data: "[1]"), in: db)
        }
        let code = refusal {
            try host.write { db in
                try db.execute(sql: "INSERT INTO orders VALUES (1)")
                _ = try SQLiteStore.append(.sample("e1", data: "[2]"), in: db)
            }
        }
        #expect(code == .conflict)
        #expect(try host.rows("orders") == 0)
    }

    @Test("Outside of a transaction there is nothing that the event belongs to")
    func outside() throws {
        let host = try DatabaseQueue(path: folder.file())
        try SQLiteStore.prepare(host)
        let code = refusal {
            try host.writeWithoutTransaction { db in _ = try SQLiteStore.append(.sample("e1"), in: db) }
        }
        #expect(code == .noTransaction)
        #expect(try host.rows("webhooks_events") == 0)
    }

    @Test("A pool that follows GRDB's default is refused, and is durable once it is prepared")
    func durability() throws {
        var configuration = Configuration()
        // Overwritten by the pool.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let pool = try DatabasePool(path: folder.file(), configuration: configuration)
        try pool.write { try SQLiteStore.migrate($0) }
        #expect(append("e1", pool) == .notDurable)
        try SQLiteStore.prepare(pool)
        #expect(append("e1", pool) == nil)
        for (level, code) in [("OFF", .notDurable), ("EXTRA", nil)] as [(String, HostTransactionError.Code?)] {
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = \(level)") }
            #expect(append("e2", pool) == code)
        }
        let pages = try pool.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint") }
        #expect(pages == 0)
    }

    @Test("A host whose files were taken away is told before it commits", arguments: ["", "-wal", "-shm"])
    func files(_ suffix: String) throws {
        for (isFirst, isReplaced) in [(false, false), (true, false), (false, true), (true, true)] {
            let folder = try TemporaryFolder()
            let pool = try DatabasePool(path: folder.file())
            try SQLiteStore.prepare(pool)
            if !isFirst { #expect(append("e1", pool) == nil) }
            unlink(folder.file() + suffix)
            if isReplaced {
                #expect(FileManager.default.createFile(atPath: folder.file() + suffix, contents: nil))
            }
            let code = append("e2", pool)
            #expect(code == .replaced, "\(suffix) \(isFirst) \(isReplaced)")
        }
        let folder = try TemporaryFolder()
        let pool = try DatabasePool(path: folder.file())
        try SQLiteStore.prepare(pool)
        link(folder.file() + suffix, folder.file("second"))
        #expect(append("e2", pool) == .replaced)
    }

    @Test("Rows of pruned events are not given out again here either")
    func prunedRows() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        _ = try await store.settleOne("e1")
        let pruned = try await store.prune(olderThan: Timestamp(milliseconds: 100), limit: 10)
        #expect(pruned == PruneResult(events: 1, deliveries: 1, attempts: 0))
        let host = try DatabaseQueue(path: folder.file())
        #expect(
            try await host.write { try SQLiteStore.append(.sample("e2"), in: $0) } == .stored(event: 2, deliveries: [])
        )
    }
}

extension DatabaseReader {
    /// The number of a table's rows.
    func rows(_ table: String) throws -> Int? {
        try read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") }
    }
}
