import Synchronization
import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("A store that fails while nothing is to be recorded")
struct StoreOutageTests {
    private let error = StoreError(.unavailable, "away")

    private func told(_ harness: EngineHarness) -> [EngineNotice] {
        harness.notices.filter {
            switch $0 {
            case .storeFailed(_, .again): false
            case .storeFailed, .storeRecovered: true
            default: false
            }
        }
    }

    @Test("Leases that can't be renewed are told of once, and the first renewal after them")
    func leases() {
        let harness = EngineHarness([subscription()])
        for _ in 0..<5 {
            harness.process { $0.leaseRoundEnded(error, at: $1) }
            harness.clock.advance(by: .seconds(1))
        }
        #expect(told(harness) == [.storeFailed(error, .first)])
        harness.process { $0.leaseRoundEnded(nil, at: $1) }
        harness.process { $0.leaseRoundEnded(nil, at: $1) }
        #expect(told(harness) == [.storeFailed(error, .first), .storeRecovered(isSaid: true)])
    }

    @Test("A renewal mends nothing of what can't be recorded")
    func otherWork() {
        let harness = EngineHarness([subscription()])
        harness.emit("e1")
        harness.fault = StoreError(.readOnly, "no right")
        harness.response()
        harness.process { $0.leaseRoundEnded(nil, at: $1) }
        #expect(!harness.notices.contains(.storeRecovered(isSaid: true)))
    }

    @Test("Where nothing is left to be recorded, a write is tried until one succeeds")
    func trial() {
        let harness = EngineHarness([subscription()])
        harness.fault = StoreError(.full, "no room")
        harness.emit("e1")
        #expect(told(harness).count == 1 && harness.engine.commits.isFailing)
        harness.advance(.seconds(20))
        #expect(told(harness).count == 1 && harness.engine.commits.isFailing && harness.trials > 5)
        harness.fault = nil
        harness.advance(.seconds(5))
        #expect(told(harness).last == .storeRecovered(isSaid: true) && !harness.engine.commits.isFailing)
        let trials = harness.trials
        harness.advance(.seconds(5))
        #expect(harness.trials == trials, "one that succeeds is enough")
        // Soon after, nobody is told again, and whoever keeps account is told of the end all the same.
        harness.fault = error
        harness.emit("e2")
        harness.fault = nil
        harness.advance(.seconds(5))
        #expect(harness.notices.last == .storeRecovered(isSaid: false))
    }

    @Test("A transaction without an answer is a failure until it ends")
    func silence() {
        let harness = EngineHarness([subscription()])
        harness.holdsCommits = true
        harness.emit("e1")
        harness.process { $0.storeIsSilent(error, isLeaseRound: false, at: $1) }
        harness.process { $0.storeIsSilent(error, isLeaseRound: false, at: $1) }
        #expect(told(harness) == [.storeFailed(error, .first)])
        harness.releaseCommit()
        #expect(told(harness) == [.storeFailed(error, .first), .storeRecovered(isSaid: true)])
    }

    @Test("What was answered meanwhile is no failure")
    func answered() {
        let harness = EngineHarness([subscription()])
        harness.process { $0.storeIsSilent(error, isLeaseRound: false, at: $1) }
        #expect(told(harness) == [])
    }

    @Test("A round of leases counts as under way until the store answers", .timeLimit(.minutes(1)))
    func round() async {
        let (held, hold) = AsyncStream.makeStream(of: (@Sendable (Result<LeaseRoundResult, StoreError>) -> Void).self)
        let store = SilentStore { hold.yield($0) }
        let (noticed, notice) = AsyncStream.makeStream(of: EngineNotice.self)
        let runner = runner(on: store, Listening { notice.yield($0) })
        defer { runner.abandon() }
        runner.start(externalInterval: nil)
        var silence = StoreSilence()
        for await answer in held {
            _ = silence.look(at: await runner.progress(), now: .zero)
            let found = silence.look(at: await runner.progress(), now: .seconds(4))
            #expect(found == .init(length: .seconds(4), isLeaseRound: true))
            runner.storeIsSilent(error, isLeaseRound: true)
            _ = await runner.progress()
            answer(.success(LeaseRoundResult(stands: true)))
            break
        }
        var told: [EngineNotice] = []
        for await notice in noticed {
            told.append(notice)
            if notice == .storeRecovered(isSaid: true) { break }
        }
        #expect(told == [.storeFailed(error, .first), .storeRecovered(isSaid: true)])
    }

    @Test("A round of leases that fails is counted", .timeLimit(.minutes(1)))
    func failedRound() async {
        let (failures, failed) = AsyncStream.makeStream(of: StoreError.self)
        let runner = runner(on: SilentStore { [error] in $0(.failure(error)) }, Listening { _ in }) { failed.yield($0) }
        defer { runner.abandon() }
        runner.start(externalInterval: nil)
        for await failure in failures {
            #expect(failure == error)
            break
        }
    }

    private func runner(
        on store: SilentStore,
        _ observer: Listening,
        onFailure: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) -> EngineRunner {
        EngineRunner(
            settings: EngineSettings(),
            snapshot: ConfigurationSnapshot(
                registry: Registry(subscriptions: [], profiles: [:], settings: DispatcherSettings()),
                renderer: ScriptedRenderer()
            ),
            store: store,
            transport: ScriptedTransport(),
            clock: SystemClock(),
            observer: observer,
            leases: RunnerLeases(
                store: store,
                record: NodeRecord(id: NodeID(process: 1)),
                onFailure: onFailure
            )
        )
    }
}

/// A store in memory that hands every round of leases to a test.
private final class SilentStore: LeaseStore {
    private let store = InMemoryStore()
    private let hold: @Sendable (@escaping @Sendable (Result<LeaseRoundResult, StoreError>) -> Void) -> Void

    init(_ hold: @escaping @Sendable (@escaping @Sendable (Result<LeaseRoundResult, StoreError>) -> Void) -> Void) {
        self.hold = hold
    }

    func hold(_ round: LeaseRound, completion: @escaping @Sendable (Result<LeaseRoundResult, StoreError>) -> Void) {
        hold(completion)
    }

    func nodes() async throws(StoreError) -> [LivingNode] { [] }

    func leases() async throws(StoreError) -> [Lease] { [] }

    func commit(_ batch: StoreBatch, completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void) {
        store.commit(batch, completion: completion)
    }

    func checkExternalWrites(completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
        completion(.success(false))
    }
}

/// Tells a test what operators would be told.
private struct Listening: EngineObserver {
    let tell: @Sendable (EngineNotice) -> Void

    func recorded(_ attempts: [RecordedAttempt]) {}
    func settled(_ deliveries: [SettledDelivery]) {}
    func noticed(_ notice: EngineNotice) { tell(notice) }
    func failed(_ error: StoreError) {}
}
