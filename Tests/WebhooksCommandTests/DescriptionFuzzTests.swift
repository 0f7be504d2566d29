#if Server
    import Glibc
    import Testing
    import WebhookSimulation

    /// Requests that a tool makes of the API's own description, good ones and bad ones, to the real program.
    @Suite(.serialized, .timeLimit(.minutes(3))) struct DescriptionFuzzTests {
        /// The time that the tool takes.
        private static let seconds = 40

        @Test func `no request breaks the server, and every answer is described`() async throws {
            let tool = "\(Documentation.root)/.venv/schemathesis/bin/schemathesis"
            try #require(access(tool, X_OK) == 0, "no schemathesis: run `make setup-tests`")
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: ServeTests.server))
            let run = try Background(["serve"], in: sandbox)
            let address = "http://127.0.0.1:\(try await ServeTests.port(run))"
            let script = "\(Documentation.root)/Tests/WebhooksCommandTests/Clients/description_fuzz.py"
            let command =
                "cd '\(sandbox.folder)' && python3 '\(script)' '\(tool)' \(address) \(ServeTests.token) \(Self.seconds) 2>&1"
            let done = await Program.blocking { Result { try Tour().shell(command) } }
            let (status, output) = try { ($0.status, $0.output) }(done.get())
            #expect(status == 0, "\(output.suffix(6000))")
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }
    }
#endif
