internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [Delivery] {
        try await read { try DeliverySearch(db: $0, query: query).run() }
    }

    package func delivery(_ id: Delivery.ID) async throws(StoreError) -> Delivery? {
        try await read { db in
            var conditions = Conditions()
            conditions.add("d.id = ?", id.rawValue)
            return try DeliveryRow.fetch(db, conditions, limit: 1).first
        }
    }

    package func newestDeliveries(ofEvent id: String) async throws(StoreError) -> [Delivery] {
        try await read { db in
            var conditions = Conditions()
            conditions.add(
                """
                d.id IN (
                    SELECT max(id) FROM webhooks_deliveries
                    WHERE event = (SELECT id FROM webhooks_events WHERE event_id = ?) GROUP BY subscription
                )
                """,
                id
            )
            return try DeliveryRow.fetch(db, conditions, limit: -1)
        }
    }

    package func attempts(of delivery: Delivery.ID) async throws(StoreError) -> [Attempt] {
        try await read { try AttemptRow.fetch($0, delivery: delivery) }
    }
}

extension SQLiteStore {
    package func exportPage(_ query: DeliveryQuery) async throws(StoreError) -> [ExportedDelivery] {
        try await read { db in
            let select = try PreparedStatement(
                db,
                """
                SELECT \(EventRow.columns) FROM webhooks_events e
                WHERE e.id = (SELECT event FROM webhooks_deliveries WHERE id = ?)
                """
            )
            var page: [ExportedDelivery] = []
            var size = 0
            for delivery in try DeliverySearch(db: db, query: query).run() {
                if size >= ExportedDelivery.pageSize { break }
                // Deliveries of one event stand together for the most part, and share its data.
                if let last = page.last, last.delivery.event == delivery.event {
                    page.append(ExportedDelivery(delivery: delivery, occurredAt: last.occurredAt, data: last.data))
                    continue
                }
                try select.bind(delivery.id.rawValue)
                guard try select.next() else { continue }
                let event = try EventRow.read(select)
                select.reset()
                size += event.data.count
                page.append(ExportedDelivery(delivery: delivery, occurredAt: event.occurredAt, data: event.data))
            }
            return page
        }
    }
}

/// The conditions of a query, joined by AND.
struct Conditions {
    private var terms: [String] = []
    private(set) var arguments: StatementArguments = []

    /// The WHERE clause, or nothing.
    var clause: String { terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ") }

    /// Adds a condition with one `?`, unless there is no value.
    mutating func add(_ term: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        terms.append(term)
        arguments += [value]
    }

    /// Adds that a column has one of some values, unless there are none.
    mutating func add(_ column: String, oneOf values: [some DatabaseValueConvertible]) {
        guard !values.isEmpty else { return }
        terms.append("\(column) IN (\(Self.marks(values.count)))")
        arguments += StatementArguments(values)
    }

    /// Adds a condition with as many `?` as there are values.
    mutating func add(_ term: String, values: [some DatabaseValueConvertible]) {
        terms.append(term)
        arguments += StatementArguments(values)
    }

    /// A list of `count` parameters.
    static func marks(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}
