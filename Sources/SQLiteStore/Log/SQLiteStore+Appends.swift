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
        return try await writeItems { session, trial in
            try events.enumerated().map { index, event in
                let acceptance = Acceptance(event: event, createdAt: now, deliveries: nil)
                switch try session.item(trial, .event, index, { try session.accept(acceptance) }) {
                case .success(let result): return result
                case .failure(let row): return .refused(reason: row.reason)
                }
            }
        }
    }
}
