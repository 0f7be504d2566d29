import GRDB
import Testing
import WebhookCore
import Webhooks
import WebhooksGRDB
import WebhooksSQLite

@Suite("Events in the host's transaction", .timeLimit(.minutes(1)))
struct HostTransactionTests {
    private struct Stop: Error {}

    @Test("What is committed leaves without anybody looking for it, in the order of the commits")
    func committed() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        // Before it runs, while it runs, and after.
        try await host.enrol(1, dispatcher)
        try await host.running(dispatcher) {
            try await host.receiver.waitForRequests(count: 1)
            for student in 2...20 { try await host.enrol(student, dispatcher) }
            try await host.receiver.waitForRequests(count: 20)
        }
        try await host.enrol(21, dispatcher)
        #expect(host.received == (1...20).map { "student-\($0)" })
        try await dispatcher.run(until: .settled)
        #expect(host.received.last == "student-21")
    }

    @Test("What is rolled back never was, and the next commit is noticed all the same")
    func rolledBack() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        try await host.running(dispatcher) {
            for student in 1...2 {
                await #expect(throws: Stop.self) {
                    try await host.database.write { db in
                        try db.execute(sql: "INSERT INTO enrolments VALUES (?)", arguments: [student])
                        try dispatcher.emit(.enrolment(student), in: db)
                        throw Stop()
                    }
                }
            }
            try await host.enrol(3, dispatcher)
            try await host.receiver.waitForRequests(count: 1)
        }
        #expect(host.received == ["student-3"])
        #expect(try host.count("enrolments") == 1)
        #expect(try host.count("webhooks_events") == 1)
    }

    @Test("A topic of the dispatcher's own events is refused")
    func reservedTopic() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let event = try Event(topic: "webhooks.subscription.disabled", data: "1")
        try await host.database.write { db in
            #expect(throws: WebhooksError.self) { try dispatcher.emit(event, in: db) }
            #expect(throws: WebhooksError.self) { try dispatcher.log.append(event, in: db) }
        }
        #expect(try host.count("webhooks_events") == 0)
    }

    @Test("A savepoint takes its events back, and only those")
    func savepoint() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        try await host.running(dispatcher) {
            try await host.database.write { db in
                try dispatcher.emit(.enrolment(1), in: db)
                try db.inSavepoint {
                    try dispatcher.emit(.enrolment(2), in: db)
                    return .rollback
                }
                try dispatcher.emit(.enrolment(3), in: db)
            }
            try await host.receiver.waitForRequests(count: 2)
        }
        #expect(host.received == ["student-1", "student-3"])
    }

    @Test("A conflict throws, and ends the host's transaction; the same event once more does not")
    func conflict() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let event = try Event.enrolment(1)
        let receipts = try await host.database.write { db in
            [try dispatcher.emit(event, in: db), try dispatcher.emit(event, in: db)]
        }
        #expect(receipts.map(\.isDuplicate) == [false, true])
        let error = await failure {
            try await host.database.write { db in
                try db.execute(sql: "INSERT INTO enrolments VALUES (1)")
                try dispatcher.emit(Event(topic: "course.enrollment", data: "{}", id: "student-1"), in: db)
            }
        }
        #expect(error?.code == .event && error?.message.contains("student-1") == true)
        #expect(try host.count("enrolments") == 0)
    }

    @Test("Outside of a transaction there is nothing to belong to")
    func outside() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let emitting = await failure {
            try await host.database.writeWithoutTransaction { db in _ = try dispatcher.emit(.enrolment(1), in: db) }
        }
        let cancelling = await failure {
            try await host.database.writeWithoutTransaction { db in _ = try dispatcher.cancel("student-1", in: db) }
        }
        #expect(emitting?.code == .transaction && cancelling?.code == .transaction)
        #expect(try host.count("webhooks_events") == 0)
    }

    @Test("Cancelled with the payment that came after all, and not where that is taken back")
    func cancelled() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let later = Timestamp.now + .seconds(3600)
        try await host.database.write { db in
            for student in 1...3 { try dispatcher.emit(.enrolment(student, deliverAt: later), in: db) }
            // Taken back within its own transaction.
            #expect(try dispatcher.cancel("student-3", in: db).events == ["student-3"])
        }
        await #expect(throws: Stop.self) {
            try await host.database.write { db in
                #expect(try dispatcher.cancel("student-1", in: db).events == ["student-1"])
                throw Stop()
            }
        }
        let results = try await host.database.write { db in
            try ["student-2", "student-2", "nobody"].map { try dispatcher.cancel($0, in: db) }
        }
        #expect(results.map(\.events) == [["student-2"], [], []])
        #expect(results[2].unknown == ["nobody"])
        #expect(try await dispatcher.log.scheduledEvents().count == 1)
    }

    @Test("A cancelled retry is not made, and those behind it go on at once")
    func cancelledRetry() async throws {
        let host = try HostEnvironment { $0.header("webhook-id") == "student-1" ? .status(500) : .noContent }
        let dispatcher = try await host.dispatcher()
        try await host.running(dispatcher) {
            var notices = dispatcher.notices().makeAsyncIterator()
            for student in 1...2 { try await host.enrol(student, dispatcher) }
            let first = await notices.next()
            #expect(first?.kind == .attempted && first?.event == "student-1" && first?.state == .waiting)
            let result = try await host.database.write { db in try dispatcher.cancel("student-1", in: db) }
            #expect(result.deliveries.count == 1)
            // It is ordered: the second has waited for the first.
            try await host.receiver.waitForRequests(count: 2)
        }
        #expect(host.received == ["student-1", "student-2"])
    }

    @Test("A host that commits on connections of its own wakes the dispatcher")
    func wakes() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        dispatcher.wake()
        // Two writers of one file wait for each other, where they are told to.
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        let other = try DatabasePool(path: host.path, configuration: configuration)
        let log = try await WebhookLog(database: other)
        try await host.running(dispatcher) {
            try await host.enrol(1, dispatcher)
            try await host.receiver.waitForRequests(count: 1)
            try await other.write { db in _ = try log.append(.enrolment(2), in: db) }
            dispatcher.wake()
            try await host.receiver.waitForRequests(count: 2)
            // A dispatcher knows its own events, whatever connection carries them.
            try await other.write { db in _ = try dispatcher.emit(.enrolment(3), in: db) }
            try await host.receiver.waitForRequests(count: 3)
        }
    }

    @Test("What another object on the same database has written is noticed by looking")
    func looks() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await WebhookDispatcher(database: host.database, configuration: host.configuration())
        let log = try await WebhookLog(database: host.database)
        try await host.running(dispatcher) {
            try await host.enrol(1, dispatcher)
            try await host.receiver.waitForRequests(count: 1)
            try await host.database.write { db in _ = try log.append(.enrolment(2), in: db) }
            try await host.receiver.waitForRequests(count: 2)
        }
    }

    @Test("A database in memory, and one with a single connection", arguments: [true, false])
    func queues(_ isInMemory: Bool) async throws {
        var configuration = Configuration()
        if !isInMemory { configuration.journalMode = .wal }
        let folder = try HostEnvironment()
        let queue =
            isInMemory
            ? try DatabaseQueue(configuration: configuration)
            : try DatabaseQueue(path: folder.environment.path("queue.sqlite"), configuration: configuration)
        let host = try HostEnvironment(database: queue)
        let dispatcher = try await host.dispatcher()
        try await host.running(dispatcher) {
            try await host.enrol(1, dispatcher)
            try await dispatcher.emit(.enrolment(2))
            try await host.receiver.waitForRequests(count: 2)
        }
        #expect(host.received == ["student-1", "student-2"])
        #expect(try await dispatcher.deliveries().map(\.state) == [.delivered, .delivered])
    }
}
