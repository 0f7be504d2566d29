#if PostgreSQL
    import Foundation
    import Testing
    import WebhookCore
    import WebhookReceiver
    import Webhooks

    @testable import WebhooksPostgres
    @testable import WebhooksServer

    /// Several servers of one database: what one does holds at the others, and is done once.
    @Suite(
        .disabled(if: SharedDatabase.url == nil, "needs a server: run it inside Tests/postgres.sh"),
        .timeLimit(.minutes(2))
    )
    struct SeveralServersTests {
        private static let since = #"{"since":"\#(Timestamp.now - .seconds(600))"}"#

        // MARK: Requests

        @Test func `what is changed at one server holds at the other`() async throws {
            try await SharedDatabase.with { database in
                let (one, two) = (try await database.server(), try await database.server())
                #expect(await one.send("POST", "/app", #"{"name":"A","uid":"a"}"#).status == 201)
                #expect(await two.send("GET", "/app/a")["name"] == "A")
                #expect(await two.send("PATCH", "/app/a", #"{"name":"B"}"#).status == 200)
                #expect(await one.send("GET", "/app/a")["name"] == "B")
                #expect(await one.send("POST", "/event-type", #"{"name":"x","description":"d"}"#).status == 201)
                #expect(await two.send("POST", "/event-type", #"{"name":"x","description":"d"}"#).status == 409)
                // A subscription of the other's is in force here for the next request.
                let wants = #"{"eventType":"x"}"#
                #expect(await two.send("POST", "/app/a/msg/precheck/active", wants)["active"] == "false")
                let made = await one.send(
                    "POST",
                    "/app/a/endpoint",
                    #"{"url":"https://a.example/","uid":"e","eventTypes":["x"]}"#
                )
                #expect(made.status == 201, "\(made.text)")
                #expect(await two.send("POST", "/app/a/msg/precheck/active", wants)["active"] == "true")
                let example = #"{"eventType":"x","payload":{"a":1}}"#
                #expect(await two.send("POST", "/app/a/endpoint/e/send-example", example).status == 202)
                #expect(await two.send("DELETE", "/app/a/endpoint/e").status == 204)
                #expect(await one.send("GET", "/app/a/endpoint/e").status == 404)
                #expect(await one.send("POST", "/app/a/msg/precheck/active", wants)["active"] == "false")
            }
        }

        @Test func `a token that ends at one server ends at the other`() async throws {
            try await SharedDatabase.with { database in
                let (one, two) = (try await database.server(), try await database.server())
                await one.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                let first = try #require(await one.send("POST", "/auth/app-portal-access/a")["token"])
                let second = try #require(await two.send("POST", "/auth/app-portal-access/a")["token"])
                for server in [one, two] {
                    #expect(await server.send("GET", "/app/a", token: first).status == 200)
                    #expect(await server.send("GET", "/app/a", token: second).status == 200)
                }
                #expect(await one.send("POST", "/auth/logout", token: first).status == 204)
                #expect(await two.send("GET", "/app/a", token: first).status == 401)
                #expect(await two.send("POST", "/auth/app/a/expire-all").status == 204)
                #expect(await one.send("GET", "/app/a", token: second).status == 401)
            }
        }

        @Test func `a request that is repeated at the other server gets the first answer`() async throws {
            try await SharedDatabase.with { database in
                let (one, two) = (try await database.server(), try await database.server())
                let app = await one.send("POST", "/app", #"{"name":"A","uid":"a"}"#, key: "auto_1")
                #expect(await two.send("POST", "/app", #"{"name":"A","uid":"a"}"#, key: "auto_1") == app)
                let message = #"{"eventType":"x","eventId":"m1","payload":{}}"#
                let sent = await two.send("POST", "/app/a/msg", message, key: "auto_2")
                #expect(sent.status == 202)
                #expect(await one.send("POST", "/app/a/msg", message, key: "auto_2") == sent)
                let endpoint = #"{"url":"https://a.example/","uid":"e"}"#
                let made = await one.send("POST", "/app/a/endpoint", endpoint, key: "auto_3")
                #expect(made.status == 201)
                #expect(await two.send("POST", "/app/a/endpoint", endpoint, key: "auto_3") == made)
                let secret = await two.send("POST", "/app/a/endpoint/e/secret/rotate", "{}", key: "auto_4")
                #expect(await one.send("POST", "/app/a/endpoint/e/secret/rotate", "{}", key: "auto_4") == secret)
                let task = await one.send("POST", "/app/a/msg/expunge-all-contents", key: "auto_5")
                #expect(await two.send("POST", "/app/a/msg/expunge-all-contents", key: "auto_5") == task)
                #expect(await two.send("GET", "/background-task").ids() == [task["id"]])
                // Both have let go of what they keep when it is forgotten.
                for server in [one, two] { await server.api.upkeep(at: .now + .seconds(13 * 3600)) }
                #expect(await one.send("POST", "/app", #"{"name":"A"}"#, key: "auto_1") != app)
            }
        }

        /// Each of these would be refused the second time if it were another request.
        @Test(arguments: [
            ("/app", #"{"name":"B","uid":"b"}"#), ("/event-type", #"{"name":"y","description":"d"}"#),
            ("/app/a/msg", #"{"eventType":"x","eventId":"m1","payload":{}}"#),
            ("/app/a/endpoint", #"{"url":"https://a.example/","uid":"e"}"#),
            ("/app/a/msg/expunge-all-contents", "{}"),
        ])
        func `a request that comes to all servers at once has one effect and one answer`(
            _ path: String,
            _ body: String
        ) async throws {
            try await SharedDatabase.with { database in
                var servers: [ServedStore] = []
                for _ in 0..<3 { servers.append(try await database.server()) }
                await servers[0].send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                let answers = await withTaskGroup(of: Answer.self) { group in
                    for server in servers {
                        group.addTask { await server.send("POST", path, body, key: "auto_1") }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers[0].status < 300, "\(answers[0].text)")
                #expect(answers.allSatisfy { $0 == answers[0] }, "\(answers)")
            }
        }

        // MARK: Disabled endpoints

        @Test(arguments: [[0, 1], [1, 0]])
        func `an endpoint that one server disables or enables is so for the next message at the other`(
            _ order: [Int]
        ) async throws {
            let receiver = try Receiver { _ in .noContent }
            defer { receiver.stop() }
            try await SharedDatabase.with { database in
                let both = (try await database.server(), try await database.server())
                let (here, there) = order == [0, 1] ? both : (both.1, both.0)
                let running = [here, there].map { server in Task { try await server.dispatcher.run() } }
                for server in [here, there] {
                    while server.dispatcher.readiness.obstacle != nil { await Task.yield() }
                }
                await here.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                let body = #"{"url":"\#(receiver.url)/kept","uid":"kept","disabled":true}"#
                let id = try #require(await here.send("POST", "/app/a/endpoint", body)["id"])
                var expected: [String: DeliveryState] = [:]
                for number in 0..<20 {
                    let isDisabled = number.isMultiple(of: 2)
                    let changed = await here.send("PATCH", "/app/a/endpoint/kept", #"{"disabled":\#(isDisabled)}"#)
                    #expect(changed["disabled"] == "\(isDisabled)", "\(changed.text)")
                    let sent = await there.send("POST", "/app/a/msg", #"{"eventType":"x","payload":{}}"#)
                    expected[try #require(sent["id"], "\(sent.text)")] = isDisabled ? .cancelled : .delivered
                    // Whoever serves it does so before the next change.
                    while true {
                        let deliveries = try await here.dispatcher.deliveries()
                        if deliveries.count == expected.count, deliveries.allSatisfy(\.state.isSettled) { break }
                    }
                }
                let deliveries = try await here.dispatcher.deliveries()
                #expect(deliveries.allSatisfy { $0.subscription == id })
                let found = Dictionary(uniqueKeysWithValues: deliveries.map { ($0.event, $0.state) })
                #expect(found == expected)
                for server in [here, there] { server.dispatcher.shutDown() }
                for task in running { try await task.value }
            }
        }

        // MARK: Tasks

        @Test func `a task goes on at another server once its claim has run out, and sends nothing twice`() async throws
        {
            let receiver = try Receiver { _ in .status(500) }
            defer { receiver.stop() }
            let own =
                "{ name: own, url: '\(receiver.url)/own', topics: ['**'], tenant: a, profile: standard, "
                + "delivery: { mode: single-shot }, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }"
            try await SharedDatabase.with { database in
                let one = try await database.server(subscriptions: "[\(own)]")
                let two = try await database.server(subscriptions: "[\(own)]")
                await one.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                let failed = try await Self.fail(5, at: one)
                // The first server begins, and sends one of them.
                let store = try await one.dispatcher.platformStore()
                var request = ReplayRequest(
                    "own",
                    (since: .now - .seconds(600), until: nil),
                    failed.max()?.rawValue ?? 0
                )
                request.topics = ["x"]
                let task = BackgroundTask(
                    id: "qtask_1",
                    kind: TaskKind.recover.rawValue,
                    application: await one.send("GET", "/app/a")["id"],
                    parameters: request.text,
                    updatedAt: .now
                )
                let held = TaskClaim(task: task.id, owner: NodeID(process: 1), length: .seconds(3600))
                _ = try await store.apply([.insertTask(task)], answer: nil)
                let claimed = try await store.claimTasks(
                    of: [task.kind],
                    for: held.owner,
                    length: held.length,
                    limit: 1
                )
                #expect(claimed.map(\.id) == [task.id])
                let plan = try await one.dispatcher.retriggerPlan(ids: [failed[0].description])
                #expect(try await one.dispatcher.retrigger(plan, for: held) == 1)
                // As long as its claim holds, nobody else goes on.
                await two.api.takeUpTasks()
                #expect(await two.send("GET", "/background-task/qtask_1")["status"] == "running")
                // It falls silent. Its last step has let the claim run out.
                let silent = TaskClaim(task: task.id, owner: held.owner, length: .zero)
                #expect(try await store.apply([.step(silent, .advance(by: 0))], answer: nil) == .done)
                await two.api.takeUpTasks()
                let ended = await one.send("GET", "/background-task/qtask_1")
                #expect(ended["status"] == "finished" && ended["data", "messagesSent"] == "5", "\(ended.text)")
                // It wakes up in the middle of its next batch.
                let late = try await one.dispatcher.retriggerPlan(ids: failed.map(\.description))
                #expect(late.count == 5)
                #expect(try await one.dispatcher.retrigger(late, for: held) == nil)
                let all = try await one.dispatcher.deliveries()
                #expect(all.count == 10)
                #expect(Set(all.compactMap(\.retriggerOf)) == Set(failed))
            }
        }

        /// Sends messages that fail, and waits for that; the deliveries.
        private static func fail(_ count: Int, at server: ServedStore) async throws -> [Delivery.ID] {
            let running = Task { try await server.dispatcher.run() }
            while server.dispatcher.readiness.obstacle != nil { await Task.yield() }
            for number in 0..<count {
                let body = #"{"eventType":"x","eventId":"m\#(number)","payload":{}}"#
                #expect(await server.send("POST", "/app/a/msg", body).status == 202)
            }
            while true {
                let deliveries = try await server.dispatcher.deliveries()
                if deliveries.count == count, deliveries.allSatisfy(\.state.isSettled) {
                    server.dispatcher.shutDown()
                    try await running.value
                    return deliveries.map(\.id).sorted()
                }
            }
        }

        @Test func `a task that the store has cut off goes on in the same process`() async throws {
            try await SharedDatabase.with { database in
                let server = try await database.server(tasks: TaskTimes(claim: .zero, firstRetry: .zero))
                let app = await server.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                for number in 0..<3 {
                    let body = #"{"eventType":"x","eventId":"m\#(number)","payload":{"a":1}}"#
                    #expect(await server.send("POST", "/app/a/msg", body).status == 202)
                }
                try await server.insertPurge("qtask_1", of: app["id"])
                try database.refuseUpdates(of: "events")
                await server.api.takeUpTasks()
                #expect(await server.send("GET", "/background-task/qtask_1")["status"] == "running")
                try database.allowUpdates()
                await server.api.takeUpTasks()
                let ended = await server.send("GET", "/background-task/qtask_1")
                #expect(ended["status"] == "finished" && ended["data", "messagesExpunged"] == "3", "\(ended.text)")
            }
        }

        @Test func `a task that the store never takes has failed in the end, with its reason`() async throws {
            try await SharedDatabase.with { database in
                let server = try await database.server(tasks: TaskTimes(claim: .zero, firstRetry: .zero))
                let app = await server.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                let body = #"{"eventType":"x","eventId":"m","payload":{"a":1}}"#
                #expect(await server.send("POST", "/app/a/msg", body).status == 202)
                try await server.insertPurge("qtask_1", of: app["id"])
                try database.refuseUpdates(of: "events")
                for _ in 1..<TaskTimes.mostAttempts { await server.api.takeUpTasks() }
                #expect(await server.send("GET", "/background-task/qtask_1")["status"] == "running")
                await server.api.takeUpTasks()
                let ended = await server.send("GET", "/background-task/qtask_1")
                #expect(ended["status"] == "failed", "\(ended.text)")
                let reason = ended["data", "reason"] ?? ""
                #expect(reason.hasPrefix("given up after 6 attempts: the store can't be used ("), "\(reason)")
                try database.allowUpdates()
            }
        }

        @Test func `tasks beyond the places of one server are another's`() async throws {
            try await SharedDatabase.with { database in
                let (one, two) = (try await database.server(), try await database.server())
                await one.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                var places: [Place] = []
                while let place = one.api.tasks.places.take() { places.append(place) }
                let begun = await one.send("POST", "/app/a/msg/expunge-all-contents")
                #expect(begun.status == 202)
                await one.api.takeUpTasks()
                let path = "/background-task/\(begun["id"] ?? "")"
                #expect(await one.send("GET", path)["status"] == "running", "it has its hands full")
                await two.api.takeUpTasks()
                #expect(await one.send("GET", path)["status"] == "finished")
                withExtendedLifetime(places) {}
            }
        }

        @Test func `a server that ends lets go of its tasks`() async throws {
            try await SharedDatabase.with { database in
                let (one, two) = (try await database.server(), try await database.server())
                await one.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
                one.api.stop()
                let begun = await one.send("POST", "/app/a/msg/expunge-all-contents")
                let path = "/background-task/\(begun["id"] ?? "")"
                while await two.send("GET", path)["status"] == "running" { await two.api.takeUpTasks() }
                #expect(await two.send("GET", path)["status"] == "finished")
            }
        }
    }

    /// A schema of its own on the tests' server.
    private struct SharedDatabase {
        static let url = ProcessInfo.processInfo.environment["WEBHOOKS_TEST_POSTGRES"]

        private let target: PostgresTarget

        static func with(_ body: (SharedDatabase) async throws -> Void) async throws {
            let name = try #require(SchemaName("served_\(UInt64.random(in: 0 ... .max))"))
            let database = try SharedDatabase(target: PostgresTarget(url: Secret(#require(url)), schema: name))
            // What goes on in the background may be in the way once.
            defer { _ = (0..<3).contains { _ in (try? database.sql("DROP SCHEMA \(name.quoted) CASCADE")) != nil } }
            try await body(database)
        }

        /// One more server.
        func server(subscriptions: String = "[]", tasks: TaskTimes = TaskTimes()) async throws -> ServedStore {
            try await ServedStore(
                subscriptions: subscriptions,
                store: "{ url: '\(Self.url ?? "")', schema: \(target.schema.name) }",
                tasks: tasks
            )
        }

        /// Makes changes of a table fail.
        func refuseUpdates(of table: String) throws {
            try sql(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$
                """
            )
            try sql("CREATE TRIGGER refuse BEFORE UPDATE ON \(table) FOR EACH ROW EXECUTE FUNCTION refuse()")
        }

        func allowUpdates() throws { try sql("DROP FUNCTION refuse() CASCADE") }

        private func sql(_ statement: String) throws {
            let connection = try PostgresConnection(target, isWriter: false)
            try connection.run(Statement(statement))
        }
    }

    extension ServedStore {
        /// Leaves a task in the store that erases an application's messages, as a request does.
        fileprivate func insertPurge(_ id: String, of application: String?) async throws {
            let task = BackgroundTask(
                id: id,
                kind: TaskKind.purge.rawValue,
                application: application,
                updatedAt: .now + .seconds(1)
            )
            _ = try await dispatcher.platformStore().apply([.insertTask(task)], answer: nil)
        }
    }
#endif
