import Testing
import WebhookCore
import WebhooksSQLite

@testable import Webhooks

/// What is wrong with a store, by what is known of it.
@Suite struct StoreStatusTests {
    private static let now = Timestamp(milliseconds: 1_000_000)

    private func status(
        breakerUntil until: Timestamp,
        waiting: Int,
        lastSignOfLife: Duration? = .seconds(3)
    ) -> StoreStatus {
        let files = StoreStatus.Files(path: "w.sqlite", size: 1, walSize: 0, free: nil)
        var status = StoreStatus(at: Self.now, files: files)
        status.dispatcher = StoreStatus.Dispatcher(processID: 7)
        status.dispatcher?.lastSignOfLife = lastSignOfLife
        var health = SubscriptionHealth(subscription: "crm")
        health.breaker = SubscriptionHealth.Breaker(failures: 4, until: until)
        var backlog = StoreBacklog()
        var own = StoreBacklog.Subscription(name: "crm")
        own.waiting = waiting
        backlog.subscriptions = [own]
        status.fill(backlog, [health], [("crm", true)])
        return status
    }

    @Test func `a breaker whose pause is over is wrong only while something waits behind it`() {
        let past = Self.now - .seconds(1)
        let (rest, due) = (status(breakerUntil: past, waiting: 0), status(breakerUntil: past, waiting: 1))
        #expect(rest.problems.isEmpty && rest.holds.isEmpty)
        #expect(due.problems.map(\.message) == ["crm: 4 failures in a row; the next attempt is due"])
        let open = status(breakerUntil: Self.now + .seconds(60), waiting: 0)
        #expect(open.problems.map(\.code) == ["breaker_open"])
    }

    @Test func `a dispatcher is silent after twenty seconds`() {
        let past = Self.now - .seconds(1)
        #expect(status(breakerUntil: past, waiting: 0, lastSignOfLife: .seconds(20)).problems.isEmpty)
        #expect(status(breakerUntil: past, waiting: 0, lastSignOfLife: nil).problems.isEmpty)
        let silent = status(breakerUntil: past, waiting: 0, lastSignOfLife: .seconds(40))
        #expect(silent.problems.map(\.code) == ["not_responding"])
        #expect(silent.problems[0].message.hasSuffix("its last sign of life is 40 s old"))
    }

    @Test func `sizes are said alike wherever they are`() {
        var full = status(breakerUntil: Self.now, waiting: 0)
        full.files.free = 2_940_000
        #expect(full.problems.map(\.message) == ["2.8 MiB are free on the disk of w.sqlite"])
    }
}
