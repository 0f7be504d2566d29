#if Server
    import Glibc
    import Testing
    import WebhookSimulation

    /// Released client libraries against the real program: three generations of them.
    @Suite(.serialized, .timeLimit(.minutes(3))) struct ClientLibraryTests {
        @Test(arguments: ["2.9.1", "2.0.0", "1.99.1", "1.70.0", "1.45.1"])
        func `every operation that a library has`(version: String) async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: ServeTests.server))
            try await Self.drive(version, sandbox)
        }

        #if PostgreSQL
            // One release is enough: it is the store that differs.
            @Test(.disabled(if: PostgresSandbox.url == nil, "needs a server: run it inside Tests/postgres.sh"))
            func `every operation of the newest library on PostgreSQL`() async throws {
                try await PostgresSandbox.run { sandbox, database in
                    try sandbox.write("w.yaml", try database.configuration(sandbox) + ServeTests.server)
                    try await Self.drive("2.9.1", sandbox)
                }
            }
        #endif

        /// Serves, and has a library call every operation.
        private static func drive(_ version: String, _ sandbox: CommandEnvironment) async throws {
            let python = "\(Documentation.root)/.venv/svix-\(version)/bin/python"
            try #require(access(python, X_OK) == 0, "no client library \(version): run `make setup-tests`")
            let run = try Background(["serve"], in: sandbox)
            let address = "http://127.0.0.1:\(try await ServeTests.port(run))"
            let script = "\(Documentation.root)/Tests/WebhooksCommandTests/Clients/svix_client.py"
            let command = "'\(python)' '\(script)' \(address) \(ServeTests.token) 2>&1"
            let done = await Program.blocking { Result { try Tour().shell(command) } }
            let (status, output) = try { ($0.status, $0.output) }(done.get())
            #expect(status == 0 && output.hasSuffix("step done\n"), "\(output)")
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }

        /// The README's lines in other languages, as they stand but for the port.
        @Test func `the README's lines in curl, Python and PHP`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: ServeTests.server))
            let run = try Background(["serve"], in: sandbox)
            let address = "http://127.0.0.1:\(try await ServeTests.port(run))"
            let readme = try Documentation.text("README.md").replacing("http://127.0.0.1:8071", with: address)
            func block(_ language: String, _ text: String) throws -> String {
                let found = Documentation.blocks(language, in: readme).first { $0.contains { $0.contains(text) } }
                return try #require(found).joined(separator: "\n") + "\n"
            }
            try sandbox.write("a.sh", "set -e\n" + block("sh", "curl"))
            try sandbox.write("a.py", block("python", "svix.api"))
            try sandbox.write("a.php", block("php", "eventType"))
            let python = "\(Documentation.root)/.venv/svix-2.9.1/bin/python"
            let folder = sandbox.folder
            for command in ["sh a.sh", "'\(python)' a.py", "php a.php"] {
                let line = "cd '\(folder)' && \(command) 2>&1"
                let done = await Program.blocking {
                    Result { try Tour().shell(line, environment: ["WEBHOOKS_API_TOKEN": ServeTests.token]) }
                }
                let (status, output) = try { ($0.status, $0.output) }(done.get())
                #expect(status == 0 && output.contains("msg_"), "\(command): \(output)")
            }
            #expect(try await sandbox.receiver.waitForRequests(count: 3).count >= 3)
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }
    }
#endif
