import Dispatch
import Synchronization
import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

/// A sign of life takes an attempt's way: where a part of it hangs there is none.
@Suite("Pings") struct PingTests {
    private func runner(_ transport: any Transport) -> EngineRunner {
        let registry = Registry(subscriptions: [], profiles: [:], settings: DispatcherSettings())
        return EngineRunner(
            settings: EngineSettings(),
            snapshot: ConfigurationSnapshot(registry: registry, renderer: ScriptedRenderer()),
            store: InMemoryStore(),
            transport: transport,
            clock: SystemClock(),
            observer: Unobserved()
        )
    }

    /// Pings, and waits for the answer.
    private func ping(_ runner: EngineRunner) async {
        await withCheckedContinuation { continuation in
            _ = runner.ping { continuation.resume() }
        }
    }

    @Test("it is answered by all, one after the other") func answered() async {
        let runner = runner(ScriptedTransport())
        await ping(runner)
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let question = runner.ping { answer.yield() }
        for await _ in answers { break }
        #expect(question.waitsFor == nil)
    }

    @Test("a queue that hangs gives none") func engineHangs() async {
        let runner = runner(ScriptedTransport())
        let order = Mutex<[String]>([])
        let gate = DispatchSemaphore(value: 0)
        runner.queue.async {
            gate.wait()
            order.withLock { $0.append("goes on") }
        }
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let question = runner.ping {
            order.withLock { $0.append("alive") }
            answer.yield()
        }
        #expect(question.waitsFor == .engine)
        gate.signal()
        for await _ in answers { break }
        #expect(order.withLock { $0 } == ["goes on", "alive"])
    }

    @Test("a transport that takes nothing up gives none, and is named", .timeLimit(.minutes(1)))
    func transportHangs() async {
        let (held, hold) = AsyncStream.makeStream(of: (@Sendable () -> Void).self)
        let runner = runner(HeldTransport { hold.yield($0) })
        let isAlive = Mutex(false)
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let question = runner.ping {
            isAlive.withLock { $0 = true }
            answer.yield()
        }
        for await release in held {
            #expect(question.waitsFor == .transport)
            #expect(isAlive.withLock { !$0 })
            release()
            break
        }
        for await _ in answers { break }
        #expect(question.waitsFor == nil)
    }

    @Test("an engine that has ended gives none") func ended() async {
        let runner = runner(ScriptedTransport())
        runner.abandon()
        let question = runner.ping { Issue.record("it has ended") }
        // Behind it on its queue.
        await withCheckedContinuation { continuation in runner.queue.async { continuation.resume() } }
        #expect(question.waitsFor == .engine)
    }
}

/// A transport that hands every ping to a test.
private struct HeldTransport: Transport {
    let hold: @Sendable (@escaping @Sendable () -> Void) -> Void

    func send(_ orders: [TransportOrder], completion: @escaping @Sendable ([TransportCompletion]) -> Void) {}

    func cancelAll() {}

    func cancel(_ tokens: Set<UInt64>, reason: String) {}

    func ping(_ completion: @escaping @Sendable () -> Void) { hold(completion) }
}

private struct Unobserved: EngineObserver {
    func recorded(_ attempts: [RecordedAttempt]) {}
    func settled(_ deliveries: [SettledDelivery]) {}
    func noticed(_ notice: EngineNotice) {}
    func failed(_ error: StoreError) {}
}
