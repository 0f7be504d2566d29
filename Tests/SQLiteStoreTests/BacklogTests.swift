import GRDB
import GRDBSQLite
import Testing
import WebhookCore

@testable import WebhooksSQLite

/// What is counted of what waits, for metrics and `status`.
@Suite("What waits")
struct BacklogTests {
    let folder: TemporaryFolder
    let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
    }

    private func accept(_ id: String, at milliseconds: Int64, _ starts: [(String, NewDelivery.Start)]) async throws {
        var batch = StoreBatch()
        let new = starts.map { subscription, start in
            NewDelivery(subscription: subscription, mode: .retry, body: 0, contentType: .json, start: start)
        }
        batch.acceptances = [
            Acceptance(
                event: .sample(id),
                createdAt: Timestamp(milliseconds: milliseconds),
                deliveries: NewDeliveries(bodies: ["{}"], deliveries: new)
            )
        ]
        _ = try await store.commit(batch).get()
    }

    @Test("Counts each subscription's own: waiting, due, late, in flight, and the oldest")
    func countsBySubscription() async throws {
        func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
        let base: Int64 = 1_700_000_000_000
        try await accept(
            "1",
            at: base,
            [
                ("a", .pending(dueAt: at(base + 10))), ("a", .pending(dueAt: at(base + 500))),
                ("a", .pending(dueAt: at(base + 5_000))), ("a", .claimed(at: at(base))), ("b", .inOrder),
                ("d", .settled(.failed, .template, detail: nil)),
            ]
        )
        try await accept("2", at: base + 900, [("b", .inOrder), ("c", .claimed(at: at(base + 900)))])
        for _ in 0..<2 {
            let backlog = try await store.backlog(at: at(base + 1_000), late: at(base + 100))
            let found = backlog.subscriptions.map { "\($0.name) \($0.waiting) \($0.due) \($0.late) \($0.inFlight)" }
            #expect(found == ["a 3 2 1 1", "b 2 2 1 0", "c 0 0 0 1"])
            #expect(backlog.subscriptions.map(\.oldestDueAt) == [at(base + 10), at(base), nil])
        }
    }

    @Test("What was made due by hand is late from then on, and hides nothing that is late already")
    func byHand() async throws {
        let far = Timestamp.now + .seconds(3600)
        let old = Timestamp.now - .seconds(3600)
        try await accept("1", at: 1, [("a", .pending(dueAt: far)), ("b", .pending(dueAt: old)), ("b", .inOrder)])
        let before = Timestamp.now
        let ids = try await store.deliveries(DeliveryQuery()).map(\.id).filter { $0.rawValue < 3 }
        #expect(try await store.retry(ids) == [.due, .due])
        let backlog = try await store.backlog(at: far, late: before - .seconds(1))
        let found = backlog.subscriptions.map { "\($0.name) \($0.waiting) \($0.due) \($0.late)" }
        #expect(found == ["a 1 1 0", "b 2 2 1"])
        #expect(backlog.subscriptions[0].oldestDueAt.map { $0 >= before && $0 < far } == true)
        #expect(backlog.subscriptions[1].oldestDueAt == Timestamp(milliseconds: 1))
        let late = try await store.backlog(at: far, late: far)
        #expect(late.subscriptions.map(\.late) == [1, 2])
        let next = try await store.deliveries(DeliveryQuery()).last?.nextAttemptAt
        #expect(next.map { $0 >= before && $0 < far } == true)
    }

    @Test("Compiles its statements once, however many subscriptions there are")
    func compilesOnce() async throws {
        let now = Timestamp(milliseconds: 1_000)
        func statements() async throws -> Int {
            _ = try await store.backlog(at: now, late: now)
            return try await store.read { db in
                var (count, statement) = (0, sqlite3_next_stmt(db.sqliteConnection, nil))
                while let current = statement {
                    count += 1
                    statement = sqlite3_next_stmt(db.sqliteConnection, current)
                }
                return count
            }
        }
        try await accept("1", at: 1, [("a", .pending(dueAt: now))])
        let one = try await statements()
        #expect(one >= 7, "they are kept")
        try await accept("2", at: 1, (0..<50).map { ("s\($0)", .pending(dueAt: now)) })
        #expect(try await statements() == one)
    }
}
