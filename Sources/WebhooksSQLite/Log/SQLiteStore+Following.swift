internal import GRDB
package import WebhookCore

/// A place in the life of a store's deliveries: what has been seen of them, to tell what has changed since.
package struct DeliveryCursor: Sendable {
    /// The progress of a delivery at the last look.
    struct Step: Sendable, Equatable {
        var state: Int
        var attempts: Int
    }

    /// The newest delivery that was seen.
    var newest: Int64
    /// Open ones.
    var open: [Int64: Step]
    /// The connection's count of others' commits.
    var version: Int64

    /// At most this number of open deliveries is watched: those that are due first. Of more, one that is changed by hand
    /// (cancelled, retried) before its turn comes shows with its next attempt only.
    package static let mostOpen = 20_000
}

extension SQLiteStore {
    /// The place where the deliveries are now.
    package func deliveryCursor() async throws(StoreError) -> DeliveryCursor {
        try await read { db in
            let newest = try Int64.fetchOne(db, sql: "SELECT max(id) FROM webhooks_deliveries") ?? 0
            return DeliveryCursor(newest: newest, open: try Self.openSteps(db), version: try Self.dataVersion(db))
        }
    }

    /// Deliveries that are new or have changed since a place, oldest first, and moves the place there.
    ///
    /// One that has changed several times comes once, as it is now.
    package func changedDeliveries(since cursor: inout DeliveryCursor) async throws(StoreError) -> [Delivery] {
        let before = cursor
        let (deliveries, after) = try await read { db in try Self.changes(db, since: before) }
        cursor = after
        return deliveries
    }

    private static func changes(
        _ db: StoreDatabase,
        since before: DeliveryCursor
    ) throws -> (deliveries: [Delivery], cursor: DeliveryCursor) {
        var cursor = before
        cursor.version = try dataVersion(db)
        guard cursor.version != before.version else { return ([], before) }
        cursor.open = try openSteps(db)
        // What is open no more, or has moved on.
        let changed = before.open.filter { cursor.open[$0.key] != $0.value }.map(\.key)
        var deliveries: [Delivery] = []
        var rest = changed.sorted()[...]
        while !rest.isEmpty {
            var conditions = Conditions()
            conditions.add("d.id", oneOf: Array(rest.prefix(500)))
            rest = rest.dropFirst(500)
            deliveries += try DeliveryRow.fetch(db, conditions, limit: -1).reversed()
        }
        // One that is beyond the limit now has not changed by that.
        deliveries.removeAll { before.open[$0.id.rawValue] == step($0) }
        while true {
            var conditions = Conditions()
            conditions.add("d.id > ?", cursor.newest)
            conditions.add("d.id <= ?", cursor.newest + 1000)
            let new = try DeliveryRow.fetch(db, conditions, limit: -1)
            deliveries += new.reversed()
            let last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM webhooks_deliveries") ?? 0
            guard last > cursor.newest + 1000 else {
                cursor.newest = max(cursor.newest, last)
                return (deliveries, cursor)
            }
            cursor.newest += 1000
        }
    }

    private static func step(_ delivery: Delivery) -> DeliveryCursor.Step {
        DeliveryCursor.Step(state: delivery.state.code, attempts: delivery.attempts)
    }

    private static func openSteps(_ db: StoreDatabase) throws -> [Int64: DeliveryCursor.Step] {
        var steps: [Int64: DeliveryCursor.Step] = [:]
        let statements = [
            "INDEXED BY webhooks_deliveries_in_flight WHERE state = 2 LIMIT ?",
            "INDEXED BY webhooks_deliveries_open WHERE due_at IS NOT NULL AND subscription = ?2 ORDER BY due_at LIMIT ?1",
        ]
        let inFlight = try PreparedStatement(db, "SELECT id, state, attempts FROM webhooks_deliveries " + statements[0])
        try inFlight.bind(DeliveryCursor.mostOpen)
        while try inFlight.next() {
            steps[inFlight.int64(0)] = .init(state: inFlight.int(1), attempts: inFlight.int(2))
        }
        let names = try Int64.fetchAll(db, sql: "SELECT id FROM webhooks_subscriptions")
        let open = try PreparedStatement(db, "SELECT id, state, attempts FROM webhooks_deliveries " + statements[1])
        for name in names where steps.count < DeliveryCursor.mostOpen {
            // A share for each, so that the backlog of one hides no other's.
            try open.bind(max(100, DeliveryCursor.mostOpen / max(1, names.count)))
            try open.bind(name)
            while try open.next() { steps[open.int64(0)] = .init(state: open.int(1), attempts: open.int(2)) }
            open.reset()
        }
        return steps
    }

    private static func dataVersion(_ db: StoreDatabase) throws -> Int64 {
        try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0
    }
}
