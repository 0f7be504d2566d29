internal import BenchSupport
internal import SQLiteStore
internal import Webhooks

/// Fills a store with deliveries that are due.
func fillBacklog(_ setup: Setup) async throws {
    let dispatcher = try await setup.dispatcher(log: ReadinessLog())
    let body = try dispatcher.render(setup.event(for: 0), for: "s0").body
    let store = try SQLiteStore.open(path: setup.store.path, role: .dispatcher)
    let batchSize = 2000
    let stopwatch = Stopwatch()
    for first in stride(from: 0, to: setup.events, by: batchSize) {
        var batch = StoreBatch()
        for number in first..<min(first + batchSize, setup.events) {
            let now = Timestamp.now
            let endpoint = number % setup.endpoints
            let delivery = NewDelivery(
                subscription: "s\(endpoint)",
                mode: .retry,
                body: 0,
                contentType: .json,
                start: .pending(dueAt: now)
            )
            batch.acceptances.append(
                Acceptance(
                    event: try setup.event(for: endpoint),
                    createdAt: now,
                    deliveries: NewDeliveries(bodies: [body], deliveries: [delivery])
                )
            )
        }
        let full = batch
        let result = await withCheckedContinuation { continuation in
            store.commit(full) { continuation.resume(returning: $0) }
        }
        _ = try result.get()
    }
    store.close()
    var outcome = stopwatch.outcome(deliveries: setup.events)
    outcome["storeBytes"] = Double(setup.store.size)
    outcome.print()
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
