import GRDB
import ServiceLifecycle
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks
import WebhooksGRDB
import WebhooksSQLite

@Suite("The life of a dispatcher in a host", .timeLimit(.minutes(1)))
struct LifeCycleTests {
    /// An hour: whoever waits for it is stopped by the test's own limit.
    private static let longGrace: Duration = .seconds(3600)

    @Test("A cancelled task cuts off what is on the wire, records it and returns, whatever the grace")
    func cancelled() async throws {
        let host = try HostEnvironment { _ in .noContent.after(.seconds(3600)) }
        let dispatcher = try await host.dispatcher(grace: Self.longGrace)
        let run = Task { try await dispatcher.run() }
        try await host.enrol(1, dispatcher)
        try await host.receiver.waitForRequests(count: 1)
        run.cancel()
        try await run.value
        let delivery = try #require(try await dispatcher.deliveries().first)
        #expect(delivery.state == .waiting && delivery.lastError == .interrupted)
    }

    @Test("A task that is cancelled before it begins, or while it waits for the lock, begins nothing")
    func cancelledBefore() async throws {
        let host = try HostEnvironment()
        let (running, waiting) = (try await host.dispatcher(), try await host.dispatcher(grace: Self.longGrace))
        try await host.running(running) {
            try await host.enrol(1, running)
            try await host.receiver.waitForRequests(count: 1)
            let standby = Task { try await waiting.run(whenLocked: .wait) }
            while !host.log.text.contains("waiting for the running dispatcher to end") { await Task.yield() }
            standby.cancel()
            try await standby.value
        }
        let early = Task {
            while !Task.isCancelled { await Task.yield() }
            try await waiting.run()
        }
        early.cancel()
        try await early.value
    }

    @Test("A standby delivers as soon as the one before ends; who doesn't wait is refused")
    func standby() async throws {
        let host = try HostEnvironment()
        let (old, new) = (try await host.dispatcher(), try await host.dispatcher())
        let first = Task { try await old.run() }
        try await host.enrol(1, old)
        try await host.receiver.waitForRequests(count: 1)
        #expect(await failure { try await new.run() }?.store?.code == .locked)
        let second = Task { try await new.run(whenLocked: .wait) }
        while !host.log.text.contains("waiting for the running dispatcher to end") { await Task.yield() }
        old.shutDown()
        try await first.value
        try await host.enrol(2, new)
        try await host.receiver.waitForRequests(count: 2)
        // Shutting the old one down once more is nobody else's business.
        old.shutDown()
        try await host.enrol(3, new)
        try await host.receiver.waitForRequests(count: 3)
        new.shutDown()
        try await second.value
    }

    @Test("A standby leaves the host's writer alone until it has the lock, and outlasts a host that holds it then")
    func standbyBesideAHeldWriter() async throws {
        let host = try HostEnvironment()
        let old = try await host.dispatcher()
        // The new process has connections of its own.
        let pool = try DatabasePool(path: host.path)
        let new = try await WebhookDispatcher(
            configuration: host.configuration(),
            host: HostDatabase.open(pool),
            logger: host.log.logger
        )
        let first = Task { try await old.run() }
        try await host.enrol(1, old)
        try await host.receiver.waitForRequests(count: 1)
        let held = HeldWriter(pool)
        let second = Task { try await new.run(whenLocked: .wait) }
        // A turn would end the run, five seconds later.
        while !host.log.text.contains("waiting for the running dispatcher to end") { await Task.yield() }
        old.shutDown()
        try await first.value
        held.letGo()
        try await host.enrol(2, new)
        try await host.receiver.waitForRequests(count: 2)
        new.shutDown()
        try await second.value
    }

    @Test("Who is cancelled while it waits for another run of the same dispatcher ends that one not")
    func cancelledBesideARun() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        try await host.running(dispatcher) {
            try await host.enrol(1, dispatcher)
            try await host.receiver.waitForRequests(count: 1)
            let standby = Task { try await dispatcher.run(whenLocked: .wait) }
            while !host.log.text.contains("waiting for the running dispatcher to end") { await Task.yield() }
            standby.cancel()
            try await standby.value
            try await host.enrol(2, dispatcher)
            try await host.receiver.waitForRequests(count: 2)
        }
        #expect(!host.log.text.contains("cutting off"))
    }

    @Test("A database in memory has one run at a time, whichever dispatcher it is of")
    func inMemory() async throws {
        let host = try HostEnvironment(database: try DatabaseQueue())
        let (one, other) = (try await host.dispatcher(), try await host.dispatcher())
        try await host.running(one) {
            try await host.enrol(1, one)
            try await host.receiver.waitForRequests(count: 1)
            #expect(await one.log.runningDispatcher() != nil)
            #expect(await failure { try await one.run() }?.store?.code == .locked)
            #expect(await failure { try await other.run() }?.store?.code == .locked)
        }
        try await host.running(other) {
            try await host.enrol(2, other)
            try await host.receiver.waitForRequests(count: 2)
        }
    }

    @Test("A cancellation is told of once its transaction is committed; one that is rolled back is not")
    func cancelledByHand() async throws {
        struct Rollback: Error {}
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        let notices = dispatcher.notices()
        let later = Timestamp.now + .seconds(3600)
        for student in 1...3 {
            try await host.database.write { db in
                _ = try dispatcher.emit(.enrolment(student, deliverAt: later), in: db)
            }
        }
        await #expect(throws: Rollback.self) {
            try await host.database.write { db in
                try dispatcher.cancel("student-1", in: db)
                throw Rollback()
            }
        }
        try await host.database.write { db in _ = try dispatcher.cancel("student-2", in: db) }
        try await dispatcher.cancel("student-3")
        var found: [String] = []
        for await notice in notices where notice.kind == .cancelled {
            found.append(notice.event ?? "")
            if found.count == 2 { break }
        }
        #expect(found == ["student-2", "student-3"])
    }

    @Test("A shutdown is for the run that it ends, the first one where none has begun")
    func again() async throws {
        let host = try HostEnvironment()
        let dispatcher = try await host.dispatcher()
        dispatcher.shutDown()
        try await dispatcher.run()
        for student in 1...3 {
            let run = Task { try await dispatcher.run() }
            try await host.enrol(student, dispatcher)
            try await host.receiver.waitForRequests(count: student)
            dispatcher.shutDown()
            try await run.value
            dispatcher.shutDown()
        }
    }

    @Test("ServiceLifecycle's graceful shutdown drains: what is on the wire ends")
    func graceful() async throws {
        let host = try HostEnvironment { _ in .noContent.after(.milliseconds(200)) }
        let dispatcher = try await host.dispatcher()
        let group = ServiceGroup(services: [dispatcher], logger: host.log.logger)
        let run = Task { try await group.run() }
        try await host.enrol(1, dispatcher)
        try await host.receiver.waitForRequests(count: 1)
        await group.triggerGracefulShutdown()
        try await run.value
        #expect(try await dispatcher.deliveries().map(\.state) == [.delivered])
    }

    @Test("Several dispatchers in a process, each with a store of its own")
    func several() async throws {
        let hosts = try (0..<3).map { _ in try HostEnvironment() }
        try await withThrowingTaskGroup { group in
            for host in hosts {
                group.addTask {
                    let dispatcher = try await host.dispatcher()
                    try await host.running(dispatcher) {
                        for student in 1...5 { try await host.enrol(student, dispatcher) }
                        try await host.receiver.waitForRequests(count: 5)
                    }
                }
            }
            try await group.waitForAll()
        }
        for host in hosts { #expect(host.received == (1...5).map { "student-\($0)" }) }
    }
}
