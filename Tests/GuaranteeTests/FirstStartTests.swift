import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Several processes make the same store at the same time.
@Suite struct FirstStartTests {
    /// Row 36: none of them fails, and what was emitted is delivered.
    @Test(arguments: TestStore.here)
    func together(on store: TestStore) async throws {
        let rounds = Soak.rounds(store == .sqlite ? 40 : 5, soak: 1000)
        let atOnce = 4
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<rounds {
                if round >= atOnce { try await group.next() }
                group.addTask { try await start(round, on: store) }
            }
            try await group.waitForAll()
        }
    }

    private func start(_ round: Int, on store: TestStore) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], on: store)
        let dispatcher = try stage.start(["run"])
        let emits = try ["one", "two"].map { try stage.start(["emit", "a.b", "--data", "{}", "--id", $0, "--detach"]) }
        for emit in emits {
            let exit = await emit.exit()
            #expect(exit == .code(0), "round \(round): \(emit.errors)")
        }
        try await eventually("both are delivered in round \(round): \(dispatcher.errors)") {
            if dispatcher.hasEnded { throw Problem("the dispatcher ended: \(dispatcher.errors)") }
            return receiver.requestCount == 2
        }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0), "\(dispatcher.errors)")
    }
}
