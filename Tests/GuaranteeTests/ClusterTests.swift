#if PostgreSQL
    import Glibc
    import Testing
    import WebhookCore
    import WebhookReceiver
    import WebhookSimulation
    import Webhooks

    /// Several dispatchers on one database, and the worst that happens to them.
    @Suite(.disabled(if: !PostgresServer.isHere, "needs a server: run it inside Tests/postgres.sh"))
    struct ClusterTests {
        /// Killed, stopped past the lease, restarted and ended in good order, again and again, while events come in.
        @Test func nodesThatDieAndFreeze() async throws {
            var random = Soak.generator("nodes that die and freeze")
            let receiver = try Receiver { request in
                request.number.isMultiple(of: 3)
                    ? .noContent.after(.milliseconds(10)) : request.number.isMultiple(of: 7) ? .status(500) : .noContent
            }
            try await Cluster.run([
                .retry("again", receiver.url), .singleShot("once", receiver.url),
                .retry("more", receiver.url), .singleShot("single", receiver.url),
                .retry("ordered", receiver.url, "ordered: true, schedule: [1ms, 1ms, 1ms, 1ms, 1ms, 1ms], jitter: 0%"),
            ]) { cluster in
                let stage = cluster.stage
                var nodes: [Command] = []
                for _ in 0..<3 { nodes.append(try await stage.startDispatcher()) }
                var ids: [String] = []
                for round in 0..<Soak.rounds(3, soak: 60) {
                    let new = (0..<20).map { "evt-\(round)-\($0)" }
                    let lines = new.map { #"{"topic":"a.b","id":"\#($0)","data":{"n":1}}"# }
                    let emitted = try await stage.run(
                        ["emit", "--batch", "-", "--detach"],
                        input: lines.joined(separator: "\n")
                    )
                    #expect(emitted.exit == .code(0), "\(emitted.command.errors)")
                    ids += new
                    let index = random.pick(0...2)
                    switch round % 3 {
                    case 0:
                        nodes[index].send(SIGKILL)
                        await nodes[index].exit()
                        nodes[index] = try await stage.startDispatcher()
                    case 1:
                        nodes[index].send(SIGSTOP)
                        // Somebody declares it dead; it learns that when it goes on.
                        try await cluster.waitForNodes { $0 == 2 }
                        nodes[index].send(SIGCONT)
                        try await cluster.waitForNodes { $0 == 3 }
                    default:
                        nodes[index].send(SIGTERM)
                        #expect(await nodes[index].exit() == .code(0), "\(nodes[index].errors)")
                        nodes[index] = try await stage.startDispatcher()
                    }
                }
                try await cluster.waitUntilSettled(ids.count * 5)
                for node in nodes { node.send(SIGTERM) }
                for node in nodes { #expect(await node.exit() == .code(0), "\(node.errors)") }
                let audit = try await Audit(stage, [receiver])
                audit.checkSafety()
                let settled: Set<DeliveryState> = [.delivered, .unknown, .failed]
                for delivery in try await stage.deliveries() {
                    let expected = delivery.mode == .retry ? [.delivered] : settled
                    #expect(expected.contains(delivery.state), "\(delivery)")
                }
                let unequal = """
                    SELECT count(*) FROM \(cluster.schema).deliveries d
                    WHERE attempts <> (SELECT count(*) FROM \(cluster.schema).attempts a WHERE a.delivery = d.id)
                    """
                #expect(try cluster.sql(unequal) == "0", "attempts on record")
                var seen: Set<String> = []
                let order = receiver.requests.filter { $0.target == "/ordered" }.compactMap { $0.header("webhook-id") }
                #expect(order.filter { seen.insert($0).inserted } == ids)
                try await stage.expectIntegrity()
            }
        }

        /// Each subscription's limit holds over all nodes together, through a hand-over.
        @Test func limitsHoldOverAllNodes() async throws {
            let receiver = try Receiver(responses: [.noContent])
            let names = (0..<4).map { "limited\($0)" }
            try await Cluster.run(
                names.map { .retry($0, receiver.url, "rateLimit: 20/s, maxInFlight: 4") }
            ) { cluster in
                let stage = cluster.stage
                let first = try await stage.startDispatcher()
                let ids = (0..<15).map { "evt-\($0)" }
                let lines = ids.map { #"{"topic":"a.b","id":"\#($0)","data":{"n":1}}"# }
                try await stage.run(["emit", "--batch", "-", "--detach"], input: lines.joined(separator: "\n"))
                let second = try await stage.startDispatcher()
                try await cluster.waitForNodes { $0 == 2 }
                first.send(SIGTERM)
                #expect(await first.exit() == .code(0))
                try await cluster.waitUntilSettled(ids.count * names.count)
                second.send(SIGTERM)
                #expect(await second.exit() == .code(0))
                // A claim that waits for its turn when its subscription is handed over is given up unsent, which is on record.
                #expect(receiver.requests.count == ids.count * names.count)
                let (made, interrupted) = (Attempt.Outcome.succeeded.code, FailureKind.interrupted.code)
                let others = """
                    SELECT count(*) FROM \(cluster.schema).attempts WHERE outcome <> \(made) AND error <> \(interrupted)
                    """
                #expect(try cluster.sql(others) == "0")
                for name in names {
                    let text = try cluster.sql(
                        """
                        SELECT a.started_at FROM \(cluster.schema).attempts a
                        JOIN \(cluster.schema).deliveries d ON d.id = a.delivery
                        JOIN \(cluster.schema).subscriptions s ON s.id = d.subscription
                        WHERE s.name = '\(name)' AND a.outcome = \(made) ORDER BY 1
                        """
                    )
                    let starts = text.split(separator: "\n").compactMap { Int64($0) }
                    #expect(starts.count == ids.count)
                    // 50 ms between two starts; one that is held up by a busy machine takes nothing from the sum of the others.
                    let span = (starts.last ?? 0) - (starts.first ?? 0)
                    #expect(span >= 50 * Int64(ids.count - 1) * 4 / 5, "\(name): \(span) ms")
                }
            }
        }

        /// A node with an older file keeps to what it knows, and both say that they disagree.
        @Test func nodesWithDifferentFiles() async throws {
            let receiver = try Receiver(responses: [.noContent])
            let old = Endpoint.retry("old", receiver.url)
            try await Cluster.run([old, .retry("new", receiver.url)]) { cluster in
                let stage = cluster.stage
                try cluster.write([old], to: "older.yaml")
                let older = try stage.start(["run"], configuration: "older.yaml")
                try await cluster.waitForNodes { $0 == 1 }
                let newer = try await stage.startDispatcher()
                try await eventually("they disagree: \(older.errors)\(newer.errors)") {
                    [older, newer].allSatisfy { $0.errors.contains("other dispatchers have other subscriptions") }
                }
                // Whoever matches an event decides who gets it; the newer one's own deliveries are the newer one's to send.
                let emitted = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt", "--detach"])
                #expect(emitted.exit == .code(0), "\(emitted.command.errors)")
                try await receiver.waitForRequests(count: 1)
                older.send(SIGTERM)
                #expect(await older.exit() == .code(0), "\(older.errors)")
                let last = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "last"])
                #expect(last.exit == .code(0), "\(last.command.errors)")
                let targets = receiver.requests.filter { $0.header("webhook-id") == "last" }.map(\.target)
                #expect(Set(targets) == ["/old", "/new"])
                newer.send(SIGTERM)
                #expect(await newer.exit() == .code(0))
                try await stage.expectIntegrity()
            }
        }
    }

    /// A schema of its own on the tests' server, with a configuration for any number of dispatchers.
    struct Cluster: Sendable {
        let stage: TestEnvironment
        var schema: String { stage.schema }

        static func run(_ subscriptions: [Endpoint], body: (Cluster) async throws -> Void) async throws {
            let cluster = Cluster(stage: try TestEnvironment())
            try cluster.stage.configure(subscriptions, on: .postgres)
            try await body(cluster)
        }

        func write(_ subscriptions: [Endpoint], to file: String) throws {
            let settings = stage.settings(of: .postgres)
            try stage.write(subscriptions, "shutdownGrace: 20s" + settings.dispatcher, settings.store, to: file)
        }

        /// Runs a statement by psql.
        func sql(_ statement: String) throws -> String { try PostgresServer.run(statement) }

        /// Waits until the number of nodes that stand is as wanted.
        func waitForNodes(_ isRight: (Int) -> Bool) async throws {
            try await eventually("the number of nodes") {
                // The first dispatcher makes the table.
                let count = try? Int(sql("SELECT count(*) FROM \(schema).nodes"))
                return count.map(isRight) ?? false
            }
        }

        /// Waits until a number of deliveries is there, and all are settled.
        func waitUntilSettled(_ count: Int) async throws {
            try await eventually("everything settles") {
                try sql(
                    "SELECT count(*) FILTER (WHERE settled_at IS NOT NULL) = \(count) FROM \(schema).deliveries"
                ) == "t" && Int(sql("SELECT count(*) FROM \(schema).pending")) == 0
            }
        }
    }
#endif
