internal import BenchSupport
internal import Webhooks

/// One event's request, made again and again: what rendering and signing cost by themselves.
func measureRendering(_ setup: Setup) async throws {
    let dispatcher = try await setup.dispatcher(log: ReadinessLog())
    let event = try setup.event(for: 0)
    var bytes = 0
    for _ in 0..<1000 { bytes += try dispatcher.preview.render(event, for: "s0").body.count }
    let stopwatch = Stopwatch()
    for _ in 0..<setup.events { bytes += try dispatcher.preview.render(event, for: "s0").body.count }
    var outcome = stopwatch.outcome(deliveries: setup.events, until: .now)
    outcome["bodyBytes"] = Double(bytes / (setup.events + 1000))
    outcome.print()
}
