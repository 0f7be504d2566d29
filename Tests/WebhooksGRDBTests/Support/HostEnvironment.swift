import GRDB
import Logging
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks
import WebhooksGRDB
import WebhooksSQLite

/// A host with a database, a receiver, and dispatchers between them.
struct HostEnvironment {
    let environment: TestEnvironment
    let database: any DatabaseWriter
    let receiver: Receiver
    let log = MemoryLog()

    /// - Parameters:
    ///   - database: defaults to a pool on a new file, migrated.
    ///   - answer: what the receiver answers with; defaults to 204.
    init(
        database: (any DatabaseWriter)? = nil,
        answer: @escaping @Sendable (ReceivedRequest) -> ReceiverResponse = { _ in .noContent }
    ) throws {
        environment = try TestEnvironment()
        self.database = try database ?? DatabasePool(path: environment.path("lms.sqlite"))
        receiver = try Receiver { answer($0) }
        var migrator = DatabaseMigrator()
        migrator.registerWebhooks()
        migrator.registerMigration("enrolments") { db in
            try db.execute(sql: "CREATE TABLE enrolments (student INTEGER PRIMARY KEY)")
        }
        try migrator.migrate(self.database)
    }

    var path: String { environment.path("lms.sqlite") }

    /// A configuration with one ordered subscription for everything, and without a store.
    func configuration(grace: Duration = .seconds(20), store: StoreLocation? = nil) throws -> WebhookConfiguration {
        try Self.configuration(port: receiver.port, grace: grace, store: store)
    }

    static func configuration(
        port: UInt16,
        grace: Duration = .seconds(20),
        store: StoreLocation? = nil
    ) throws -> WebhookConfiguration {
        var settings = DispatcherSettings()
        settings.store = store
        settings.egress = EgressPolicy(allow: [try EgressRule("127.0.0.0/8")])
        settings.shutdownGrace = grace
        var subscription = Subscription(
            name: "crm",
            url: EndpointURL(scheme: .http, host: "127.0.0.1", port: port, target: "/crm"),
            topics: [try TopicPattern("**")],
            profile: try TopicCatalog().profile("standard")
        )
        subscription.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        subscription.policy.ordered = true
        return .values([subscription], settings: settings)
    }

    /// A dispatcher in the host's database that looks for nobody's writes by itself.
    func dispatcher(grace: Duration = .seconds(20)) async throws -> WebhookDispatcher {
        try await WebhookDispatcher(
            configuration: configuration(grace: grace),
            host: HostDatabase.open(database),
            externalInterval: nil,
            logger: log.logger
        )
    }

    /// Runs a dispatcher while something is done, and shuts it down.
    func running(_ dispatcher: WebhookDispatcher, _ body: () async throws -> Void) async throws {
        let run = Task { try await dispatcher.run() }
        let result = await Result.of { try await body() }
        dispatcher.shutDown()
        try await run.value
        try result.get()
    }

    /// Commits something of the host's with an event.
    func enrol(_ student: Int, _ dispatcher: WebhookDispatcher) async throws {
        try await database.write { db in
            try db.execute(sql: "INSERT INTO enrolments VALUES (?)", arguments: [student])
            try dispatcher.emit(.enrolment(student), in: db)
        }
    }

    func count(_ table: String) throws -> Int? {
        try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }

    /// The ids of the events that have come, in order.
    var received: [String] { receiver.requests.map { $0.header("webhook-id") ?? "" } }
}

extension Event {
    static func enrolment(_ student: Int, deliverAt: Timestamp? = nil) throws -> Event {
        try Event(
            topic: "course.enrollment",
            data: "{\"student\":\(student)}",
            id: "student-\(student)",
            deliverAt: deliverAt
        )
    }
}

extension Result where Success == Void, Failure == any Error {
    static func of(_ body: () async throws -> Void) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

/// The error that something must fail with.
func failure(of body: () async throws -> Void) async -> WebhooksError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? WebhooksError
    }
}
