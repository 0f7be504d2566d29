import Testing
import WebhookInMemory
import WebhookSimulation

@Suite("Leases in the store in memory")
struct InMemoryLeaseTests {
    private static let harness = StoreConformance.Harness(
        open: { InMemoryStore() },
        connect: { store in
            guard let store = store as? InMemoryStore else { return InMemoryStore() }
            return InMemoryStore(sharing: store)
        }
    )

    @Test("Keeps every promise", arguments: StoreConformance.leaseChecks)
    func keepsPromise(_ check: StoreConformance.Check) async throws {
        try await check.run(on: Self.harness)
    }
}
