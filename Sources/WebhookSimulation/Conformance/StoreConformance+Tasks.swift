internal import WebhookCore

/// Background tasks: kept, and each claimed by one process at a time.
extension StoreConformance {
    static let taskChecks: [Check] = [
        Check("tasks are kept and change", keepsTasks),
        Check("a task is one process's until it lets go, ends, or the claim's time is over", claimsTasks),
        Check("of several processes that claim a task one gets it", claimsOnce),
        Check("what a task does, it does with its step, and not once its claim is lost", takesStepsOnce),
    ]

    static func node(_ process: UInt64, term: Int = 1) -> NodeID { NodeID(process: process, term: term) }

    static func task(_ id: String, kind: String = "endpoint.recover") -> BackgroundTask {
        BackgroundTask(id: id, kind: kind, application: "app_1", updatedAt: time)
    }

    /// The claim of a task that is new.
    static func claimedTask(_ driver: StoreDriver, _ length: Duration = .seconds(3600)) async throws -> TaskClaim {
        let claim = TaskClaim(task: "qtask_1", owner: node(1), length: length)
        try expect(try await platform(driver).apply([.insertTask(task("qtask_1"), claim)], answer: nil), .done, "new")
        return claim
    }

    static func keepsTasks(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        var first = task("qtask_1")
        (first.parameters, first.done) = (#"{"since":1}"#, 3)
        let other = BackgroundTask(id: "qtask_2", kind: "application.stats", application: nil, updatedAt: time)
        let claim = TaskClaim(task: "qtask_1", owner: node(1), length: .seconds(3600))
        _ = try await store.apply([.insertTask(first, claim), .insertTask(other, nil)], answer: nil)
        try expect(try await store.apply([.insertTask(first, nil)], answer: nil), .taken, "once")
        try expect(try await store.task("qtask_1"), first, "as it was given")
        let end = TaskStep.end(.finished, data: #"{"a":1}"#, at: time + .seconds(1))
        try expect(try await store.apply([.step(claim, end)], answer: nil), .done, "ended")
        (first.state, first.data, first.updatedAt) = (.finished, #"{"a":1}"#, time + .seconds(1))
        try expect(try await store.task("qtask_1"), first, "as it has ended")
        func ids(_ kind: String?, _ state: BackgroundTask.State?) async throws -> [String] {
            try await store.tasks(PageWalk(isDescending: true, limit: 9), kind: kind, state: state).map(\.id)
        }
        try expect(try await ids(nil, nil), ["qtask_2", "qtask_1"], "all")
        try expect(try await ids("application.stats", nil), ["qtask_2"], "by kind")
        try expect(try await ids(nil, .finished), ["qtask_1"], "by state")
        try expect(try await store.task("qtask_3"), nil, "another")
    }

    static func claimsTasks(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let tasks = [task("qtask_1"), task("qtask_2"), task("qtask_3", kind: "later.version")]
        _ = try await store.apply(tasks.map { .insertTask($0, nil) }, answer: nil)
        func claims(_ owner: NodeID, _ length: Duration = .seconds(3600), limit: Int = 9) async throws -> [String] {
            try await store.claimTasks(of: ["endpoint.recover"], for: owner, length: length, limit: limit).map(\.id)
        }
        try expect(try await claims(node(1), limit: 1), ["qtask_1"], "the oldest first")
        try expect(try await claims(node(2)), ["qtask_2"], "what is left, of the kinds that are known")
        try expect(try await claims(node(2)), [], "each is claimed")
        let first = TaskClaim(task: "qtask_1", owner: node(1), length: .zero)
        func take(_ claim: TaskClaim, _ step: TaskStep) async throws -> PlatformResult {
            try await store.apply([.step(claim, step)], answer: nil)
        }
        try expect(try await take(first, .advance(by: 2)), .done, "it goes on, and its time is over at once")
        try expect(try await take(first, .advance(by: 1)), .done, "nobody was faster")
        let again = try await store.claimTasks(of: ["endpoint.recover"], for: node(1, term: 2), length: .zero, limit: 9)
        try expect(again.map(\.done), [3], "it is claimed with what was done")
        for step in [TaskStep.advance(by: 1), .end(.finished, data: "{}", at: time), .release] {
            try expect(try await take(first, step), .missing, "the claim before holds no more")
        }
        try expect(try await store.task("qtask_1")?.done, 3, "it changes nothing")
        let second = TaskClaim(task: "qtask_1", owner: node(1, term: 2), length: .seconds(3600))
        try expect(try await take(second, .advance(by: 0)), .done, "renewed")
        try expect(try await claims(node(3)), [], "so nobody else's")
        try expect(try await take(second, .release), .done, "let go")
        try expect(try await claims(node(3)), ["qtask_1"], "by another")
        let third = TaskClaim(task: "qtask_1", owner: node(3), length: .zero)
        try expect(try await take(third, .end(.failed, data: "{}", at: time)), .done, "ended")
        try expect(try await claims(node(1)), [], "it has ended")
        try expect(try await take(third, .advance(by: 1)), .missing, "for its owner, too")
    }

    static func claimsOnce(_ harness: Harness) async throws {
        let store = try await harness.open()
        let driver = StoreDriver(store: store)
        _ = try await platform(driver).apply((0..<8).map { .insertTask(task("qtask_\($0)"), nil) }, answer: nil)
        var others: [StoreDriver] = []
        for _ in 0..<4 { others.append(StoreDriver(store: try await harness.connect(store))) }
        let stores = try others.map { try platform($0) }
        let found = try await withThrowingTaskGroup(of: [String].self) { group in
            for (number, store) in stores.enumerated() {
                group.addTask {
                    var all: [String] = []
                    let kinds = ["endpoint.recover"]
                    let owner = node(UInt64(number))
                    while true {
                        let next = try await store.claimTasks(of: kinds, for: owner, length: .seconds(3600), limit: 2)
                        if next.isEmpty { return all }
                        all += next.map(\.id)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // Of those that another was about to claim, some may be passed over; none is claimed twice.
        try expect(Set(found).count, found.count, "each once")
        let owner = node(9)
        let rest = try await platform(driver).claimTasks(
            of: ["endpoint.recover"],
            for: owner,
            length: .seconds(3600),
            limit: 9
        )
        try expect((found + rest.map(\.id)).sorted(), (0..<8).map { "qtask_\($0)" }, "all")
    }

    static func takesStepsOnce(_ driver: StoreDriver) async throws {
        let (store, replay) = (try platform(driver), try replay(driver))
        let claim = try await claimedTask(driver, .zero)
        let one = try await driver.acceptOne("e1", .claimed("s", at: .at(10)))
        let two = try await driver.acceptOne("e2", .claimed("s", at: .at(10)))
        let first = try await replay.insertRetriggers([Retrigger(delivery: one)], for: claim, at: .at(20))
        try expect(first?.made.count, 1, "sent again")
        try expect(try await store.task("qtask_1")?.done, 1, "and counted with it")
        let taken = try await store.claimTasks(of: ["endpoint.recover"], for: node(2), length: .zero, limit: 9)
        try expect(taken.map(\.done), [1], "taken over")
        let late = try await replay.insertRetriggers([Retrigger(delivery: two)], for: claim, at: .at(20))
        try expect(late, nil, "no more of it")
        let missing = MissingDelivery(
            event: "e1",
            subscription: "t",
            mode: .retry,
            rendering: Retrigger.Rendering(body: "{}", contentType: .json)
        )
        try expect(try await replay.insertMissing([missing], for: claim, at: .at(20)), nil, "nor of this")
        try expect(try await driver.store.deliveries(DeliveryQuery()).count, 3, "nothing was made")
        _ = try await driver.acceptPending(.sample("e3"))
        _ = try await driver.store.cancel(events: ["e3"], deliveries: [], subscription: nil, at: .at(30))
        try expect(try await replay.expunge(events: ["e3"], for: claim, at: .at(40)), nil, "nothing is erased")
        let next = TaskClaim(task: "qtask_1", owner: node(2), length: .zero)
        let made = try await replay.insertRetriggers([Retrigger(delivery: two)], for: next, at: .at(50))
        try expect(made?.made.count, 1, "the next sends it")
        try expect(try await replay.expunge(events: ["e3"], for: next, at: .at(60))?.events, ["e3"], "and erases")
        try expect(try await store.task("qtask_1")?.done, 3, "all is counted once")
    }
}
