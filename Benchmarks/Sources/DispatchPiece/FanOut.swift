internal import BenchSupport
internal import Webhooks

/// One event to every endpoint, one after the other: from the emit to the last committed attempt.
func measureFanOut(_ setup: Setup) async throws {
    let session = try await Session.start(setup)
    func fanOut() async throws -> Instant {
        session.meter.expect(session.meter.successes + setup.endpoints)
        try await session.dispatcher.emit(setup.event(for: 0))
        return await session.meter.reached()
    }
    // The first proves the endpoints.
    _ = try await fanOut()
    let stopwatch = Stopwatch()
    var end = Instant.now
    for _ in 0..<setup.events { end = try await fanOut() }
    var outcome = stopwatch.outcome(deliveries: setup.events * setup.endpoints, until: end)
    outcome["residentMB"] = Usage.residentMegabytes.peak
    try await session.stop()
    outcome.add(setup.store)
    outcome.print()
}
