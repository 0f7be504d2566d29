import GRDB
import Logging
import ServiceLifecycle
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks
import WebhooksGRDB

/// The articles' code for hosts with a database, compiled and run.
@Suite("Articles for hosts", .timeLimit(.minutes(1)))
struct ArticleExampleTests {
    @Test("A payment that comes in time takes its event back, in the host's transaction")
    func payments() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let database = host.database
        try await database.write { db in
            try db.execute(sql: "CREATE TABLE payments (id INTEGER PRIMARY KEY, completed BOOLEAN DEFAULT false)")
        }
        // Documentation: payments
        @Sendable func begin(payment: Int, in db: Database) throws {
            try db.execute(sql: "INSERT INTO payments (id) VALUES (?)", arguments: [payment])
            let event = try Event(
                topic: "payment.abandoned",
                data: "{\"payment\":\(payment)}",
                id: "abandoned-\(payment)",
                deliverIn: .seconds(3600)
            )
            try dispatcher.emit(event, in: db)
        }

        @Sendable func complete(payment: Int, in db: Database) throws {
            try db.execute(sql: "UPDATE payments SET completed = true WHERE id = ?", arguments: [payment])
            try dispatcher.cancel("abandoned-\(payment)", in: db)
        }
        // Documentation: end
        try await database.write { db in
            try begin(payment: 1, in: db)
            try begin(payment: 2, in: db)
        }
        try await database.write { db in try complete(payment: 1, in: db) }
        #expect(try await dispatcher.log.unmatchedEvents().later == 1)
    }

    @Test("What a transaction emits is tested in a database in memory")
    func transactions() async throws {
        struct PaymentFailed: Error {}
        @Sendable func enroll(student: Int, _ webhooks: WebhookDispatcher, in db: Database) throws {
            try webhooks.emit(.enrolment(student), in: db)
        }
        // Documentation: transactions
        let receiver = try Receiver(responses: [.noContent])
        var crm = SubscriptionDraft(name: "crm", url: "\(receiver.url)/hooks", topics: ["course.*"])
        crm.secrets = [Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
        crm.schema = "off"
        var settings = DispatcherSettings()
        settings.egress = try EgressPolicy(allow: ["127.0.0.0/8"])

        let database = try DatabaseQueue()
        var migrator = DatabaseMigrator()
        migrator.registerWebhooks()
        // … and the host's own migrations
        try migrator.migrate(database)
        let webhooks = try await WebhookDispatcher(
            database: database,
            configuration: .values([crm], settings: settings)
        )

        await #expect(throws: PaymentFailed.self) {
            try await database.write { db in
                try enroll(student: 7, webhooks, in: db)
                throw PaymentFailed()
            }
        }
        #expect(try await webhooks.log.events().isEmpty)

        try await database.write { db in try enroll(student: 8, webhooks, in: db) }
        #expect(try await webhooks.log.events().map(\.topic) == ["course.enrollment"])
        try await webhooks.run(until: .settled)
        #expect(receiver.requests.map { $0.body.text.hasSuffix(#""data":{"student":8}}"#) } == [true])
        // Documentation: end
    }

    @Test("The host's database in memory keeps subscriptions, too")
    func subscriptions() async throws {
        let receiver = try Receiver(responses: [.noContent])
        var settings = DispatcherSettings()
        settings.egress = try EgressPolicy(allow: ["127.0.0.0/8"])
        let configuration = WebhookConfiguration.values(settings: settings)
            .withEncryptionKeys([StoredSubscriptions.generateKey()])
        let database = try DatabaseQueue()
        try WebhooksDatabase.migrate(database)
        let dispatcher = try await WebhookDispatcher(database: database, configuration: configuration)
        let draft = SubscriptionDraft(name: "crm", url: "\(receiver.url)/crm", topics: ["course.*"])
        let entry = try await dispatcher.storedSubscriptions.create(draft)
        try await database.write { db in
            _ = try dispatcher.emit(Event(topic: "course.renamed", data: "1"), in: db)
        }
        try await dispatcher.run(until: .settled)
        #expect(receiver.requests.map(\.target) == ["/crm"])
        #expect(try await dispatcher.storedSubscriptions.list().map(\.id) == [entry.id])
    }

    @Test("A delay counts from the emit, in a transaction too")
    func delays() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let event = try Event(topic: "course.created", data: "1", id: "later", deliverIn: .seconds(3600))
        let before = Timestamp.now
        let receipts = try await host.database.write { db in
            try [dispatcher.emit(event, in: db), dispatcher.emit(event, in: db)]
        }
        #expect(receipts.map(\.isDuplicate) == [false, true])
        let due = try #require(try await dispatcher.log.loggedEvent("later")?.deliverAt)
        #expect(due == receipts[0].event.deliverAt)
        #expect((before + .seconds(3600)...(.now + .seconds(3600))).contains(due))
        #expect(try await dispatcher.emit(event).isDuplicate, "outside of one, too")
    }

    @Test("An observation of the host's table gives the subscriptions")
    func observation() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let database = host.database
        try await database.write { db in
            try db.execute(sql: "CREATE TABLE subscribers (name TEXT PRIMARY KEY, url TEXT, secret TEXT)")
            try db.execute(
                sql: "INSERT INTO subscribers VALUES (?, ?, ?)",
                arguments: ["school-42", "http://127.0.0.1:9/hooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
            )
        }
        let following = Task {
            // Documentation: observation
            let subscribers = ValueObservation.tracking { db in
                try Row.fetchAll(db, sql: "SELECT name, url, secret FROM subscribers").map { row in
                    var draft = SubscriptionDraft(name: row["name"], url: row["url"], topics: ["course.*"])
                    draft.secrets = [Secret(row["secret"])]
                    return draft
                }
            }
            try await dispatcher.follow(subscribers.values(in: database))
            // Documentation: end
        }
        while dispatcher.givenSubscriptions.isEmpty, !Task.isCancelled { await Task.yield() }
        #expect(dispatcher.givenSubscriptions.map(\.name) == ["school-42"])
        following.cancel()
        _ = await following.result
    }

    @Test("A group of services runs the dispatcher, and shuts it down")
    func group() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let logger = host.log.logger
        let running = Task { [server = Server()] in
            // Documentation: group
            // A group ends its services in reverse order: what the last requests emit is still taken.
            let group = ServiceGroup(
                services: [dispatcher, server],
                gracefulShutdownSignals: [.sigterm],
                logger: logger
            )
            try await group.run()
            // Documentation: end
        }
        while dispatcher.readiness.obstacle != nil, !Task.isCancelled { await Task.yield() }
        running.cancel()
        _ = await running.result
        #expect(host.log.text.contains("stopped"))
    }

    private struct Server: Service {
        func run() async throws { try await gracefulShutdown() }
    }
}
