package import WebhookCore
internal import WebhooksSQLite

/// The progress of a command's first attempts.
package struct FirstAttempts: Sendable, Hashable {
    /// True when every delivery has had its first attempt, has settled without one, or is held for longer than somebody
    /// waits.
    package var areDone: Bool
    /// Deliveries without a finished first attempt, those aside that a pause, a breaker or their order holds.
    package var outstanding: Int
    /// Deliveries that a pause holds: nobody waits for them.
    package var paused: Int

    package init(areDone: Bool, outstanding: Int, paused: Int = 0) {
        self.areDone = areDone
        self.outstanding = outstanding
        self.paused = paused
    }
}

/// Waiting for what a command has brought about.
extension WebhookDispatcher {
    /// Waits until every delivery of some events, and some deliveries beside, has had its first attempt, or until
    /// nothing can be expected of any before the time is over: what is left is held by a pause, a breaker, its order or settings that
    /// can't be used, or the dispatcher that would see to it doesn't respond.
    ///
    /// - Parameters:
    ///   - events: the events, with all of their deliveries.
    ///   - deliveries: deliveries whose siblings are none of the caller's business.
    ///   - timeout: how long to wait at most.
    ///   - progress: told now and then how far it is.
    package func waitForFirstAttempts(
        of events: [String],
        and deliveries: [Delivery.ID] = [],
        timeout: Duration,
        progress: (FirstAttempts) async -> Void = { _ in }
    ) async throws(WebhooksError) -> FirstAttempts {
        let start = ContinuousClock.now
        var pause: Duration = .milliseconds(2)
        var wait = FirstAttemptsCheck(events: events, deliveries: deliveries, deadline: .now + timeout)
        let registry = registry
        var round = 0
        while true {
            round += 1
            // Nobody will make what is outstanding.
            if let failure = state.withLock({ $0.failure }) { throw WebhooksError(failure) }
            var result = try await wait.look(log)
            var isHopeless = false
            // Rarely, and the more rarely the longer it takes: it reads more.
            if result.outstanding > 0, round >= 4, round.nonzeroBitCount == 1 {
                isHopeless = await log.runningDispatcher()?.silence != nil
                let held = try await wait.held(log) { registry.subscription(named: $0) }
                if held >= result.outstanding { (result.areDone, result.outstanding) = (true, 0) }
            }
            await progress(result)
            let isOver = ContinuousClock.now - start >= timeout
            if result.areDone || isHopeless || isOver || Task.isCancelled { return result }
            try? await Task.sleep(for: min(pause, timeout - (ContinuousClock.now - start)))
            pause = min(pause * 2, .milliseconds(50))
        }
    }
}

/// The deliveries that are left to wait for. What is done stays done: each look asks only for what was not.
struct FirstAttemptsCheck {
    private var events: [String]
    private var deliveries: ArraySlice<Delivery.ID>
    private let deadline: Timestamp

    /// The number of events, or of deliveries, to look at in one go.
    private static let batch = 400
    /// More than that are not looked through for what holds them.
    private static let mostHeld = 20_000

    init(events: [String], deliveries: [Delivery.ID], deadline: Timestamp) {
        self.events = events
        self.deliveries = deliveries[...]
        self.deadline = deadline
    }

    mutating func look(_ log: WebhookLog) async throws(WebhooksError) -> FirstAttempts {
        var (outstanding, paused) = (0, 0)
        var open: [String] = []
        var rest = events[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batch))
            rest = rest.dropFirst(batch.count)
            let state = try await log.read { log throws(StoreError) in try await log.progress(ofEvents: batch) }
            let count = state.waitingForFanOut + state.withoutFirstAttempt - state.paused
            outstanding += count
            paused += state.paused
            if count > 0 { open += batch }
        }
        events = open
        // A look at a batch that is not done tells enough: the others are looked at when it is.
        while !deliveries.isEmpty {
            let batch = deliveries.prefix(Self.batch)
            var left: [Delivery.ID] = []
            for id in batch where try await log.delivery(id)?.waitsForFirstAttempt == true { left.append(id) }
            deliveries = left[...] + deliveries.dropFirst(batch.count)
            if !left.isEmpty { break }
        }
        outstanding += deliveries.count
        return FirstAttempts(areDone: outstanding == 0, outstanding: outstanding, paused: paused)
    }

    /// The number of outstanding deliveries that are held beyond the deadline, those aside that ``look(_:)`` leaves out.
    func held(
        _ log: WebhookLog,
        _ subscription: (String) -> Subscription?
    ) async throws(WebhooksError) -> Int {
        guard events.count + deliveries.count <= Self.mostHeld else { return 0 }
        let ofEvents = try await log.pending(ofEvents: events, batch: Self.batch)
        var own: [Delivery] = []
        for id in deliveries {
            if let delivery = try await log.delivery(id), delivery.state == .pending { own.append(delivery) }
        }
        let held = try await log.waitReasons(of: ofEvents, subscription).filter { reason in
            if case .paused = reason.reason { false } else { reason.reason.holds(until: deadline) }
        }
        let ownHeld = try await log.waitReasons(of: own, subscription).filter { $0.reason.holds(until: deadline) }
        return (held + ownHeld).reduce(0) { $0 + $1.count }
    }
}

extension Delivery {
    /// True when it was never attempted, or its first attempt is under way.
    fileprivate var waitsForFirstAttempt: Bool { state == .pending || (state == .inFlight && attempts <= 1) }
}

extension WebhookLog {
    /// The deliveries of some events that were never attempted.
    fileprivate func pending(ofEvents events: [String], batch: Int) async throws(WebhooksError) -> [Delivery] {
        var found: [Delivery] = []
        for start in stride(from: 0, to: events.count, by: batch) {
            var query = DeliveryQuery(states: [.pending])
            query.events = Array(events[start..<min(start + batch, events.count)])
            query.limit = batch
            while true {
                let page = try await deliveries(query)
                found += page
                guard page.count == query.limit, let last = page.last else { break }
                query.after = last.id
            }
        }
        return found
    }
}
