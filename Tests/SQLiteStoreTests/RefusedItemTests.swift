import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

/// What people and upkeep do to many rows at once: one that the store refuses is left out and named, the others are done.
@Suite("Items that SQLite refuses")
struct RefusedItemTests {
    let folder: TemporaryFolder
    let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
    }

    static let kinds = ["ABORT", "FAIL", "ROLLBACK"]

    private func host(_ sql: String) throws {
        let host = try DatabaseQueue(path: folder.file())
        try host.writeWithoutTransaction { try $0.execute(sql: sql) }
        try host.close()
    }

    private func trigger(_ what: String, _ condition: String, _ kind: String) throws {
        try host(
            """
            CREATE TRIGGER host BEFORE \(what) WHEN \(condition)
            BEGIN SELECT RAISE(\(kind), 'not this one'); END
            """
        )
    }

    /// Accepts events with a pending delivery each; the deliveries' ids.
    private func pending(_ count: Int) async throws -> [Delivery.ID] {
        let instant = Timestamp(milliseconds: 5)
        let new = NewDelivery.sample(dueAt: instant)
        var batch = StoreBatch()
        batch.acceptances = (1...count).map { number in
            let deliveries = NewDeliveries(bodies: ["body"], deliveries: [new])
            return Acceptance(event: .sample("e\(number)"), createdAt: instant, deliveries: deliveries)
        }
        return try await store.commit(batch).get().acceptances.flatMap { result -> [Delivery.ID] in
            if case .stored(_, let ids) = result { ids } else { [] }
        }
    }

    @Test("Events that are appended together", arguments: kinds)
    func append(_ kind: String) async throws {
        try trigger("INSERT ON webhooks_events", "new.event_id = 'e2'", kind)
        let results = try await store.append([.sample("e1"), .sample("e2"), .sample("e3")])
        #expect(results[1] == .refused(reason: "not this one"))
        #expect(try await store.events(EventQuery()).map(\.id) == ["e3", "e1"])
    }

    @Test("Deliveries that are retried", arguments: kinds)
    func retry(_ kind: String) async throws {
        let ids = try await pending(3)
        try trigger("UPDATE OF due_at ON webhooks_deliveries", "old.id = \(ids[1].rawValue)", kind)
        #expect(try await store.retry(ids) == [.due, .refused("not this one"), .due])
        #expect(try await store.health().map(\.retries) == [1])
    }

    @Test("Events and deliveries that are cancelled", arguments: kinds)
    func cancel(_ kind: String) async throws {
        let ids = try await pending(3)
        _ = try await store.append([.sample("f1"), .sample("f2")])
        try trigger("UPDATE ON webhooks_deliveries", "old.id = \(ids[1].rawValue)", kind)
        try host(
            """
            CREATE TRIGGER other BEFORE DELETE ON webhooks_pending
            WHEN old.event = (SELECT id FROM webhooks_events WHERE event_id = 'f1')
            BEGIN SELECT RAISE(\(kind), 'nor this one'); END
            """
        )
        let at = Timestamp(milliseconds: 9)
        let result = try await store.cancel(events: ["f1", "f2"], deliveries: ids, subscription: nil, at: at)
        #expect(result.deliveries == [ids[0], ids[2]] && result.events == ["f2"])
        #expect(
            result.refused == [
                RefusedItem(id: "f1", reason: "nor this one"),
                RefusedItem(id: ids[1].description, reason: "not this one"),
            ]
        )
    }

    @Test("A subscription's deliveries, portion by portion", arguments: kinds)
    func cancelSubscription(_ kind: String) async throws {
        let ids = try await pending(4)
        try trigger("UPDATE ON webhooks_deliveries", "old.id <= \(ids[1].rawValue)", kind)
        let store = store
        var done: [Delivery.ID] = []
        var refused: [String] = []
        var position: Refill.Position? = .start
        while let start = position {
            let (result, end) = try await store.writeItems { session, trial in
                var cancellation = Cancellation(session: session, trial: trial, instant: Timestamp(milliseconds: 9))
                let end = try cancellation.cancel(subscription: "a", after: start, limit: 2)
                return (cancellation.result, end)
            }
            done += result.deliveries
            refused += result.refused.map(\.id)
            position = end
        }
        #expect(done == Array(ids[2...]) && refused == ids[..<2].map(\.description))
    }

    @Test("Deliveries that are sent again", arguments: kinds)
    func retrigger(_ kind: String) async throws {
        let ids = try await pending(3)
        try trigger("INSERT ON webhooks_deliveries", "new.retrigger_of = \(ids[1].rawValue)", kind)
        let at = Timestamp(milliseconds: 9)
        let result = try await store.insertRetriggers(ids.map { Retrigger(delivery: $0) }, at: at)
        #expect(result.made.count == 2)
        #expect(result.refused == [RefusedItem(id: ids[1].description, reason: "not this one")])
        #expect(try await store.integrityProblems() == [])
    }

    @Test("What is past its retention", arguments: kinds)
    func prune(_ kind: String) async throws {
        var ids: [Delivery.ID] = []
        for number in 1...5 {
            if let id = try await store.settleOne("e\(number)") { ids.append(id) }
        }
        try trigger("DELETE ON webhooks_deliveries", "old.id IN (\(ids[0].rawValue), \(ids[1].rawValue))", kind)
        var total = PruneResult()
        while true {
            let batchSize = try await store.prune(olderThan: Timestamp(milliseconds: 1_000), limit: 2)
            if batchSize.isEmpty { break }
            total.deliveries += batchSize.deliveries
            total.events += batchSize.events
            total.refused += batchSize.refused
        }
        #expect(total.deliveries == 3 && total.events == 3)
        #expect(total.refused == ids[..<2].map { RefusedItem(id: $0.description, reason: "not this one") })
        #expect(try await store.integrityProblems() == [])
    }

    @Test("Rows that are taken into the log's indexes", arguments: kinds)
    func list(_ kind: String) async throws {
        var ids: [Delivery.ID] = []
        for number in 1...4 {
            if let id = try await store.settleOne("e\(number)") { ids.append(id) }
        }
        try trigger("UPDATE OF indexed ON webhooks_deliveries", "old.id = \(ids[1].rawValue)", kind)
        let result = try await store.indexNewRows(batchSize: 4)
        #expect(result.indexed == 8 && result.left == 0)
        #expect(result.refused == [RefusedItem(id: ids[1].description, reason: "not this one")])
        var query = DeliveryQuery()
        query.states = [.failed]
        #expect(try await store.deliveries(query).map(\.id) == [ids[3], ids[2], ids[0]])
    }

    @Test("Where nothing but the refused is asked for, it is named all the same")
    func alone() async throws {
        let ids = try await pending(1)
        try trigger("UPDATE ON webhooks_deliveries", "1", "ABORT")
        #expect(try await store.retry(ids) == [.refused("not this one")])
        let at = Timestamp(milliseconds: 9)
        let result = try await store.cancel(events: [], deliveries: ids, subscription: "a", at: at)
        #expect(result.refused.map(\.id) == [ids[0].description])
    }
}
