import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhooksSQLite

@Suite("The store on SQLite")
struct SQLiteStoreConformanceTests {
    @Test(
        "Keeps every promise",
        arguments: StoreConformance.allChecks + StoreConformance.subscriptionChecks + StoreConformance.platformChecks
    )
    func keepsPromise(_ check: StoreConformance.Check) async throws {
        let folder = try TemporaryFolder()
        let harness = StoreConformance.Harness(
            open: { try SQLiteStore.open(path: folder.file(), role: .dispatcher) },
            connect: { _ in try SQLiteStore.open(path: folder.file(), role: .writer) },
            sabotage: { try await $0.limitPages(true) },
            repair: { try await $0.limitPages(false) }
        )
        try await check.run(on: harness)
    }
}

extension DeliveryStore {
    /// Lets the database grow no further, as a full disk does, or lifts that.
    func limitPages(_ limited: Bool) async throws {
        let store = try #require(self as? SQLiteStore)
        let count = limited ? try store.pragma("page_count") ?? "" : "1073741823"
        _ = try store.pragma("max_page_count = \(count)")
    }
}
