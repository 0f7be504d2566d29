import Synchronization
import Testing

@testable import WebhooksFaultHarness

@Suite struct GateTests {
    /// Begins something, and lets it run until it waits for somebody or is done. Whether it is done.
    private func ends(_ body: @escaping @Sendable () async -> Void) async -> Bool {
        let done = Done()
        Task {
            await body()
            done.value.store(true, ordering: .releasing)
        }
        for _ in 0..<10_000 where !done.value.load(ordering: .acquiring) { await Task.yield() }
        return done.value.load(ordering: .acquiring)
    }

    private final class Done: Sendable {
        let value = Atomic(false)
    }

    @Test func `whoever closes it has it alone until it opens`() async {
        let gate = Gate()
        #expect(await ends { await gate.close() })
        #expect(await !ends { await gate.enter() })
        gate.open()
        gate.leave()
        #expect(await ends { await gate.enter() })
    }

    @Test func `closing waits for those inside`() async {
        let gate = Gate()
        await gate.enter()
        await gate.enter()
        #expect(await !ends { await gate.close() })
        gate.leave()
        #expect(await !ends { await gate.enter() })
        gate.leave()
        gate.open()
        #expect(await ends { await gate.enter() })
    }
}
