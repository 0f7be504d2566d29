public import WebhookCore
internal import WebhooksSQLite

#if PostgreSQL
    internal import WebhooksPostgres
#endif

/// Fills a store with deliveries that are due, in large batches, as a dispatcher that is behind would leave them.
public enum StoreFiller {
    /// Adds `count` events with one delivery each.
    ///
    /// - Parameters:
    ///   - location: the store.
    ///   - body: the rendered body, the same for all.
    ///   - event: the event and the name of its subscription, by number.
    public static func fill(
        _ location: StoreLocation,
        count: Int,
        body: ByteString,
        event: (Int) throws -> (event: Event, subscription: String)
    ) async throws {
        let store = try open(location)
        defer { store.close() }
        let batchSize = 2000
        for first in stride(from: 0, to: count, by: batchSize) {
            var batch = StoreBatch()
            for number in first..<min(first + batchSize, count) {
                let (event, subscription) = try event(number)
                let now = Timestamp.now
                let delivery = NewDelivery(
                    subscription: subscription,
                    mode: .retry,
                    body: 0,
                    contentType: .json,
                    start: .pending(dueAt: now)
                )
                batch.acceptances.append(
                    Acceptance(
                        event: event,
                        createdAt: now,
                        deliveries: NewDeliveries(bodies: [body], deliveries: [delivery])
                    )
                )
            }
            let full = batch
            let result = await withCheckedContinuation { continuation in
                store.commit(full) { continuation.resume(returning: $0) }
            }
            _ = try result.get()
        }
    }
    private static func open(_ location: StoreLocation) throws -> any WebhookStore {
        switch location {
        case .sqlite(let path, _):
            return try SQLiteStore.open(path: path, role: .dispatcher)
        case .postgres(let url, _, let password):
            #if PostgreSQL
                return try PostgresStore.open(PostgresTarget(url: url, password: password), role: .dispatcher)
            #else
                throw StoreError(.unavailable, "built without PostgreSQL")
            #endif
        }
    }
}
