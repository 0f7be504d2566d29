#if PostgreSQL
    import Synchronization
    import Testing
    import WebhookCore
    import WebhookSimulation

    @testable import WebhooksPostgres

    @Suite("The store on PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct PostgresStoreConformanceTests {
        @Test(
            "Keeps every promise",
            arguments: StoreConformance.allChecks + StoreConformance.leaseChecks + StoreConformance.subscriptionChecks
                + StoreConformance.platformChecks
        )
        func keepsPromise(_ check: StoreConformance.Check) async throws {
            try await TestServer.withSchema { target in
                let stores = OpenStores()
                let harness = StoreConformance.Harness(
                    open: { try stores.open(target, role: .dispatcher) },
                    connect: { _ in try stores.open(target, role: .writer) },
                    sabotage: { _ in try Sabotage.fillDisk(target) },
                    repair: { _ in try Sabotage.freeDisk(target) }
                )
                defer { stores.close() }
                try await check.run(on: harness)
            }
        }
    }

    /// Stores that a test has opened, to be closed at its end.
    final class OpenStores: Sendable {
        private let stores = Mutex<[PostgresStore]>([])

        func open(_ target: PostgresTarget, role: PostgresStore.Role) throws -> PostgresStore {
            let store = try PostgresStore.open(target, role: role)
            stores.withLock { $0.append(store) }
            return store
        }

        func close() {
            for store in stores.withLock({ $0 }) { store.close() }
        }
    }

    /// Faults within the server, by triggers.
    enum Sabotage {
        /// Makes whatever needs room fail as on a full disk.
        static func fillDisk(_ target: PostgresTarget) throws {
            let connection = try PostgresConnection(target, isWriter: false)
            try connection.run(
                Statement(
                    """
                    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$
                    """
                )
            )
            for table in ["events", "bodies", "deliveries"] {
                try connection.run(
                    Statement(
                        "CREATE TRIGGER full_disk BEFORE INSERT ON \(table) FOR EACH ROW EXECUTE FUNCTION full_disk()"
                    )
                )
            }
        }

        static func freeDisk(_ target: PostgresTarget) throws {
            let connection = try PostgresConnection(target, isWriter: false)
            try connection.run(Statement("DROP FUNCTION full_disk() CASCADE"))
        }
    }
#endif
