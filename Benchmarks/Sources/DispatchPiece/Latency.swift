internal import BenchSupport
internal import Foundation
internal import Webhooks

/// Open loop: events come at fixed times, whatever became of those before. The sink measures from the time at which
/// an event should have been emitted to its receipt.
///
/// Where there are dead endpoints, each gets as many events as each that answers.
func measureLatency(_ setup: Setup) async throws {
    let session = try await Session.start(setup)
    try await session.warmUp(setup)
    await resetSink(setup)
    let rate = setup.options.number("rate", default: 1000)
    let count = rate * setup.options.number("seconds", default: 10)
    let all = setup.endpoints + setup.dead
    // The endpoints take turns in an order that mixes dead and living; an odd stride reaches all of them.
    let stride = 7919
    let isHealthy = (0..<count).map { ($0 * stride) % all < setup.endpoints }
    let expected = isHealthy.count { $0 }
    session.meter.expect(session.meter.successes + expected)
    let stopwatch = Stopwatch()
    try await emitOpenLoop(count: count, rate: rate) { number, instant in
        try await session.dispatcher.emit(setup.event(for: (number * stride) % all, at: instant))
    }
    let limit = Task {
        try await Task.sleep(for: .seconds(60))
        fail("only \(session.meter.successes) of \(expected) deliveries were made within a minute")
    }
    let end = await session.meter.reached()
    limit.cancel()
    var outcome = stopwatch.outcome(deliveries: expected, until: end)
    outcome["residentMB"] = Usage.residentMegabytes.peak
    try await session.stop()
    outcome.print()
}

/// Calls at fixed times, from a thread that does nothing else; returns when every call has.
func emitOpenLoop(
    count: Int,
    rate: Int,
    _ call: @escaping @Sendable (_ number: Int, _ instant: Instant) async throws -> Void
) async throws {
    let (moments, pacer) = AsyncStream.makeStream(of: (Int, Task<Void, any Error>).self)
    let start = Instant.now + 10_000_000
    Thread.detachNewThread {
        for number in 0..<count {
            let instant = start + UInt64(number) * 1_000_000_000 / UInt64(rate)
            instant.sleep()
            pacer.yield((number, Task { try await call(number, instant) }))
        }
        pacer.finish()
    }
    for await (_, task) in moments { try await task.value }
}

/// Forgets what the sink has counted so far.
private func resetSink(_ setup: Setup) async {
    if let port = setup.options.text("sink").flatMap(Int.init) { SinkControl(port: port).reset() }
}
