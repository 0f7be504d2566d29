import GRDB
import Testing
import WebhookCore

@testable import SQLiteStore

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
        #expect(await !store.hasForeignWrites())

        try? await host.write { db in
            try db.execute(sql: "INSERT INTO orders VALUES (1)")
            try SQLiteStore.append(.sample("e1"), in: db)
            throw Stop()
        }
        #expect(try await store.event("e1") == nil)
        #expect(await !store.hasForeignWrites())

        let results = try await host.write { db in
            try db.execute(sql: "INSERT INTO orders VALUES (1)")
            return [
                try SQLiteStore.append(.sample("e1", data: "[1]"), in: db, at: Timestamp(milliseconds: 9)),
                try SQLiteStore.append(.sample("e1", data: "[1]"), in: db),
                try SQLiteStore.append(.sample("e1", data: "[2]"), in: db),
                try SQLiteStore.append(.sample("e2"), in: db),
            ]
        }
        guard case .stored(let row, []) = results[0], case .stored(let next, []) = results[3] else {
            Issue.record("not stored: \(results)")
            return
        }
        #expect(results[1...2] == [.duplicate(event: row), .conflict])
        #expect(next == row + 1)
        #expect(await store.hasForeignWrites())
        #expect(try await store.event("e1") == .sample("e1", data: "[1]"))
        var batch = StoreBatch()
        batch.reads.pendingEvents = 5
        batch.reads.pendingEventsDueBy = Timestamp(milliseconds: 9)
        let reads = try await store.commit(batch).get().reads
        // Due whatever a clock says.
        #expect(reads.pendingEvents.map(\.row) == [row, next])
        #expect(reads.nextEventDue == nil)
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
