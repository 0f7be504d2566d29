internal import WebhookCore

/// Background tasks: kept, and each claimed by one process at a time.
extension StoreConformance {
    static let taskChecks: [Check] = [
        Check("tasks are kept and change", keepsTasks),
        Check("a task is one process's until it lets go, ends, or the claim's time is over", claimsTasks),
        Check("of several processes that claim a task one gets it", claimsOnce),
        Check("a task that fails waits, and is counted until it gets anywhere", countsAttempts),
        Check("of tasks about the same one is worked on at a time", claimsOneOfSubject),
        Check("an application has a bounded number of tasks, and keeps nobody else's waiting", sharesTasks),
        Check("tasks that have ended are forgotten", forgetsEndedTasks),
        Check("what a task does, it does with its step, and not once its claim is lost", takesStepsOnce),
    ]

    static func node(_ process: UInt64, term: Int = 1) -> NodeID { NodeID(process: process, term: term) }

    static func task(_ id: String, kind: String = "endpoint.recover", of app: String = "app_1") -> BackgroundTask {
        BackgroundTask(id: id, kind: kind, application: app, updatedAt: time)
    }

    /// The claim of a task that is new.
    static func claimedTask(_ driver: StoreDriver, _ length: Duration = .seconds(3600)) async throws -> TaskClaim {
        let store = try platform(driver)
        try expect(try await store.apply([.insertTask(task("qtask_1"))], answer: nil), .done, "new")
        return try await claimed(store, by: node(1), length)
    }

    /// The claim of the only task that nobody works on.
    private static func claimed(
        _ store: any PlatformStore,
        by owner: NodeID,
        _ length: Duration = .seconds(3600)
    ) async throws -> TaskClaim {
        let found = try await store.claimTasks(of: ["endpoint.recover"], for: owner, length: length, limit: 1)
        try expect(found.count, 1, "claimed")
        return TaskClaim(task: found[0].id, owner: owner, length: length)
    }

