import GRDB
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks
import WebhooksGRDB

@Suite("Table prefixes in a host's database", .timeLimit(.minutes(1)))
struct PrefixTests {
    @Test(
        "Two prefixes in one database are two stores, which one transaction feeds and two dispatchers serve side by side"
    )
    func sideBySide() async throws {
        let environment = try TestEnvironment()
        let receivers = [try Receiver { _ in .noContent }, try Receiver { _ in .noContent }]
        let prefixes = ["webhooks_", "lms_hooks_"]
        let database = try DatabasePool(path: environment.path("lms.sqlite"))
        var migrator = DatabaseMigrator()
        migrator.registerWebhooks()
        migrator.registerWebhooks(prefix: "lms_hooks_")
        try migrator.migrate(database)
        let log = MemoryLog()
        var dispatchers: [WebhookDispatcher] = []
        for (prefix, receiver) in zip(prefixes, receivers) {
            dispatchers.append(
                try await WebhookDispatcher(
                    database: database,
                    prefix: prefix,
                    configuration: HostEnvironment.configuration(port: receiver.port),
                    logger: log.logger
                )
            )
        }
        let runs = dispatchers.map { dispatcher in Task { try await dispatcher.run() } }
        try await database.write { [dispatchers] db in
            try dispatchers[0].emit(.enrolment(1), in: db)
            try dispatchers[1].emit(.enrolment(2), in: db)
            try dispatchers[1].emit(.enrolment(3, deliverAt: .now + .seconds(3600)), in: db)
        }
        for receiver in receivers { try await receiver.waitForRequests(count: 1) }
        try await database.write { [dispatchers] db in
            _ = try dispatchers[0].cancel("student-3", in: db)
            let cancelled = try dispatchers[1].cancel("student-3", in: db)
            #expect(cancelled.events == ["student-3"])
        }
        for dispatcher in dispatchers { dispatcher.shutDown() }
        for run in runs { try await run.value }
        #expect(receivers.map { $0.requests.map { $0.header("webhook-id") } } == [["student-1"], ["student-2"]])
        #expect(try await dispatchers[0].log.events().map(\.id) == ["student-1"])
        // A process of its own reads it by the store's text.
        let apart = try WebhookLog("sqlite:\(environment.path("lms.sqlite"))?prefix=lms_hooks_")
        #expect(try await apart.events().map(\.id) == ["student-3", "student-2"])
        let shared = try await WebhookLog(database: database, prefix: "lms_hooks_")
        #expect(try await shared.deliveries().map(\.event) == ["student-2"])
    }

    @Test("A prefix that is none, and one whose tables are not there, say so")
    func mistakes() async throws {
        let host = try HostEnvironment()
        var migrator = DatabaseMigrator()
        migrator.registerWebhooks(prefix: "Hooks")
        let mistaken = migrator
        let migration = #expect(throws: StoreError.self) { try mistaken.migrate(host.database) }
        #expect(migration?.code == .refused)
        let refused = await failure {
            _ = try await WebhookDispatcher(
                database: host.database,
                prefix: "x y_",
                configuration: host.configuration()
            )
        }
        #expect(refused?.message.contains("table prefix") == true)
        let missing = await failure {
            _ = try await WebhookDispatcher(
                database: host.database,
                prefix: "other_",
                configuration: host.configuration()
            )
        }
        #expect(missing?.message.contains("registerWebhooks(prefix: \"other_\")") == true)
    }
}
