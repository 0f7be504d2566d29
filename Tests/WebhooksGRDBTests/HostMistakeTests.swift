import GRDB
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks
import WebhooksGRDB
import WebhooksSQLite

@Suite("What a host may do to its database", .timeLimit(.minutes(1)))
struct HostMistakeTests {
    @Test("Closed under a dispatcher, or without its tables: run ends with what to do", arguments: [true, false])
    func takenAway(_ isClosed: Bool) async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let run = Task { try await dispatcher.run() }
        try await host.enrol(1, dispatcher)
        try await host.receiver.waitForRequests(count: 1)
        if isClosed { try host.database.close() } else { try await host.database.erase() }
        dispatcher.wake()
        let error = await failure { try await run.value }
        #expect(error?.store?.code == (isClosed ? .closed : .replaced))
        #expect(error?.message.contains(isClosed ? "end `run()` first" : "migrate first") == true)
        let sentence = error?.message ?? "?"
        #expect(host.log.text.contains(sentence))
        let emitting = await failure { _ = try await dispatcher.emit(.enrolment(2)) }
        #expect(emitting?.store?.code == (isClosed ? .closed : .missing))
        if !isClosed {
            let inTransaction = await failure {
                try await host.database.write { db in _ = try dispatcher.emit(.enrolment(2), in: db) }
            }
            #expect(inTransaction?.message.contains("registerWebhooks()") == true)
        }
        // Running again says the same, and doesn't hang.
        let again = await failure { try await dispatcher.run() }
        #expect(again?.store?.code == (isClosed ? .closed : .missing))
    }

    @Test("Tables that are made again are another store: the next run delivers what is in them")
    func madeAnew() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        try await host.enrol(1, dispatcher)
        try await dispatcher.run(until: .settled)
        try await host.database.erase()
        try WebhooksDatabase.migrate(host.database)
        try await dispatcher.emit(.enrolment(2))
        try await dispatcher.run(until: .settled)
        #expect(host.received == ["student-1", "student-2"])
    }

    @Test("Our migrations are no change of the schema, however often and with whatever the dispatcher does")
    func eraseOnChange() async throws {
        let host = try HostEnvironment()
        var migrator = DatabaseMigrator()
        migrator.eraseDatabaseOnSchemaChange = true
        migrator.registerWebhooks()
        migrator.registerMigration("enrolments") { db in
            try db.execute(sql: "CREATE TABLE enrolments (student INTEGER PRIMARY KEY)")
        }
        let dispatcher = try await host.dispatcher()
        try await host.enrol(1, dispatcher)
        try await dispatcher.run(until: .settled)
        try migrator.migrate(host.database)
        #expect(try host.count("enrolments") == 1)
        migrator.registerMigration("more") { db in try db.execute(sql: "CREATE TABLE more (id INTEGER)") }
        try migrator.migrate(host.database)
        #expect(try await dispatcher.log.events().map(\.id) == ["student-1"])
    }

    @Test("An event is not put into another database, where no dispatcher would see it")
    func anotherDatabase() async throws {
        let (host, other) = (try HostEnvironment(), try HostEnvironment())
        let dispatcher = try await host.dispatcher()
        for emits in [true, false] {
            let error = await #expect(throws: WebhooksError.self) {
                try await other.database.write { db in
                    if emits {
                        try dispatcher.emit(.enrolment(1), in: db)
                    } else {
                        try dispatcher.cancel("student-1", in: db)
                    }
                }
            }
            #expect(error?.code == .transaction)
        }
        #expect(try await WebhookLog(database: other.database).events().isEmpty)
    }

    @Test("A host that stops waiting for the disk, as for an import, doesn't stop the dispatcher's commits from it")
    func synchronousTurnedOff() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        try await host.running(dispatcher) {
            try await host.database.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = OFF") }
            try await dispatcher.emit(.enrolment(1))
            let level = try await host.database.writeWithoutTransaction { db in
                try Int.fetchOne(db, sql: "PRAGMA synchronous")
            }
            #expect(level == 2)
            try await host.receiver.waitForRequests(count: 1)
        }
    }

    @Test("A configuration may name the host's own file, and no other")
    func configuredStore() async throws {
        let host = try HostEnvironment()
        let same = try host.configuration(store: .sqlite(path: host.path))
        _ = try await WebhookDispatcher(database: host.database, configuration: same)
        let other = try host.configuration(store: .sqlite(path: host.path + "2"))
        let error = await failure {
            _ = try await WebhookDispatcher(database: host.database, configuration: other)
        }
        #expect(error?.code == .configuration && error?.message.contains("leave `store` out") == true)
    }

    @Test("A host that holds its writer holds up nothing that must end")
    func heldAtTheEnd() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher(grace: .milliseconds(50))
        let run = Task { try await dispatcher.run() }
        try await host.enrol(1, dispatcher)
        try await host.receiver.waitForRequests(count: 1)
        let end = HeldWriter(host.database)
        dispatcher.shutDown()
        // What was delivered may not be on record: then it says so, and the next run finds out.
        _ = await failure { try await run.value }
        end.letGo()
        try await dispatcher.run(until: .settled)
        #expect(try await dispatcher.deliveries().map(\.state) == [.delivered])
    }
}
