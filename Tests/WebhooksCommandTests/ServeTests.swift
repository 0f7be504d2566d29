#if Server
    import Glibc
    import Testing
    import WebhookReceiver
    import WebhookSimulation

    /// `serve`: the real program with its HTTP API.
    @Suite(.timeLimit(.minutes(2))) struct ServeTests {
        static let token = "an-organisation-token-of-more-than-32"
        static let key = "encryptionKey: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        static let server = "server: { listen: \"127.0.0.1:0\", tokens: [\(token)], \(key), maxBody: 64KiB }\n"

        @Test func `what is accepted is delivered, and is there after a kill`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            let first = try Background(["serve"], in: sandbox)
            let port = try await Self.port(first)
            #expect(try await Exchange(port, "GET", "/readyz", token: nil).status == 200)
            #expect(try await Exchange(port, "POST", "/api/v1/app", #"{"name":"A","uid":"a"}"#).status == 201)
            let message = #"{"eventType":"course.completed","payload":{"course":12}}"#
            let sent = try await Exchange(port, "POST", "/api/v1/app/a/msg", message, key: "auto_1")
            #expect(sent.status == 202)
            let request = try await sandbox.receiver.waitForRequests(count: 1)[0]
            #expect(request.headers(named: "webhook-id").first.map(sent.body.contains) == true)
            // What is killed before its result is on record is made again.
            let id = try #require(request.headers(named: "webhook-id").first)
            while true {
                let attempts = try await Exchange(port, "GET", "/api/v1/app/a/attempt/msg/\(id)")
                try #require(attempts.status == 200)
                if attempts.body.contains("\"responseStatusCode\"") { break }
            }
            first.signal(SIGKILL)
            _ = await first.end()
            let second = try Background(["serve"], in: sandbox)
            let next = try await Self.port(second)
            let again = try await Exchange(next, "POST", "/api/v1/app/a/msg", message, key: "auto_1")
            #expect(again.status == 202 && again.body == sent.body)
            let list = try await Exchange(next, "GET", "/api/v1/app/a/msg")
            #expect(list.body.components(of: "\"eventType\"") == 1)
            #expect(try await Exchange(next, "GET", "/metrics", token: nil).body.contains("webhooks_build_info"))
            second.signal(SIGTERM)
            #expect(await second.end() == 0)
            #expect(sandbox.receiver.requests.count == 1)
        }

        /// Connections in every state: idle, and with a part of a head, a part of a body, and an answer that never ends.
        @Test func `it stops with connections open, and says nothing of them`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            for _ in 0..<3 {
                let run = try Background(["serve"], in: sandbox)
                let port = try await Self.port(run)
                let open = OpenConnections()
                await Program.blocking {
                    let head = "HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(Self.token)\r\n"
                    let texts = [
                        "", "GET /api/v1/app HTTP/1.1\r\nHost:",
                        "POST /api/v1/app \(head)Content-Length: 10\r\n\r\n{", "GET /api/v1/app \(head)\r\n",
                        "GET /api/v1/stream/deliveries \(head)\r\n",
                    ]
                    for number in 0..<40 { open.open(port, texts[number % texts.count]) }
                }
                run.signal(SIGTERM)
                #expect(await run.line(containing: "EventLoop", on: .error) == nil)
                #expect(await run.end() == 0)
                withExtendedLifetime(open) {}
            }
        }

        @Test func `only what serves or judges needs the tokens`() async throws {
            let sandbox = try CommandEnvironment()
            let server = Self.server.replacing("[\(Self.token)]", with: "[{ env: NO_SUCH_TOKEN }]")
            try sandbox.write("w.yaml", sandbox.configuration(more: server))
            #expect(try await sandbox.run("emit", "a.b", "--data", "1").status == 0)
            #expect(try await sandbox.run("run", "--until-idle").status == 0)
            for command in ["serve", "validate", "doctor"] {
                let done = try await sandbox.run(command)
                #expect(done.status != 0, "\(command)")
                #expect((done.out + done.err).contains("NO_SUCH_TOKEN is not set"), "\(command): \(done)")
            }
        }

        @Test func `a token that was replaced is refused from the reload on`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            let run = try Background(["serve"], in: sandbox)
            let port = try await Self.port(run)
            #expect(try await Exchange(port, "GET", "/api/v1/app").status == 200)
            let new = "another-organisation-token-of-32-or-more"
            let server = Self.server.replacing(Self.token, with: new).replacing("64KiB", with: "65KiB")
            try sandbox.write("w.yaml", sandbox.configuration(more: server))
            run.signal(SIGHUP)
            let told = await run.line(containing: "only a restart takes over", on: .error)
            #expect(told?.contains("server.maxBody") == true && told?.contains("tokens") == false, "\(told ?? "")")
            #expect(try await Exchange(port, "GET", "/api/v1/app").status == 401)
            #expect(try await Exchange(port, "GET", "/api/v1/app", token: new).status == 200)
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }

        @Test func `what is wrong with a request is said in JSON`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            let run = try Background(["serve"], in: sandbox)
            let port = try await Self.port(run)
            let stranger = try await Exchange(port, "GET", "/api/v1/app", token: "x")
            #expect(stranger.status == 401 && stranger.body.contains("authentication_failed"))
            let large = try await Exchange(port, "POST", "/api/v1/app/a/msg", String(repeating: " ", count: 70_000))
            #expect(large.status == 413 && large.body.contains("payload_too_large"))
            // A stranger's body is not read: the answer is that about the token.
            let strange = try await Exchange(
                port,
                "POST",
                "/api/v1/app",
                String(repeating: " ", count: 60_000),
                token: "x"
            )
            #expect(strange.status == 401)
            let bad = try await Exchange(port, "POST", "/api/v1/app", "{")
            #expect(bad.status == 422 && bad.body.contains("value_error.jsondecode"))
            #expect(try await Exchange(port, "GET", "//api/v1/health/", token: nil).status == 204)
            #expect(try await Exchange(port, "GET", "/" + String(repeating: "a", count: 20_000)).status == 400)
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
        }

        @Test func `commands know the endpoints that the store keeps`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            let run = try Background(["serve"], in: sandbox)
            let port = try await Self.port(run)
            #expect(try await Exchange(port, "POST", "/api/v1/app", #"{"name":"A","uid":"a"}"#).status == 201)
            let url = "\(sandbox.receiver.url)/endpoint"
            let form = #"{"url":"\#(url)","uid":"orders"}"#
            let made = try await Exchange(port, "POST", "/api/v1/app/a/endpoint", form)
            #expect(made.status == 201, "\(made.body)")
            let id = try String(#require(made.body.firstMatch(of: /ep_[A-Za-z0-9]+/)).0)
            let paused = try await sandbox.run("pause", id)
            #expect(paused.status == 0, "\(paused.err)")
            let message = #"{"eventType":"course.completed","payload":{"course":12}}"#
            #expect(try await Exchange(port, "POST", "/api/v1/app/a/msg", message).status == 202)
            run.signal(SIGTERM)
            #expect(await run.end() == 0)
            let list = try await sandbox.run("subscriptions", "list")
            let line = try #require(list.out.split(separator: "\n").first { $0.contains(id) }, "\(list.out)\(list.err)")
            #expect(line.contains(" store ") && line.contains("paused") && list.out.contains(" file "), "\(list.out)")
            let shown = try await sandbox.run("subscriptions", "show", id, "--json")
            #expect(shown.out.contains(#""source":"store""#) && !shown.out.contains("whsec_"), "\(shown.out)")
            let status = try await sandbox.run("status")
            #expect(status.out.contains(id) && !status.out.contains("parked"), "\(status.out)")
            let stats = try await sandbox.run("stats")
            #expect(stats.out.contains(id) && !stats.out.contains("not in the configuration"), "\(stats.out)")
            // Whose it is, wherever it is named.
            let label = "\(id) (uid orders, application a)"
            #expect(status.out.contains("subscription \(label): paused"), "\(status.out)")
            let logged = try await sandbox.run("events", "list", "--json").lines.first ?? ""
            let event = try JSONText(logged)["id"].string ?? ""
            let delivery = try await sandbox.run("deliveries", "list", "--json").lines.first { $0.contains(id) }
            let delivered = try JSONText(delivery ?? "")["id"].string ?? ""
            #expect(try await sandbox.run("deliveries", "show", delivered).out.contains("subscription  \(label)"))
            #expect(try await sandbox.run("match", "course.completed", "--tenant", "a").out.contains(label))
            let owner = #""subscriptionUid":"orders","application":"a""#
            for command in [
                ["status"], ["stats"], ["deliveries", "list"], ["deliveries", "show", delivered],
                ["events", "show", event], ["subscriptions", "list"], ["subscriptions", "show", id],
                ["match", "course.completed", "--tenant", "a"],
            ] {
                let json = try await sandbox.run(command + ["--json"])
                #expect(json.out.ranges(of: owner).count == 1, "\(command): \(json.out)")
            }
            for command in [["stats"], ["deliveries", "list"], ["events", "show", event], ["subscriptions", "list"]] {
                let table = try await sandbox.run(command).out.split(separator: "\n")
                #expect(table.contains { $0.hasSuffix("  UID     APPLICATION") }, "\(table)")
                #expect(table.contains { $0.contains(id) && $0.hasSuffix("  orders  a") }, "\(table)")
            }
            let test = try await sandbox.run("test", id)
            #expect(test.status == 0 && test.out.contains(label), "\(test.out)\(test.err)")
            #expect(sandbox.receiver.requests.last?.header("svix-signature") != nil)
        }

        @Test func `it says what keeps it from serving`() async throws {
            let sandbox = try CommandEnvironment()
            let none = try await sandbox.run("serve")
            #expect(none.status == 65, "\(none.err)")
            for key in ["tokens", "encryptionKey"] {
                #expect(none.err.contains("w.yaml:1:1: `server` has no `\(key)`"), "\(none.err)")
            }
            // With what every dispatcher needs, too.
            try sandbox.write("w.yaml", sandbox.configuration(delivery: "{ timeout: 3x }"))
            let both = try await sandbox.run("serve")
            #expect(both.err.contains("`timeout`") && both.err.contains("no `encryptionKey`"), "\(both.err)")
            #expect(both.err.contains("3 problems") && !both.err.contains("hint"), "\(both.err)")
            try sandbox.write("w.yaml", sandbox.configuration(more: "server: { tokens: [\(Self.token)] }\n"))
            let unsealed = try await sandbox.run("serve")
            #expect(unsealed.status == 65 && unsealed.err.contains("has no `encryptionKey`"), "\(unsealed.err)")
            #expect(unsealed.err.contains("webhooks keygen --encryption"), "\(unsealed.err)")
            for command in ["validate", "doctor"] {
                let judged = try await sandbox.run(command)
                let warning = "`server` has no `encryptionKey`"
                #expect(judged.out.contains(warning) && judged.out.contains("doesn't start without"), "\(judged.out)")
            }
            #expect(try await sandbox.run("validate").status == 0, "`run` needs no more")
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            let first = try Background(["serve"], in: sandbox)
            let port = try await Self.port(first)
            let taken = Self.server.replacing("127.0.0.1:0", with: "127.0.0.1:\(port)")
            try sandbox.write("w.yaml", sandbox.configuration(more: taken))
            let second = try await sandbox.run("serve", "--store", "sqlite:other.sqlite")
            #expect(
                second.status == 69 && second.err.contains("can't listen on 127.0.0.1:\(port): the port is taken"),
                "\(second.err)"
            )
            #expect(
                access("\(sandbox.folder)/other.sqlite", F_OK) != 0,
                "it makes no store for that"
            )
            let third = try await sandbox.run("run")
            #expect(third.status == 69, "one dispatcher at a time: \(third.err)")
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            let fourth = try await sandbox.run("serve")
            #expect(fourth.status == 69 && !fourth.err.contains("serving the HTTP API"), "\(fourth.err)")
            first.signal(SIGTERM)
            #expect(await first.end() == 0)
        }

        @Test func `it doesn't accept what it can't deliver because a key is missing`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server))
            let first = try Background(["serve"], in: sandbox)
            let port = try await Self.port(first)
            #expect(try await Exchange(port, "POST", "/api/v1/app", #"{"name":"A","uid":"a"}"#).status == 201)
            let url = "\(sandbox.receiver.url)/endpoint"
            for _ in 0..<2 {
                let made = try await Exchange(port, "POST", "/api/v1/app/a/endpoint", "{\"url\":\"\(url)\"}")
                #expect(made.status == 201, "\(made.body)")
            }
            let old = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
            let new = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
            try sandbox.write("w.yaml", sandbox.configuration(more: Self.server.replacing(old, with: new)))
            first.signal(SIGHUP)
            // A server that runs keeps what it has, and nobody says anything else.
            #expect(
                await first.line(containing: "2 of 2 endpoints in the store could be sent to no more", on: .error)
                    != nil
            )
            let metrics = try await Exchange(port, "GET", "/metrics", token: nil)
            #expect(metrics.body.contains("webhooks_configuration_valid 0"), "\(metrics.body)")
            let status = try await sandbox.run("status")
            #expect(status.status == 1 && status.out.contains("refused the configuration on the disk"), "\(status)")
            let running = try await sandbox.run("doctor")
            #expect(running.out.components(of: "and the dispatcher that runs has another") == 2, "\(running.out)")
            first.signal(SIGTERM)
            #expect(await first.end() == 0)
            let refused = try await sandbox.run("serve")
            #expect(refused.status == 65, "\(refused.err)")
            #expect(refused.err.contains("2 of 2 endpoints in the store can't be sent to"), "\(refused.err)")
            #expect(refused.err.contains("--skip-broken") && !refused.err.contains(new), "\(refused.err)")
            let loud = try Background(["serve", "--skip-broken"], in: sandbox)
            #expect(await loud.line(containing: "2 of 2 endpoints in the store can't be sent to", on: .error) != nil)
            loud.signal(SIGTERM)
            #expect(await loud.end() == 0)
            // A dispatcher without the API says it as well.
            let run = try await sandbox.run("run", "--until-idle")
            #expect(run.status == 0 && run.err.contains("add that key to them"), "\(run.err)")
            let doctor = try await sandbox.run("doctor")
            #expect(doctor.status == 1, "\(doctor)")
            #expect(doctor.out.components(of: "can't be sent to: its secrets can't be read") == 2, "\(doctor.out)")
            let both = Self.server.replacing(old, with: "[\(new), \(old)]")
            try sandbox.write("w.yaml", sandbox.configuration(more: both))
            let last = try Background(["serve"], in: sandbox)
            #expect(try await Exchange(Self.port(last), "GET", "/api/v1/app/a/endpoint").status == 200)
            last.signal(SIGTERM)
            #expect(await last.end() == 0)
        }

        /// The port of a server that is ready.
        static func port(_ run: Background) async throws -> UInt16 {
            let line = await run.line(containing: "serving the HTTP API", on: .error)
            let match = try #require(line?.firstMatch(of: /http:\/\/[0-9.]+:(\d+)/), "\(line ?? "")")
            let port = try #require(UInt16(match.1))
            // It says so before or after that it delivers.
            while try await Exchange(port, "GET", "/readyz", token: nil).status == 503 {}
            return port
        }
    }

    /// Connections that are kept open, by one thread at a time.
    private final class OpenConnections: @unchecked Sendable {
        private var all: [BlockingConnection] = []

        func open(_ port: UInt16, _ text: String) {
            guard let connection = BlockingConnection(to: port, patience: 60) else { return }
            _ = connection.send(text.utf8)
            all.append(connection)
        }
    }

    /// A request on a connection of its own, and its answer.
    struct Exchange {
        var status = 0
        var body = ""

        init(
            _ port: UInt16,
            _ method: String,
            _ target: String,
            _ body: String = "",
            token: String? = ServeTests.token,
            key: String? = nil
        ) async throws {
            var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            if let token { text += "Authorization: Bearer \(token)\r\n" }
            if let key { text += "Idempotency-Key: \(key)\r\n" }
            if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
            text += "\r\n\(body)"
            let request = text
            let answer = await Program.blocking {
                guard let connection = BlockingConnection(to: port, patience: 60) else { return "" }
                defer { connection.close() }
                guard connection.send(request.utf8) else { return "" }
                connection.waitForEnd()
                return String(decoding: connection.buffer, as: UTF8.self)
            }
            let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            status = parts[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            self.body = parts.count > 1 ? String(parts[1]) : ""
        }
    }

    extension String {
        fileprivate func components(of part: String) -> Int {
            split(separator: part, omittingEmptySubsequences: false).count - 1
        }
    }
#endif
