import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

/// By their plans, these statements take a page out of any number of rows: each goes down one index to where it begins,
/// and reads on in order.
@Suite("Plans of the log's statements")
struct SearchPlanTests {
    let folder: TemporaryFolder
    let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore.open(path: folder.file(), role: .writer)
    }

    @Test(
        "A key's next row is one look-up",
        arguments: [
            (IDSequences.byTerm, "SEARCH webhooks_terms USING PRIMARY KEY (kind=? AND term=? AND id>? AND id<?)"),
            (
                IDSequences.byState,
                "SEARCH webhooks_deliveries USING COVERING INDEX webhooks_deliveries_state "
                    + "(subscription=? AND state=? AND indexed=? AND rowid>? AND rowid<?)"
            ),
            (
                IDSequences.byFlight,
                "SEARCH webhooks_deliveries USING INDEX webhooks_deliveries_in_flight "
                    + "(subscription=? AND rowid>? AND rowid<?)"
            ),
        ]
    )
    func sequences(_ sql: String, _ plan: String) throws {
        #expect(try self.plan(of: sql) == [plan])
    }

    @Test("A page by id reads backwards from where it begins")
    func byID() throws {
        var conditions = Conditions()
        conditions.add("d.id > ?", 1)
        conditions.add("d.id < ?", 9)
        conditions.add("d.subscription = ?", 1)
        conditions.add("d.state", oneOf: [1, 4])
        let plan = try plan(of: DeliveryRow.select(conditions, by: "NOT INDEXED"))
        #expect(plan.first == "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)")
        #expect(isOrdered(plan))

        var events = Conditions()
        events.add("e.id > ?", 1)
        events.add("e.id < ?", 9)
        events.add("e.topic = ?", "a.b")
        let list = try self.plan(of: EventRow.select(events, by: ""))
        #expect(list.first == "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)")
        #expect(isOrdered(list))
    }

    @Test("Rows by their ids are looked up one by one")
    func byIDs() throws {
        var conditions = Conditions()
        conditions.add("d.id", oneOf: [1, 2, 3])
        let plan = try plan(of: DeliveryRow.select(conditions, by: "NOT INDEXED"))
        #expect(plan.first == "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)")
        #expect(!plan.contains { $0.hasPrefix("SCAN") })
    }

    @Test("Tests have an index of their own, in order")
    func tests() throws {
        var conditions = Conditions()
        conditions.add("d.id < ?", 9)
        conditions.add("d.test = 1", values: [] as [Int])
        let plan = try plan(of: DeliveryRow.select(conditions, by: "INDEXED BY webhooks_deliveries_test"))
        #expect(plan.first == "SEARCH d USING INDEX webhooks_deliveries_test (test=? AND rowid<?)")
        #expect(isOrdered(plan))
        var events = Conditions()
        events.add("e.test = 1", values: [] as [Int])
        let list = try self.plan(of: EventRow.select(events, by: "INDEXED BY webhooks_events_test"))
        #expect(list.first == "SEARCH e USING INDEX webhooks_events_test (test=?)")
        #expect(isOrdered(list))
    }

    @Test("An event's deliveries come by the event")
    func byEvent() throws {
        var conditions = Conditions()
        conditions.add("d.event IN (SELECT id FROM webhooks_events WHERE event_id IN (?))", values: ["e1"])
        let plan = try plan(of: DeliveryRow.select(conditions, by: "INDEXED BY webhooks_deliveries_event"))
        #expect(plan.first == "SEARCH d USING INDEX webhooks_deliveries_event (event=?)")
        #expect(!plan.contains { $0.hasPrefix("SCAN") })
    }

    @Test("Counts read the index of states and nothing else of what is indexed")
    func counts() throws {
        let select = "SELECT subscription, state, count(*) FROM webhooks_deliveries "
        let indexed = try plan(of: select + StatisticsReport.countsOfIndexed[0])
        #expect(indexed == ["SCAN webhooks_deliveries USING COVERING INDEX webhooks_deliveries_state"])
        let others = try plan(of: select + StatisticsReport.countsOfOthers)
        #expect(others.first == "SEARCH webhooks_deliveries USING INTEGER PRIMARY KEY (rowid>?)")
    }

    private func isOrdered(_ plan: [String]) -> Bool {
        !plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }
    }

    private func plan(of sql: String) throws -> [String] {
        let explain: (Database) throws -> [String] = { db in
            // Its parameters may stay without values.
            let rows = try PreparedStatement(db, "EXPLAIN QUERY PLAN " + sql)
            var steps: [String] = []
            while try rows.next() { steps.append(rows.text(3)) }
            return steps
        }
        return try store.reader.unsafeRead(explain)
    }
}
