import GRDB
import ServiceLifecycle
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks
import WebhooksGRDB

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
