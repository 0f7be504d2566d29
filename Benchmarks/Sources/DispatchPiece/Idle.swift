internal import BenchSupport
internal import Webhooks

/// A dispatcher with nothing to do.
func measureIdle(_ setup: Setup) async throws {
    let session = try await Session.start(setup)
    session.meter.expect(1)
    try await session.dispatcher.emit(setup.event(for: 0))
    _ = await session.meter.reached()
    try await Task.sleep(for: .seconds(2))
    let stopwatch = Stopwatch()
    try await Task.sleep(for: .seconds(setup.options.number("seconds", default: 10)))
    var outcome = stopwatch.outcome(deliveries: 0)
    outcome["residentMB"] = Usage.residentMegabytes.now
    try await session.stop()
    outcome.print()
}
