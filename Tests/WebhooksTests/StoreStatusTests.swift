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

    @Test func `what may have arrived is not called failed`() {
        var status = status(breakerUntil: Self.now, waiting: 0)
        (status.lost, status.unknown) = (1, 1)
        #expect(status.warnings.map(\.code) == ["unknown"])
        #expect(status.warnings[0].message.contains("may have arrived"))
        #expect(status.warnings[0].hint?.contains("a second time") == true)
        (status.lost, status.unknown) = (3, 1)
        #expect(status.warnings.map(\.code) == ["lost", "unknown"])
        #expect(
            status.warnings[0].message == "2 deliveries have failed for good within an hour, and nobody tries again"
        )
    }

    @Test func `what stands behind a retry in the order is neither due nor late`() {
        var status = StoreStatus(at: Self.now, files: StoreStatus.Files(path: "p", size: 1, walSize: nil, free: nil))
        status.dispatcher = StoreStatus.Dispatcher(processID: 7)
        var own = StoreBacklog.Subscription(name: "ord")
        (own.waiting, own.behind) = (3, 2)
        var backlog = StoreBacklog()
        backlog.subscriptions = [own]
        status.fill(backlog, [], [("ord", true)])
        #expect(status.due == 0 && status.late == 0 && status.waiting == 3 && status.problems.isEmpty)
        #expect(status.holds.map(\.reason) == [.order] && status.holds.map(\.waiting) == [2])
    }

    @Test func `attempts that a kill has cut off are told, and wait for a dispatcher`() {
        var status = StoreStatus(at: Self.now, files: StoreStatus.Files(path: "p", size: 1, walSize: nil, free: nil))
        status.inFlight = 2
        #expect(
            status.problems.map(\.message)
                == ["no dispatcher runs; 2 are in flight, or cut off until the next one settles that"]
        )
    }

    // MARK: Several dispatchers

    /// A node that has had a configuration for some time.
    private func node(_ process: UInt64, _ configuration: String, since age: Duration) -> LivingNode {
        var record = NodeRecord(
            id: NodeID(process: process),
            host: "h",
            pid: 7,
            startedAt: Self.now - .seconds(900),
            configuration: configuration
        )
        record.configuredAt = Self.now - age
        return LivingNode(record, heartbeatAt: Self.now - .seconds(3), expiresIn: .seconds(12))
    }

    private func status(
        _ nodes: [LivingNode],
        isConnected: Bool = true,
        served: Set<String>? = nil,
        dueFor age: Duration? = nil
    )
        -> StoreStatus
    {
        var status = StoreStatus(at: Self.now, files: StoreStatus.Files(path: "p", size: 1, walSize: nil, free: nil))
        if isConnected { status.dispatcher = StoreStatus.Dispatcher(processID: 7) }
        status.nodes = nodes
        var own = StoreBacklog.Subscription(name: "crm")
        (own.waiting, own.inFlight) = (2, 1)
        own.oldestDueAt = age.map { Self.now - $0 }
        var backlog = StoreBacklog()
        backlog.subscriptions = [own]
        status.fill(backlog, [], nil, served: served)
        return status
    }

    @Test func `what no dispatcher serves is wrong once it has been due for a minute`() {
        let nodes = [node(1, "v1", since: .seconds(900))]
        let unserved = status(nodes, served: ["lms"], dueFor: .seconds(100))
        #expect(unserved.problems.map(\.code) == ["unserved"])
        #expect(
            unserved.problems[0].message
                == "crm: 2 deliveries wait, and no dispatcher that runs has served it since \(Self.now - .seconds(100))"
        )
        #expect(unserved.holds.map(\.inFlight) == [1])
        #expect(status(nodes, served: [], dueFor: .seconds(10)).problems.isEmpty)
        #expect(status(nodes, served: [], dueFor: nil).problems.isEmpty, "it is due later")
        #expect(status(nodes, served: ["crm"], dueFor: .seconds(10)).holds.isEmpty)
        #expect(status(nodes, served: nil, dueFor: .seconds(10)).holds.isEmpty)
        let fresh = NodeRecord(id: NodeID(process: 1), startedAt: Self.now - .seconds(5))
        let started = LivingNode(fresh, heartbeatAt: Self.now, expiresIn: .seconds(12))
        #expect(status([started], served: [], dueFor: .seconds(900)).problems.isEmpty, "it has just been started")
    }

    @Test func `different files are told at once, and wrong when it is no deployment any more`() {
        func nodes(_ age: Duration) -> [LivingNode] {
            [node(1, "v1", since: .seconds(800)), node(2, "v1", since: .seconds(10)), node(3, "v2", since: age)]
        }
        let (short, long) = (status(nodes(.seconds(299))), status(nodes(.seconds(301))))
        #expect(short.problems.isEmpty && short.warnings.map(\.code) == ["nodes_disagree"])
        #expect(long.problems.map(\.code) == ["nodes_disagree"] && long.warnings.isEmpty)
        #expect(long.problems[0].message.contains("2 different files since \(Self.now - .seconds(301))"))
        let same = status([node(1, "v1", since: .seconds(800)), node(2, "v1", since: .seconds(800))])
        #expect(same.problems.isEmpty && same.warnings.isEmpty)
    }

    @Test func `dispatchers that have lost the server are not called none`() {
        let lost = status([node(1, "v1", since: .zero), node(2, "v1", since: .zero)], isConnected: false)
        #expect(lost.problems.map(\.code) == ["reconnecting"])
        #expect(lost.problems[0].message.hasSuffix("; the 2 dispatchers gave a sign of life 3 s ago"))
        #expect(status([], isConnected: false).problems.map(\.code) == ["no_dispatcher"])
    }
}
