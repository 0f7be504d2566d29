import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Cancellations of what was not matched yet")
struct UnmatchedCancellationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("are kept over a restart, and gone once nothing waits that they are for")
    func pruned() async throws {
        func kept(_ store: SQLiteStore) throws -> Int? {
            try store.reader.unsafeRead { try Int.fetchOne($0, sql: "SELECT count(*) FROM webhooks_cancellations") }
        }
        var store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        _ = try await store.cancel(events: [], deliveries: [], subscription: "a", at: .now)
        #expect(try kept(store) == 0)
        _ = try await store.append([.sample("e1"), .sample("e2")])
        _ = try await store.cancel(events: [], deliveries: [], subscription: "a", at: .now)
        _ = try await store.append([.sample("e3")])
        store.close()
        store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        for (event, left) in [(Int64(1), 1), (2, 0), (3, 0)] {
            let start = NewDelivery.Start.claimed(at: .now)
            let new = NewDelivery(subscription: "a", mode: .retry, body: nil, contentType: .json, start: start)
            var batch = StoreBatch()
            batch.fanOuts = [FanOut(event: event, createdAt: .now, deliveries: NewDeliveries(deliveries: [new]))]
            _ = try await store.commit(batch).get()
            #expect(try kept(store) == left)
        }
        #expect(try await store.deliveries(DeliveryQuery()).map(\.state) == [.inFlight, .cancelled, .cancelled])
        #expect(try await store.integrityProblems() == [])
    }
}