    static func keepsTasks(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        var first = task("qtask_1")
        (first.subject, first.parameters, first.done) = ("ep_1", #"{"since":1}"#, 3)
        let other = BackgroundTask(id: "qtask_2", kind: "application.stats", application: nil, updatedAt: time)
        _ = try await store.apply([.insertTask(first), .insertTask(other)], answer: nil)
        try expect(try await store.apply([.insertTask(first)], answer: nil), .taken, "once")
        try expect(try await store.task("qtask_1"), first, "as it was given")
        let claim = try await claimed(store, by: node(1))
        first.attempts = 1
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
        _ = try await store.apply(tasks.map { .insertTask($0) }, answer: nil)
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
        let tasks = (0..<8).map { task("qtask_\($0)", of: "app_\($0)") }
        _ = try await platform(driver).apply(tasks.map { .insertTask($0) }, answer: nil)
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

    static func countsAttempts(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        func attempts() async throws -> Int? { try await store.task("qtask_1")?.attempts }
        func take(_ claim: TaskClaim, _ step: TaskStep) async throws {
            try expect(try await store.apply([.step(claim, step)], answer: nil), .done, "\(step)")
        }
        let first = try await claimedTask(driver, .zero)
        try expect(try await attempts(), 1, "claimed")
        let second = try await claimed(store, by: node(2))
        try expect(try await attempts(), 2, "whoever was before is gone")
        try await take(second, .advance(by: 0))
        try expect(try await attempts(), 2, "it has got nowhere")
        try await take(second, .release)
        try expect(try await attempts(), 1, "that was none")
        let third = try await claimed(store, by: node(3))
        try await take(third, .postpone(by: .seconds(3600)))
        let none = try await store.claimTasks(of: ["endpoint.recover"], for: node(4), length: .zero, limit: 9)
        try expect(none, [], "it waits")
        try expect(try await store.apply([.step(first, .advance(by: 0))], answer: nil), .missing, "for everybody")
        try expect(try await store.task("qtask_1")?.state, .running, "it goes on later")
        _ = try await store.apply([.insertTask(task("qtask_2"))], answer: nil)
        let other = try await claimed(store, by: node(5))
        try await take(other, .postpone(by: .zero))
        let again = try await claimed(store, by: node(6))
        try expect(try await store.task("qtask_2")?.attempts, 2, "it failed once")
        try await take(again, .advance(by: 1))
        try expect(try await store.task("qtask_2")?.attempts, 1, "it has got somewhere")
    }

    static func sharesTasks(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        for number in 1...4 {
            let result = try await store.apply([.insertTask(task("qtask_\(number)"), most: 3)], answer: nil)
            try expect(result, number < 4 ? .done : .full, "task \(number)")
        }
        let others = [
            task("qtask_5", of: "app_2"),
            BackgroundTask(id: "qtask_6", kind: "endpoint.recover", application: nil, updatedAt: time),
        ]
        for other in others {
            try expect(try await store.apply([.insertTask(other, most: 1)], answer: nil), .done, "another's")
        }
        var claims: [String] = []
        for _ in 0..<5 {
            let owner = node(1)
            claims += try await store.claimTasks(of: ["endpoint.recover"], for: owner, length: .seconds(3600), limit: 1)
                .map(\.id)
        }
        try expect(claims, ["qtask_1", "qtask_5", "qtask_6", "qtask_2"], "those of who has fewest, and two of one")
        let first = TaskClaim(task: "qtask_1", owner: node(1), length: .zero)
        _ = try await store.apply([.step(first, .end(.finished, data: "{}", at: time))], answer: nil)
        try expect(try await claimed(store, by: node(2)).task, "qtask_3", "once one has ended")
        try expect(try await store.apply([.insertTask(task("qtask_7"), most: 3)], answer: nil), .done, "there is room")
    }

    static func claimsOneOfSubject(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let tasks = ["ep_1", "ep_1", "ep_2", nil, nil].enumerated().map { index, subject in
            var task = task("qtask_\(index)", of: "app_\(index)")
            task.subject = subject
            return task
        }
        // The second is there before the first, by a clock that is behind.
        _ = try await store.apply(tasks[1...].map { .insertTask($0) }, answer: nil)
        func claims(_ owner: NodeID) async throws -> [String] {
            try await store.claimTasks(of: ["endpoint.recover"], for: owner, length: .seconds(3600), limit: 9).map(\.id)
        }
        try expect(try await claims(node(1)), ["qtask_1", "qtask_2", "qtask_3", "qtask_4"], "one of each subject")
        _ = try await store.apply([.insertTask(tasks[0])], answer: nil)
        try expect(try await claims(node(2)), [], "somebody works on it")
        let held = TaskClaim(task: "qtask_1", owner: node(1), length: .seconds(3600))
        _ = try await store.apply([.step(held, .release)], answer: nil)
        try expect(try await claims(node(2)), ["qtask_0"], "the older first")
        let first = TaskClaim(task: "qtask_0", owner: node(2), length: .seconds(3600))
        _ = try await store.apply([.step(first, .postpone(by: .seconds(60)))], answer: nil)
        try expect(try await claims(node(3)), [], "also where it waits")
        try expect(
            try await store.apply([.step(first, .end(.failed, data: "{}", at: time))], answer: nil),
            .missing,
            ""
        )
    }

    static func forgetsEndedTasks(_ driver: StoreDriver) async throws {
        let store = try platform(driver)
        let claim = try await claimedTask(driver)
        _ = try await store.apply([.insertTask(task("qtask_2"))], answer: nil)
        _ = try await store.apply([.step(claim, .end(.finished, data: "{}", at: .at(100)))], answer: nil)
        func forget(_ instant: Timestamp) async throws -> [String] {
            _ = try await store.apply([.forgetExpired(answers: time, tokens: time, tasks: instant)], answer: nil)
            return try await store.tasks(PageWalk(limit: 9), kind: nil, state: nil).map(\.id)
        }
        try expect(try await forget(.at(99)), ["qtask_1", "qtask_2"], "for a while it is known")
        try expect(try await forget(.at(100)), ["qtask_2"], "then it is gone")
        try expect(try await forget(.at(1_000_000_000)), ["qtask_2"], "what goes on never is")
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
