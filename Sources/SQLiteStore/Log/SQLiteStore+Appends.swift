public import WebhookCore

extension SQLiteStore {
    public func append(_ event: Event, target: String?) async throws(StoreError) -> AcceptanceResult {
        let now = clock.now
        return try await write { session in
            try session.accept(Acceptance(event: event, createdAt: now, target: target, deliveries: nil))
        }
    }

    public func append(_ events: [Event]) async throws(StoreError) -> [AcceptanceResult] {
        let now = clock.now
        return try await write { session in
            try events.map { try session.accept(Acceptance(event: $0, createdAt: now, deliveries: nil)) }
        }
    }
}
