#if Server
    import Glibc
    import Testing
    import WebhookSimulation

    /// Released client libraries against the real program: three generations of them.
    @Suite(.serialized, .timeLimit(.minutes(3))) struct ClientLibraryTests {
        @Test(arguments: ["2.9.1", "2.0.0", "1.99.1", "1.70.0", "1.45.1"])
        func `every operation that a library has`(version: String) async throws {
            let python = "\(Documentation.root)/.venv/svix-\(version)/bin/python"
            try #require(access(python, X_OK) == 0, "no client library \(version): run `make setup-tests`")
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: ServeTests.server))
            let run = try Background(["serve"], in: sandbox)
            let line = await run.line(containing: "serving the HTTP API", on: .error)
            let match = try #require(line?.firstMatch(of: /http:\/\/[0-9.]+:\d+/), "\(line ?? "")")
            #expect(await run.line(containing: "delivering", on: .error) != nil)
            let script = "\(Documentation.root)/Tests/WebhooksCommandTests/Clients/svix_client.py"
            let command = "'\(python)' '\(script)' \(match.output) \(ServeTests.token) 2>&1"
            let done = await Program.blocking { Result { try Tour().shell(command) } }
            let (status, output) = try { ($0.status, $0.output) }(done.get())
            #expect(status == 0 && output.hasSuffix("step done\n"), "\(output)")
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }
    }
#endif
