#if PostgreSQL
    import Glibc
    import Testing
    import WebhookReceiver

    /// Several dispatchers on one PostgreSQL, as an operator meets them.
    @Suite(.disabled(if: PostgresSandbox.url == nil, "needs a server: run it inside Tests/postgres.sh"))
    struct PostgresDispatchersTests {
        @Test
        func `what a dead dispatcher had under way of a subscription that no other knows is ended, and can be erased`()
            async throws
        {
            try await PostgresSandbox.run {
                $0.target == "/lost" ? .noContent.after(.seconds(300)) : .noContent
            } body: { sandbox, database in
                let known = try database.configuration(sandbox) + "dispatcher: { lease: 2s }\n"
                let entry = """
                      - { name: lost, url: "\(sandbox.receiver.url)/lost", topics: [lost.one], delivery: { timeout: 300s }, \
                    secrets: ["\(CommandEnvironment.secret)"] }
                    """
                try sandbox.write("w.yaml", known.replacing("topics: [\"**\"]", with: "topics: [x.y]"))
                try sandbox.write(
                    "lost.yaml",
                    known.replacing("topics: [\"**\"]", with: "topics: [x.y]")
                        .replacing("subscriptions:\n", with: "subscriptions:\n\(entry)\n")
                )
                var other: Background?
                for id in ["alone", "beside"] {
                    let run = try Background(["run", "--config", "lost.yaml"], in: sandbox)
                    #expect(await run.line(containing: "serving", on: .error) != nil)
                    let emitted = try await sandbox.run(
                        "emit",
                        "lost.one",
                        "--data",
                        #"{"name":"Ada"}"#,
                        "--id",
                        id,
                        "--detach"
                    )
                    #expect(emitted.status == 0, "\(emitted.err)")
                    try await sandbox.receiver.waitForRequests(count: id == "alone" ? 1 : 2)
                    if id == "beside" {
                        other = try Background(["run"], in: sandbox)
                        #expect(await other?.line(containing: "delivering", on: .error) != nil)
                    }
                    run.signal(SIGKILL)
                    _ = await run.end()
                    var erased = try await sandbox.run("expunge", id, "--cancel", "--yes")
                    for _ in 0..<2_000 where erased.status != 0 {
                        #expect(erased.status == 1 && erased.out.contains("an attempt is under way"), "\(erased.err)")
                        erased = try await sandbox.run("expunge", id, "--cancel", "--yes")
                    }
                    #expect(erased.status == 0, "\(erased.out)\(erased.err)")
                    #expect(try await sandbox.run("events", "show", id, "--data").out.hasPrefix(#"{"expunged":"#))
                    let shown = try await sandbox.run("deliveries", "list", "--subscription", "lost", "--json")
                    let delivery = try JSONText(shown.lines.first ?? "{}")
                    #expect(try delivery["state"].string == "cancelled", "\(shown.out)\(shown.err)")
                    let log = try await sandbox.run("deliveries", "show", delivery["id"].string ?? "", "--json")
                    #expect(try JSONText(log.out)["log"][0]["error"].string == "interrupted", "\(log.out)")
                    #expect(try JSONText(log.out)["log"][0]["outcome"].string == "unknown", "\(log.out)")
                }
                #expect(sandbox.receiver.requestCount == 2, "nothing was sent again")
                #expect(try await sandbox.run("check").status == 0)
                try await missed(sandbox, database)
                other?.signal(SIGTERM)
                #expect(await other?.end() == 0)
            }
        }

        /// What a dispatcher with the older file matches misses what it doesn't know, and can be made up for.
        private func missed(_ sandbox: CommandEnvironment, _ database: PostgresSandbox) async throws {
            #expect(try await sandbox.run("emit", "lost.one", "--data", "1", "--id", "missed", "--detach").status == 0)
            let pending = "SELECT count(*) FROM \(database.schema).pending"
            while try await database.sql(pending) != "0\n" {}
            let missing = ["retrigger", "--missing", "--subscription", "lost", "--config", "lost.yaml", "--detach"]
            let dry = try await sandbox.run(missing + ["--since", "1h", "--dry-run", "--json"])
            #expect(dry.out == #"{"matched":1}"# + "\n", "\(dry.out)\(dry.err)")
            let sent = try await sandbox.run(missing + ["missed", "beside", "--json"])
            #expect(
                sent.status == 1 && sent.lines.count == 1 && sent.err.contains("left out"),
                "\(sent.out)\(sent.err)"
            )
            #expect(try JSONText(sent.lines[0])["state"].string == "pending")
            let again = try await sandbox.run(missing + ["--since", "1h"])
            #expect(again.status == 0 && again.out == "nothing to send again\n", "\(again.out)\(again.err)")
            // Nobody serves it.
            let status = try await sandbox.run("status", "--json", "--config", "lost.yaml")
            let unserved = try JSONText(status.out)["unserved"]
            #expect(try unserved[0]["subscription"].string == "lost", "\(status.out)")
            #expect(try unserved[0]["waiting"].raw == "1" && unserved[0]["since"].string != nil)
            #expect(try JSONText(status.out)["store"]["walBytes"].raw == "null")
            let text = try await sandbox.run("status", "--config", "lost.yaml")
            #expect(text.out.contains("lost: no dispatcher that runs serves it; 1 delivery waiting"), "\(text.out)")
            #expect(!text.out.contains("write-ahead log"))
            // Another file beside it: told at once, and wrong after a while.
            let newer = try Background(["run", "--config", "lost.yaml"], in: sandbox)
            #expect(await newer.line(containing: "serving", on: .error) != nil)
            let differ = try await sandbox.run("status", "--json")
            #expect(try JSONText(differ.out)["warnings"][0]["code"].string == "nodes_disagree", "\(differ.out)")
            try await sandbox.receiver.waitForRequests(count: 3)
            newer.signal(SIGKILL)
            _ = await newer.end()
        }

        @Test func `dispatchers that were there a moment ago are not called none`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--detach").status == 0)
                try await database.sql(
                    """
                    INSERT INTO \(database.schema).nodes
                        (id, heartbeat_at, expires_at, started_at, host, pid, configuration, subscriptions)
                    SELECT '00000000000000ff-1', now - 3000, now + 3600000, now - 60000, 'far', 7, 'v1', 2
                    FROM (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::int8 AS now) clock
                    """
                )
                let status = try await sandbox.run("status")
                #expect(status.status == 1)
                #expect(status.out.contains("not connected: process 7 on far"), "\(status.out)")
                #expect(status.out.contains("wrong  no dispatcher is connected to the database; the dispatcher gave"))
                #expect(!status.out.contains("no dispatcher runs"))
                // Every command that says who delivers.
                let absent = "none is connected to the database, and the dispatcher gave a sign of life "
                for command in [
                    ["emit", "x.y", "--data", "1", "--id", "evt", "--detach"], ["events", "show", "evt"],
                    ["deliveries", "list"], ["stats"], ["retrigger", "evt"],
                ] {
                    let said = try await sandbox.run(command)
                    #expect(said.out.contains(absent) || said.err.contains(absent), "\(command): \(said)")
                    #expect(!said.out.contains("none runs") && !said.err.contains("none runs"), "\(command): \(said)")
                }
                let list = try await sandbox.run("events", "list")
                #expect(list.out.contains("not matched yet") && !list.out.contains("none runs"), "\(list.out)")
                let shown = try await sandbox.run("events", "show", "evt", "--json")
                #expect(try JSONText(shown.out)["waiting"]["reconnecting"].raw == "true", "\(shown.out)")
                let doctor = try await sandbox.run("doctor", "--json")
                #expect(doctor.out.contains("no dispatcher is connected to the database"), "\(doctor.out)")
                let tail = try Background(["tail"], in: sandbox)
                #expect(await tail.line(containing: "no dispatcher is connected to", on: .error) != nil)
                tail.signal(SIGTERM)
                _ = await tail.end()
            }
        }
    }
#endif
