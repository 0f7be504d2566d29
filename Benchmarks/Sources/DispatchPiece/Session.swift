internal import BenchSupport
internal import Metrics
internal import Synchronization
internal import Webhooks

/// A dispatcher at work, with its committed attempts counted.
struct Session: Sendable {
    let dispatcher: WebhookDispatcher
    let meter: AttemptMeter
    private let run: Task<Void, any Error>

    /// Starts a dispatcher; returns once it delivers.
    static func start(_ setup: Setup) async throws -> Session {
        let meter = AttemptMeter()
        MetricsSystem.bootstrap(MeterFactory(meter: meter))
        let log = ReadinessLog()
        let dispatcher = try await setup.dispatcher(log: log)
        let run = Task { try await dispatcher.run() }
        try await log.waitUntilDelivering()
        return Session(dispatcher: dispatcher, meter: meter, run: run)
    }

    /// One success for each endpoint that answers, and at least a thousand events, so that everything is warm and every
    /// endpoint proven.
    func warmUp(_ setup: Setup) async throws {
        let count = setup.endpoints * max(1, min(1000, setup.events / 10) / setup.endpoints)
        meter.expect(meter.successes + count)
        try await emitClosedLoop(setup, events: count)
        _ = await meter.reached()
    }

    /// Emits a number of events, by callers that each wait until one is on disk before they emit the next.
    func emitClosedLoop(_ setup: Setup, events: Int) async throws {
        let next = SharedNumber()
        try await withThrowingTaskGroup { group in
            for _ in 0..<setup.callers {
                group.addTask {
                    while case let number = next.take(), number < events {
                        try await dispatcher.emit(setup.event(for: number % setup.endpoints))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Ends the dispatcher and closes the store.
    func stop() async throws {
        dispatcher.shutDown()
        try await run.value
    }
}

/// Counts up, from any task.
final class SharedNumber: Sendable {
    private let atomic = Atomic<Int>(0)

    /// The number before.
    func take() -> Int { atomic.wrappingAdd(1, ordering: .relaxed).oldValue }
}
