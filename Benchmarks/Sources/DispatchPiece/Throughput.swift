internal import BenchSupport
internal import Webhooks

/// 64 callers that each wait for an emit: from the first emit to the last committed attempt.
func measureThroughput(_ setup: Setup) async throws {
    let session = try await Session.start(setup)
    try await session.warmUp(setup)
    let before = (successes: session.meter.successes, failures: session.meter.failures)
    session.meter.expect(before.successes + setup.events)
    let stopwatch = Stopwatch()
    try await session.emitClosedLoop(setup, events: setup.events)
    let end = await session.meter.reached()
    var outcome = stopwatch.outcome(
        deliveries: setup.events,
        failures: session.meter.failures - before.failures,
        until: end
    )
    outcome["residentMB"] = Usage.residentMegabytes.peak
    try await session.stop()
    outcome.add(setup.store)
    if setup.options.number("measure-size", default: 0) != 0 {
        _ = setup.store.number("PRAGMA wal_checkpoint(TRUNCATE)")
        outcome["storeBytes"] = Double(setup.store.size)
    }
    outcome.print()
}

/// The request that an event makes, for the pieces that post the same.
func writeRequest(_ setup: Setup, to path: String) async throws {
    let dispatcher = try await setup.dispatcher(log: ReadinessLog())
    let request = try dispatcher.preview.render(setup.event(for: 0), for: "s0")
    let headers = request.revealedHeaders.filter { $0.name != "Host" && $0.name != "Content-Length" }
    RequestFile(headers: headers.map { ($0.name, $0.value) }, body: Array(request.body.bytes)).write(to: path)
}
