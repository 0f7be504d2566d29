import Testing
import WebhookCore
import WebhookSimulation

@Suite("The store in memory")
struct InMemoryStoreTests {
    private static let harness = StoreConformance.Harness(
        open: { InMemoryStore() },
        connect: { store in
            let store = try #require(store as? InMemoryStore)
            return InMemoryStore(sharing: store)
        },
        sabotage: { ($0 as? InMemoryStore)?.failNextCommits(2) },
        repair: { _ in }
    )

    @Test("Keeps every promise", arguments: StoreConformance.allChecks + StoreConformance.subscriptionChecks)
    func keepsPromise(_ check: StoreConformance.Check) async throws {
        try await check.run(on: Self.harness)
    }
}
