import Foundation
import GRDB
import Metrics
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks
import WebhooksGRDB

/// The embedding examples of the README and of the library's documentation, compiled and run.
@Suite struct EmbeddingExampleTests {
    private let receiver: Receiver
    private let workspace: TestEnvironment
    private let file: String

    init() async throws {
        receiver = try Receiver(responses: [.noContent])
        workspace = try TestEnvironment()
        _ = try await workspace.dispatcher(
            """
              - { name: crm, url: "\(receiver.url)/crm", profile: braincert, topics: [course.*], payload: { course.enrollment: $data } }
            """
        )
        file = workspace.folder + "/webhooks.yaml"
    }

    @Test func emitsAndDelivers() async throws {
        // README: embedding
        let dispatcher = try await WebhookDispatcher(configuration: .file(file))

        // Somewhere in a request handler: returns when the event is on disk.
        let course = #"{"id":"101","name":"Statistics","slug":"statistics","paymentType":"free"}"#
        let data = ByteString(#"{"course":\#(course)}"#)
        try await dispatcher.emit(Event(topic: "course.created", data: data, tenant: "school-42"))

        // In the application's ServiceGroup, or as here until there is nothing left to do.
        try await dispatcher.run(until: .settled)

        let failed = try await dispatcher.deliveries(DeliveryQuery(states: [.failed]), limit: 50)
        // README: end
        #expect(failed.isEmpty)
        #expect(receiver.requestCount == 1)
    }

    /// Compiled alone: the file is the host's.
    private static func counted(by factory: any MetricsFactory) async throws -> WebhookDispatcher {
        // Documentation: metrics
        let dispatcher = try await WebhookDispatcher(configuration: .file("webhooks.yaml"), metrics: factory)
        // Documentation: end
        return dispatcher
    }

    private struct Course: Encodable { var id = "318" }

    @Test func eventsAreValues() throws {
        let course = Course()
        // README: payload
        struct Enrollment: EventPayload {
            static let topic = "course.enrollment"
            let course: Course
            let price: Decimal
            let enrolledAt: Date
        }

        let enrollment = Enrollment(course: course, price: 49.90, enrolledAt: .now)
        let event = try Event(enrollment, id: "enrollment-204411", tenant: "school-42", deliverIn: .seconds(3600))
        // README: end
        #expect(event.data.text.hasPrefix(#"{"course":{"id":"318"},"price":49.9,"enrolledAt":"20"#))
    }

    @Test func valuesInsteadOfAFile() async throws {
        let store = workspace.folder + "/values.sqlite"
        let port = receiver.port
        // README: values
        var settings = DispatcherSettings()
        settings.store = .sqlite(path: store)
        settings.egress = try EgressPolicy(allow: ["127.0.0.0/8"])
        var crm = SubscriptionDraft(name: "crm", url: "http://127.0.0.1:\(port)/crm", topics: ["course.*"])
        crm.profile = "braincert"
        let dispatcher = try await WebhookDispatcher(configuration: .values([crm], settings: settings))
        // README: end
        let data: ByteString = #"{"course":{"id":"1","name":"a","slug":"a","paymentType":"free"}}"#
        try await dispatcher.emit(Event(topic: "course.created", data: data))
        try await dispatcher.run(until: .settled)
        #expect(receiver.requestCount == 1)
    }

    @Test func subscriptionsAtRunTime() async throws {
        let dispatcher = try await WebhookDispatcher(configuration: .file(file))
        let url = "\(receiver.url)/run-time"
        // README: drafts
        var draft = SubscriptionDraft(name: "school-42.crm", url: url, topics: ["course.*"])
        draft.tenant = "school-42"
        draft.profile = "braincert"
        draft.filter = ["data.course.id": ["in": ["101", "102"]]]
        draft.delivery = ["timeout": "5s", "mode": "retry"]
        do {
            try await dispatcher.upsert(draft)
        } catch {
            for problem in error.diagnostics { print(problem.key ?? "", problem.message) }
        }
        // README: end
        #expect(dispatcher.givenSubscriptions == [draft])
        await Self.watch(dispatcher)
    }

    @Test func subscriptionsInTheStore() async throws {
        let (key, url) = (StoredSubscriptions.generateKey(), "\(receiver.url)/kept")
        // Documentation: stored
        let configuration = WebhookConfiguration.file(file).withEncryptionKeys([key])
        let dispatcher = try await WebhookDispatcher(configuration: configuration)

        var draft = SubscriptionDraft(name: "crm", url: url, topics: ["course.*"])
        draft.tenant = "school-42"
        let made = try await dispatcher.storedSubscriptions.create(draft)
        let secret = try await dispatcher.storedSubscriptions.secret(of: made.id)  // for whoever receives

        try await dispatcher.storedSubscriptions.update(made.id) { $0.topics = ["course.*", "payment.*"] }
        let theirs = try await dispatcher.storedSubscriptions.list(ofTenant: "school-42")
        try await dispatcher.storedSubscriptions.delete(made.id)
        // Documentation: end
        #expect(secret?.reveal().hasPrefix("whsec_") == true)
        #expect(theirs.map(\.draft.topics) == [["course.*", "payment.*"]] && theirs.map(\.id) == [made.id])
        #expect(try await dispatcher.storedSubscriptions.list().isEmpty)
    }

    private static func watch(_ dispatcher: WebhookDispatcher) async {
        let watching = Task {
            await Self.notices(of: dispatcher)
        }
        watching.cancel()
        await watching.value
    }

    private static func notices(of dispatcher: WebhookDispatcher) async {
        // README: notices
        for await notice in dispatcher.notices() {
            switch notice.kind {
            case .exhausted: print("lost:", notice.event ?? "", notice.subscription ?? "", notice.error?.rawValue ?? "")
            case .disabled: print("disabled:", notice.subscription ?? "")
            default: continue
            }
        }
        // README: end
    }

    @Test func hostTransactionCarriesAnEmit() async throws {
        struct PaymentFailed: Error {}
        let path = workspace.folder + "/host.sqlite"
        let file = workspace.folder + "/host.yaml"
        try workspace.write(
            """
            egress: { allow: ["127.0.0.0/8"] }
            subscriptions:
              - { name: crm, url: "\(receiver.url)/crm", profile: braincert, topics: [course.*], payload: { course.enrollment: $data } }
            """,
            to: "host.yaml"
        )
        // README: transaction
        let database = try DatabasePool(path: path)
        var migrator = DatabaseMigrator()
        migrator.registerWebhooks()
        // … and the host's own migrations
        try migrator.migrate(database)
        let dispatcher = try await WebhookDispatcher(database: database, configuration: .file(file))

        @Sendable func enrol(student: Int, in db: Database) throws {
            try db.execute(sql: "INSERT INTO enrolments (student) VALUES (?)", arguments: [student])
            let event = try Event(topic: "course.enrollment", data: "{\"userId\":\(student)}")
            try dispatcher.emit(event, in: db)
        }
        // README: end
        try await database.write { db in try db.execute(sql: "CREATE TABLE enrolments (student INTEGER)") }
        try await database.write { db in try enrol(student: 1, in: db) }
        await #expect(throws: PaymentFailed.self) {
            try await database.write { db in
                try enrol(student: 2, in: db)
                throw PaymentFailed()
            }
        }
        try await dispatcher.run(until: .settled)
        #expect(receiver.requests.count == 1)
        #expect(receiver.requests.first?.body.text.contains(#""payload":{"userId":1}"#) == true)
    }

    @Test(
        "README and articles show this code",
        arguments: [
            ("embedding", "GettingStarted"), ("values", "EventsAndSubscriptions"), ("transaction", "HostTransactions"),
            ("payload", "EventsAndSubscriptions"), ("drafts", "EventsAndSubscriptions"),
            ("notices", "EventsAndSubscriptions"),
        ]
    )
    func documentsShowThisCode(name: String, article: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let start = try #require(source.range(of: "// README: \(name)\n"))
        let end = try #require(
            source.range(of: "        // README: end", range: start.upperBound..<source.endIndex)
        )
        let snippet = source[start.upperBound..<end.lowerBound].split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        .map { $0.hasPrefix("        ") ? String($0.dropFirst(8)) : String($0) }
        .joined(separator: "\n")
        for document in ["README.md", "Sources/Webhooks/Webhooks.docc/\(article).md"] {
            let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
            #expect(text.contains(snippet), "\(document) does not show the \(name) example as it is tested")
        }
    }
}
