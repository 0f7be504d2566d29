import GRDB
import WebhookCore

@testable import WebhooksSQLite

extension Event {
    static func sample(_ id: String, data: ByteString = "{}") -> Event {
        Event(
            stored: id,
            topic: "course.created",
            data: data,
            tenant: nil,
            occurredAt: Timestamp(milliseconds: 1),
            occurredAtIsGiven: false,
            deliverAt: nil,
            isTest: false
        )
    }
}

extension NewDelivery {
    /// One for the subscription `a` that is due.
    static func sample(dueAt: Timestamp) -> NewDelivery {
        NewDelivery(subscription: "a", mode: .retry, body: 0, contentType: .json, start: .pending(dueAt: dueAt))
    }
}

extension SQLiteStore {
    /// Commits a batch and waits.
    func commit(_ batch: StoreBatch) async -> Result<StoreBatchResult, StoreError> {
        await withCheckedContinuation { continuation in
            commit(batch) { continuation.resume(returning: $0) }
        }
    }

    func hasExternalWrites() async -> Bool {
        await withCheckedContinuation { continuation in
            checkExternalWrites { continuation.resume(returning: $0 == .success(true)) }
        }
    }

    /// Accepts an event with one delivery that settles at once; the delivery's id.
    func settleOne(_ id: String) async throws -> Delivery.ID? {
        var batch = StoreBatch()
        let start = NewDelivery.Start.settled(.failed, .template, detail: nil)
        let new = NewDelivery(subscription: "a", mode: .retry, body: 0, contentType: .json, start: start)
        let deliveries = NewDeliveries(bodies: ["body"], deliveries: [new])
        let instant = Timestamp(milliseconds: 5)
        batch.acceptances = [Acceptance(event: .sample(id), createdAt: instant, deliveries: deliveries)]
        guard case .stored(_, let ids)? = try await commit(batch).get().acceptances.first else { return nil }
        return ids.first
    }

    /// Asks a pragma on the writing or the reading connection.
    func pragma(_ name: String, onReader: Bool = false) throws -> String? {
        let read: (Database) throws -> String? = { try String.fetchOne($0, sql: "PRAGMA \(name)") }
        return onReader ? try reader.unsafeRead(read) : try writer?.writeWithoutTransaction(read)
    }
}

/// The error of an operation that must fail.
func storeError(of operation: () async throws -> some Any) async -> StoreError.Code? {
    do {
        _ = try await operation()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}
