import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation

@testable import Webhooks

@Suite("Readiness", .timeLimit(.minutes(2)))
struct ReadinessTests {
    @Test("What it follows from: the first that holds counts")
    func context() {
        func obstacle(
            runs: Int = 1,
            stopping: Bool = false,
            session: Bool = true,
            waiting: Bool = false,
            trouble: StoreError.Code? = nil
        ) -> String? {
            let context = WebhookDispatcher.Readiness.Context(
                runs: runs,
                isShuttingDown: stopping,
                hasSession: session,
                isWaiting: waiting,
                trouble: trouble
            )
            let readiness = WebhookDispatcher.Readiness(context)
            #expect(readiness.isReady == (readiness.obstacle == nil))
            return readiness.obstacle?.rawValue
        }
        #expect(obstacle() == nil)
        #expect(obstacle(runs: 0, session: false, trouble: .damaged) == "not_running")
        #expect(obstacle(stopping: true, trouble: .full) == "stopping")
        #expect(obstacle(stopping: true, session: false, waiting: true) == "stopping")
        #expect(obstacle(session: false) == "starting")
        #expect(obstacle(session: false, waiting: true) == "standby")
        #expect(obstacle(trouble: .full) == "store_failing")
        #expect(
            WebhookDispatcher.Readiness(.init(runs: 1, hasSession: true, trouble: .full)).message.contains("(full)")
        )
    }

    @Test("A dispatcher, its standby, a store that fails, and the end")
    func life() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let workspace = try TestEnvironment()
        let list = """
              - { name: crm, url: "\(receiver.url)/crm", topics: [a.b], secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        let first = try await workspace.dispatcher(list)
        let second = try await WebhookDispatcher(configuration: workspace.configuration)
        #expect(first.readiness.obstacle == .notRunning)
        let running = Task { try await first.run() }
        await until { first.readiness.isReady }
        let standby = Task { try await second.run(until: .shutdown, whenLocked: .wait) }
        await until { second.readiness.obstacle == .standby }
        first.note(storeTrouble: StoreError(.full, "no room"))
        #expect(first.readiness.obstacle == .storeFailing)
        // Reads fail in the same outage, and are over with it.
        first.state.withLock { $0.readTrouble = StoreError(.unavailable, "away") }
        first.note(storeTrouble: nil)
        #expect(first.readiness.isReady)
        first.shutDown()
        try await running.value
        #expect(first.readiness.obstacle == .notRunning)
        await until { second.readiness.isReady }
        second.shutDown()
        try await standby.value
        #expect(second.readiness.obstacle == .notRunning)
    }

    /// Waits for a condition; the suite's time limit is its own.
    private func until(_ condition: () -> Bool) async {
        while !condition(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
    }
}
