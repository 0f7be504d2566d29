import GRDB
import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks
import WebhooksGRDB

@Suite("A host that is killed", .timeLimit(.minutes(2)))
struct CrashTests {
    @Test("Between commit and delivery: the next process delivers what was committed, and nothing else")
    func killed() async throws {
        let host = try HostEnvironment()
        let (path, port) = (host.path, host.receiver.port)
        try await #require(processExitsWith: .signal(SIGKILL)) { [path = path as String, port = port as UInt16] in
            let database = try DatabasePool(path: path)
            let configuration = try HostEnvironment.configuration(port: port)
            let dispatcher = try await WebhookDispatcher(database: database, configuration: configuration)
            let run = Task { try await dispatcher.run() }
            // Not committed when the process ends.
            try? await database.write { db in
                try dispatcher.emit(.enrolment(1), in: db)
                throw CancellationError()
            }
            try await database.write { db in
                // Before the dispatcher learns of the commit.
                db.afterNextTransaction { _ in kill(getpid(), SIGKILL) }
                try db.execute(sql: "INSERT INTO enrolments VALUES (2)")
                try dispatcher.emit(.enrolment(2), in: db)
            }
            try await run.value
        }
        #expect(host.received == [])
        #expect(try host.count("enrolments") == 1)
        let dispatcher = try await host.dispatcher()
        try await dispatcher.run(until: .settled)
        #expect(host.received == ["student-2"])
    }
}
