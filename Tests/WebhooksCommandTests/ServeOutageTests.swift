#if Server && PostgreSQL
    import Glibc
    import Testing

    /// `serve` while its database is away.
    @Suite(
        .disabled(if: PostgresSandbox.url == nil, "needs a server: run it inside Tests/postgres.sh"),
        .timeLimit(.minutes(2))
    )
    struct ServeOutageTests {
        @Test func `requests are answered with 503, and the log says so once, and once when it is over`() async throws {
            try await PostgresSandbox.run { sandbox, database in
                let name = "\(database.schema)_db"
                try await database.sql("CREATE DATABASE \(name)")
                let own = PostgresSandbox(
                    url: database.url.replacing("/webhooks?", with: "/\(name)?"),
                    schema: database.schema
                )
                try sandbox.write("w.yaml", try own.configuration(sandbox) + ServeTests.server)
                let run = try Background(["serve"], in: sandbox)
                let port = try await ServeTests.port(run)
                let app = #"{"name":"A","uid":"a"}"#
                #expect(try await Exchange(port, "POST", "/api/v1/app", app).status == 201)
                try await database.sql(
                    "ALTER DATABASE \(name) ALLOW_CONNECTIONS false",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'"
                )
                let message = #"{"eventType":"x.y","payload":{}}"#
                for (method, path, body) in [
                    ("GET", "/api/v1/app", ""), ("POST", "/api/v1/app/a/msg", message), ("GET", "/api/v1/app/a", ""),
                ] {
                    let refused = try await Exchange(port, method, path, body)
                    #expect(refused.status == 503 && refused.body.contains("unavailable"), "\(method): \(refused)")
                }
                let began = await run.line(containing: "the HTTP API", on: .error)
                #expect(began?.contains("the store does not work") == true, "\(began ?? "")")
                #expect(began?.contains("not currently accepting connections") == true, "\(began ?? "")")
                try await database.sql("ALTER DATABASE \(name) ALLOW_CONNECTIONS true")
                while try await Exchange(port, "GET", "/api/v1/app").status != 200 {}
                let over = await run.line(containing: "the HTTP API", on: .error)
                #expect(over?.contains("works again") == true, "\(over ?? "")")
                #expect(try await Exchange(port, "POST", "/api/v1/app/a/msg", message).status == 202)
                run.signal(SIGTERM)
                #expect(await run.end() == 0)
                try await database.sql("DROP DATABASE \(name) WITH (FORCE)")
            }
        }
    }
#endif
