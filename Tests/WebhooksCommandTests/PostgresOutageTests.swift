#if PostgreSQL
    import Glibc
    import Testing
    import WebhookReceiver

    /// A PostgreSQL that is away, or refuses, as an operator meets it.
    @Suite(.disabled(if: PostgresSandbox.url == nil, "needs a server: run it inside Tests/postgres.sh"))
    struct PostgresOutageTests {
        @Test func `what follows a store goes on after an outage, and Ctrl-C ends it`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                let name = "\(database.schema)_db"
                try await database.sql("CREATE DATABASE \(name)")
                let own = PostgresSandbox(
                    url: database.url.replacing("/webhooks?", with: "/\(name)?"),
                    schema: database.schema
                )
                try sandbox.write("w.yaml", try own.configuration(sandbox))
                #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--id", "e1", "--detach").status == 0)
                let watch = try Background(["status", "--watch", "--interval", "100ms", "--json"], in: sandbox)
                let tail = try Background(["tail", "--json"], in: sandbox)
                #expect(await watch.line(containing: #""ok":false"#) != nil)
                #expect(await tail.line(containing: "no dispatcher runs", on: .error) != nil)
                try await database.sql(
                    "ALTER DATABASE \(name) ALLOW_CONNECTIONS false",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'"
                )
                for follower in [watch, tail] {
                    #expect(await follower.line(containing: "not currently accepting", on: .error) != nil)
                }
                try await database.sql("ALTER DATABASE \(name) ALLOW_CONNECTIONS true")
                #expect(try await sandbox.run("run", "--until-settled").status == 0)
                #expect(await tail.line(containing: #""state":"delivered""#) != nil)
                #expect(await watch.line(containing: #""events":{"waiting":0"#) != nil)
                for follower in [watch, tail] { follower.signal(SIGINT) }
                #expect(await watch.end() == 1)
                #expect(await tail.end() == 0)
                try await database.sql("DROP DATABASE \(name) WITH (FORCE)")
            }
        }

        @Test func `a dispatcher waits for rights to its schema, and idle it says that the store fails`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--detach").status == 0)
                let (schema, role) = (database.schema, "\(database.schema)_role")
                try await database.sql(
                    "CREATE ROLE \(role) LOGIN",
                    "GRANT USAGE ON SCHEMA \(schema) TO \(role)",
                    "GRANT ALL ON ALL TABLES IN SCHEMA \(schema) TO \(role)",
                    "GRANT ALL ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role)"
                )
                let own = PostgresSandbox(
                    url: database.url.replacing("user=webhooks", with: "user=\(role)"),
                    schema: schema
                )
                let configuration = try own.configuration(sandbox)
                try sandbox.write("own.yaml", configuration + "dispatcher: { lease: 2s }\n")
                let run = try Background(["run", "--config", "own.yaml"], in: sandbox)
                #expect(await run.line(containing: "serving", on: .error) != nil)
                try await sandbox.receiver.waitForRequests(count: 1)
                try await database.sql("REVOKE USAGE ON SCHEMA \(schema) FROM \(role)")
                let failed = await run.line(containing: "the store failed", on: .error)
                #expect(failed?.contains("permission denied for schema") == true, "\(failed ?? "")")
                let refused = try await sandbox.run("status", "--config", "own.yaml")
                #expect(refused.status == 69 && refused.err.contains("GRANT"), "\(refused.err)")
                #expect(!refused.err.contains("the file"), "\(refused.err)")
                try await database.sql("GRANT USAGE ON SCHEMA \(schema) TO \(role)")
                #expect(await run.line(containing: "the store works again", on: .error) != nil)
                try await database.sql("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) FROM \(role)")
                let status = try await sandbox.run("status", "--json")
                #expect(status.status == 1 && status.out.contains("store_trouble"), "\(status.out)")
                #expect(!status.out.contains("not_responding"), "\(status.out)")
                run.signal(SIGKILL)
                _ = await run.end()
                try await database.sql("ALTER ROLE \(role) NOLOGIN")
                let login = try await sandbox.run("status", "--config", "own.yaml")
                #expect(login.status == 69 && login.err.contains("the login is refused"), "\(login.err)")
                #expect(!login.err.contains("can't be reached"), "\(login.err)")
                try await database.sql("DROP OWNED BY \(role) CASCADE", "DROP ROLE \(role)")
            }
        }
    }
#endif
