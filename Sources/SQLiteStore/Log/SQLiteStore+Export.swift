internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func exportPage(_ query: DeliveryQuery) async throws(StoreError) -> [ExportedDelivery] {
        try await read { db in
            let select = try RawStatement(
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
