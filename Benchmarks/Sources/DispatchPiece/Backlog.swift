internal import BenchSupport
internal import Webhooks
internal import WebhooksBenchmarking

/// Fills a store with deliveries that are due.
func fillBacklog(_ setup: Setup) async throws {
    let dispatcher = try await setup.dispatcher(log: ReadinessLog())
    let body = try dispatcher.preview.render(setup.event(for: 0), for: "s0").body
    let stopwatch = Stopwatch()
    try await StoreFiller.fill(setup.location, count: setup.events, body: body) { number in
        let endpoint = number % setup.endpoints
        return (try setup.event(for: endpoint), "s\(endpoint)")
    }
    stopwatch.outcome(deliveries: setup.events).print()
}

/// A start on a store with a backlog: the first delivery, memory, and how fast it goes from there.
func measureBacklog(_ setup: Setup, since start: Instant) async throws {
    let session = try await Session.start(setup)
    session.meter.expect(1)
    let first = await session.meter.reached()
    // Warm, with every endpoint proven.
    session.meter.expect(2 * setup.endpoints + 1000)
    _ = await session.meter.reached()
    let before = session.meter.successes
    session.meter.expect(before + setup.events)
    let stopwatch = Stopwatch()
    let end = await session.meter.reached()
    var outcome = stopwatch.outcome(deliveries: setup.events, until: end)
    outcome["firstSeconds"] = first.seconds(since: start)
    outcome["residentMB"] = Usage.residentMegabytes.peak
    try await session.stop()
    outcome.print()
}
