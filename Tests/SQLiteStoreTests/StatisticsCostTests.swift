import Testing
import WebhookCore

@testable import WebhooksSQLite

/// Statistics read a bounded number of rows, and a few more for each subscription, however many deliveries each has.
@Suite("What statistics cost")
struct StatisticsCostTests {
    let folder: TemporaryFolder
    let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
    }

    /// Stores delivered and failed deliveries, each with as many attempts as it is said to have.
    ///
    /// - Parameter subscription: by the delivery's number.
    private func fill(
        _ count: Int,
        attempts: Int = 1,
        isFailure: @Sendable (Int) -> Bool = { $0 % 7 == 0 },
        subscription: @Sendable (Int) -> Int
    ) async throws {
        var batch = StoreBatch()
        let new = (0..<count).map { index in
            NewDelivery(
                subscription: "s\(subscription(index))",
                mode: .retry,
                body: 0,
                contentType: .json,
                start: .claimed(at: Timestamp(milliseconds: Int64(index)))
            )
        }
        let deliveries = NewDeliveries(bodies: ["{}"], deliveries: new)
        batch.acceptances = [
            Acceptance(event: .sample("e"), createdAt: Timestamp(milliseconds: 1), deliveries: deliveries)
        ]
        guard case .stored(_, let ids)? = try await store.commit(batch).get().acceptances.first else { return }
        for number in 1...attempts {
            var batch = StoreBatch()
            for (index, id) in ids.enumerated() {
                let instant = Timestamp(milliseconds: Int64(index))
                if number > 1 {
                    batch.claims.append(Claim(delivery: id, number: number, at: instant, needsBody: false))
                }
            }
            _ = try await store.commit(batch).get()
            batch = StoreBatch()
            for (index, id) in ids.enumerated() {
                let isFailure = isFailure(index)
                var attempt = Attempt(
                    number: number,
                    startedAt: Timestamp(milliseconds: Int64(index)),
                    url: "http://x",
                    requestHeaders: [],
                    requestBody: .empty
                )
                attempt.finishedAt = attempt.startedAt
                attempt.duration = .milliseconds(index + 1)
                attempt.outcome = isFailure ? .failed : .succeeded
                attempt.error = isFailure ? .status : nil
                let last: DeliveryState = isFailure ? .failed : .delivered
                batch.results.append(
                    AttemptWrite(
                        delivery: id,
                        attempt: attempt,
                        uncountedAttempts: 0,
                        interruptions: 0,
                        next: number < attempts ? .waiting(until: attempt.startedAt) : .settled(last)
                    )
                )
            }
            _ = try await store.commit(batch).get()
        }
        while try await store.indexNewRows(batchSize: 100).indexed > 0 {}
    }

    @Test("The last failures alone are those of the statistics, and cost a few rows a subscription")
    func lastFailures() async throws {
        try await fill(3_000, isFailure: { $0 % 5 == 2 || $0 % 7 == 1 }, subscription: { $0 % 5 })
        let (found, rows) = try await store.read { try StatisticsReport.lastFailures($0) }
        let statistics = try await store.statistics()
        #expect(Set(found.map(\.subscription)) == Set(statistics.filter { $0.lastFailure != nil }.map(\.subscription)))
        for row in statistics {
            #expect(found.first { $0.subscription == row.subscription }?.failure == row.lastFailure)
        }
        #expect(!found.isEmpty && rows <= 5 * 5)
        // What is not indexed yet counts as well.
        var batch = StoreBatch()
        let new = NewDelivery(
            subscription: "s0",
            mode: .retry,
            body: 0,
            contentType: .json,
            start: .settled(.failed, .template, detail: nil)
        )
        batch.acceptances = [
            Acceptance(
                event: .sample("late"),
                createdAt: Timestamp(milliseconds: 1_000_000),
                deliveries: NewDeliveries(bodies: ["{}"], deliveries: [new])
            )
        ]
        _ = try await store.commit(batch).get()
        let late = try await store.lastFailures().first { $0.subscription == "s0" }
        #expect(late?.failure.error == .template)
        #expect(late?.failure == (try await store.statistics().first { $0.subscription == "s0" }?.lastFailure))
    }

    private func measure(
        _ bounds: StatisticsSample.Bounds
    ) async throws -> (statistics: [SubscriptionStatistics], rows: Int) {
        try await store.read { try StatisticsReport(db: $0, bounds: bounds).measured() }
    }

    @Test("The bounds hold, and each subscription adds a few rows", arguments: [10, 100, 250])
    func bounded(subscriptions: Int) async throws {
        // One of each has failed at least.
        try await fill(1_000, isFailure: { $0 < 250 }, subscription: { $0 % subscriptions })
        let bounds = StatisticsSample.Bounds(newest: 200, lookUps: 100)
        let (statistics, rows) = try await measure(bounds)
        #expect(statistics.count == subscriptions)
        #expect(statistics.allSatisfy { $0.count(.delivered) + $0.count(.failed) == 1_000 / subscriptions })
        #expect(statistics.allSatisfy { $0.p50 != nil && $0.lastDeliveredAt != nil && $0.lastFailure == nil })
        // A delivery and its attempt, and one of each state for those that nothing was met of.
        let most = bounds.newest + 2 * max(bounds.lookUps, subscriptions) + 5 * subscriptions
        #expect(rows <= most, "\(rows) rows were read")
    }

    @Test("Who has nearly everything is not read on and on for those who have little")
    func skewed() async throws {
        // 40 quiet ones at the beginning, one that writes everything since.
        try await fill(1_500) { $0 < 80 ? $0 / 2 : 40 }
        let (statistics, rows) = try await measure(StatisticsSample.Bounds())
        #expect(rows < 4 * (1_000 + 80) + 2 * 80 + 5, "\(rows) rows were read")
        let quiet = statistics.first { $0.subscription == "s7" }
        #expect(quiet?.p50 == .milliseconds(15) && quiet?.p99 == .milliseconds(16))
        #expect(statistics.first { $0.subscription == "s40" }?.p99 == .milliseconds(1_490))
    }

    @Test("Many attempts of a delivery count as that many rows")
    func attempts() async throws {
        try await fill(120, attempts: 9) { $0 % 40 }
        let bounds = StatisticsSample.Bounds(newest: 100, lookUps: 40)
        let (_, rows) = try await measure(bounds)
        #expect(rows <= bounds.newest + 9 + 40 * (1 + 9) + 5 * 40, "\(rows) rows were read")
    }

    @Test("The last success and the last failure are found behind any number of the other")
    func last() async throws {
        try await fill(
            800,
            isFailure: { (200..<400).contains($0) || $0 >= 600 },
            subscription: { $0 < 400 ? 0 : $0 % 2 }
        )
        let (statistics, _) = try await measure(StatisticsSample.Bounds(newest: 50, lookUps: 10))
        #expect(statistics.map { $0.lastFailure?.error } == [.status, .status])
        #expect(statistics.map { $0.lastDeliveredAt?.milliseconds } == [598, 599])
    }

    @Test("What has no attempt to measure is passed over, within the bounds")
    func passesOver() async throws {
        try await fill(100) { $0 % 2 }
        // Cancelled before an attempt, and failed without one.
        let unrendered = NewDelivery(
            subscription: "s0",
            mode: .retry,
            body: nil,
            contentType: .json,
            start: .settled(.failed, .template, detail: nil)
        )
        let other = NewDelivery(subscription: "s1", mode: .retry, body: 0, contentType: .json, start: .inOrder)
        let deliveries = Array(repeating: unrendered, count: 300) + Array(repeating: other, count: 300)
        var batch = StoreBatch()
        batch.acceptances = [
            Acceptance(
                event: .sample("later"),
                createdAt: Timestamp(milliseconds: 2_000),
                deliveries: NewDeliveries(bodies: ["{}"], deliveries: deliveries)
            )
        ]
        _ = try await store.commit(batch).get()
        _ = try await store.cancel(events: [], deliveries: [], subscription: "s1", at: Timestamp(milliseconds: 3_000))
        while try await store.indexNewRows(batchSize: 100).indexed > 0 {}
        let (statistics, _) = try await measure(StatisticsSample.Bounds(newest: 100, lookUps: 1_000))
        #expect(statistics.map(\.p99) == [.milliseconds(99), .milliseconds(100)])
        // The failed ones lie before the delivered ones: with few look-ups these are not reached.
        let bounds = StatisticsSample.Bounds(newest: 100, lookUps: 200)
        let (short, rows) = try await measure(bounds)
        #expect(short.map(\.p99) == [nil, .milliseconds(100)])
        #expect(rows <= bounds.newest + 2 * bounds.lookUps + 5 * 2, "\(rows) rows were read")
    }
}
