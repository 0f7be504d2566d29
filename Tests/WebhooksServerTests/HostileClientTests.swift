#if Server
    import Testing
    import WebhookCore
    import WebhookSimulation

    @testable import WebhooksServer

    /// Clients that mean no good, over real connections.
    @Suite(.timeLimit(.minutes(1))) struct HostileClientTests {
        private static func open(_ port: UInt16, _ text: String = "") -> BlockingConnection? {
            let connection = BlockingConnection(to: port, patience: 30)
            _ = connection?.send(text.utf8)
            return connection
        }

        // MARK: Bodies

        @Test func `a stranger is refused before the body, and keeps no place`() async throws {
            try await serving {
                $0.requests = 1
            } _: { port in
                let (refused, good) = await blocking { () -> ([String], Int) in
                    let half = "Content-Length: 1000\r\n"
                    let strangers = [nil, "no-token-of-this-server", "appsk_\(String(repeating: "a", count: 40))"].map {
                        Self.open(port, request("POST", "/api/v1/app", token: $0, more: half) + "{\"name\":")
                    }
                    defer { for stranger in strangers { stranger?.close() } }
                    let answers = strangers.map { $0?.answer() }
                    let lines = answers.map { "\($0?.line ?? "") \($0?.head.header("connection") ?? "")" }
                    return (lines, Self.open(port)?.status(request("GET", "/api/v1/app")) ?? 0)
                }
                #expect(refused == Array(repeating: "HTTP/1.1 401 Unauthorized close", count: 3))
                #expect(good == 200)
            }
        }

        @Test func `who is slow with a body keeps nobody else waiting`() async throws {
            try await serving {
                $0.requests = 1
            } _: { port in
                let (proceeded, good, slow) = await blocking { () -> ([String], Int, String) in
                    let more = "Content-Length: 12\r\nExpect: 100-continue\r\n"
                    let slow = (0..<3).map { _ in Self.open(port, request("POST", "/api/v1/app", more: more)) }
                    defer { for client in slow { client?.close() } }
                    // The server waits for their bodies now.
                    let lines = slow.map { $0?.readHead()?.line ?? "" }
                    let good = Self.open(port)?.status(request("GET", "/api/v1/app")) ?? 0
                    _ = slow[0]?.send(#"{"name":"A"}"#.utf8)
                    return (lines, good, slow[0]?.answer()?.line ?? "")
                }
                #expect(proceeded == Array(repeating: "HTTP/1.1 100 Continue", count: 3))
                #expect(good == 200)
                #expect(slow == "HTTP/1.1 201 Created")
            }
        }

        @Test func `bytes of bodies are counted as they come`() async throws {
            try await serving {
                $0.bodyBytes = 100
            } _: { port in
                let (whole, refused) = await blocking { () -> (Int, String) in
                    let body = #"{"name":"A"}"#
                    let large = String(repeating: " ", count: 101)
                    func post(_ body: String) -> String {
                        request(
                            "POST",
                            "/api/v1/app",
                            more: "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n"
                        ) + body
                    }
                    return (Self.open(port)?.status(post(body)) ?? 0, exchange(port, post(large)))
                }
                #expect(whole == 201)
                #expect(refused.hasPrefix("HTTP/1.1 429 "), "\(refused)")
            }
        }

        @Test func `health is answered however many requests are under way`() async throws {
            try await serving {
                $0.requests = 0
            } _: { port in
                let statuses = await blocking {
                    ["/api/v1/health", "/healthz", "/api/v1/app"].map {
                        Self.open(port)?.status(request("GET", $0)) ?? 0
                    }
                }
                #expect(statuses == [204, 200, 429])
            }
        }

        @Test func `an application has a share of the places`() {
            let gate = RequestGate(requests: 16, bytes: 160, shares: 8)
            let school = RequestGate.Party.application("app_1")
            #expect(gate.enter(school) && gate.enter(school) && !gate.enter(school))
            #expect(gate.enter(.application("app_2")) && gate.enter(.unknown) && gate.enter(.organisation))
            #expect(gate.hold(bytes: 20, school) && !gate.hold(bytes: 1, school))
            #expect(gate.hold(bytes: 140, .organisation) && !gate.hold(bytes: 1, .organisation))
            gate.leave(school)
            #expect(gate.enter(school) && gate.count == 5)
        }

        // MARK: Connections

        @Test func `a head that has begun has to end; an idle connection may wait`() async throws {
            try await serving {
                $0.head = .milliseconds(50)
            } _: { port in
                let (ended, status) = await blocking { () -> (Bool, Int) in
                    let idle = Self.open(port)
                    let half = Self.open(port, "GET /api/v1/app HTTP/1.1\r\nHost:")
                    let ended = half?.waitForEnd() ?? false
                    return (ended, idle?.status(request("GET", "/api/v1/app")) ?? 0)
                }
                #expect(ended)
                #expect(status == 200)
            }
        }

        @Test func `those that wait longest make room, strangers first`() async throws {
            try await serving {
                ($0.connections, $0.threads) = (5, 1)
            } _: { port in
                let (statuses, ended, status) = await blocking { () -> ([Int], [Bool], Int) in
                    let half = "GET /api/v1/app HTTP/1.1\r\nHost:"
                    let known = Self.open(port)
                    let first = known?.status(request("GET", "/api/v1/app")) ?? 0
                    // Each is known to be there once its request to /healthz is answered.
                    let strangers = (0..<6).map { _ -> BlockingConnection? in
                        let stranger = Self.open(port)
                        _ = stranger?.status(request("GET", "/healthz", token: nil))
                        _ = stranger?.send(half.utf8)
                        return stranger
                    }
                    let fresh = Self.open(port)?.status(request("GET", "/api/v1/app")) ?? 0
                    let ended = strangers.prefix(3).map { $0?.waitForEnd() ?? false }
                    return ([first, fresh], ended, known?.status(request("GET", "/api/v1/app")) ?? 0)
                }
                #expect(statuses == [200, 200])
                #expect(ended == [true, true, true])
                #expect(status == 200)
            }
        }

        @Test func `the order in which connections make room`() {
            final class Mark: Sendable {}
            let marks = (0..<6).map { _ in Mark() }
            let ids = marks.map { ObjectIdentifier($0) }
            let closed = Box([Int]())
            let connections = Connections(limit: 5, bytes: 100)
            func open(_ index: Int) {
                let handle = Connections.Handle(close: { closed.change { $0.append(index) } }, proceed: {})
                connections.opened(ids[index], handle)
            }
            for index in 0..<4 { open(index) }
            connections.knows(ids[0])
            connections.works(ids[1])
            #expect(closed.value.isEmpty)
            open(4)
            #expect(closed.value == [2])
            connections.waits(ids[3])
            connections.waits(ids[1])
            // One that is being closed counts no more.
            open(5)
            #expect(closed.value == [2, 4])
            connections.closed(ids[2])
            connections.closed(ids[4])
            connections.waits(ids[3])
            connections.holds(ids[0], bytes: 60)
            connections.holds(ids[3], bytes: 40)
            #expect(closed.value == [2, 4] && connections.heldBytes == 100)
            connections.holds(ids[3], bytes: 1)
            #expect(closed.value == [2, 4, 3])
            connections.closed(ids[3])
            #expect(connections.heldBytes == 60)
            connections.holds(ids[0], bytes: 41)
            #expect(closed.value == [2, 4, 3, 0])
            for id in ids { connections.closed(id) }
            #expect(connections.heldBytes == 0)
        }

        // MARK: Heads

        private static let smuggled = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "

        @Test(arguments: [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET / HTTP/0.9\r\n\r\n",
            "GET /\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n",
            "HELO a\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n",
            "GET / HTTP/1.1\rHost: a\r\r",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
                + smuggled,
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
            "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n",
        ]) func `a head that can be read in two ways is refused, and ends the connection`(_ text: String) async throws {
            try await serving { port in
                let answer = await blocking { exchange(port, text) }.replacing("HTTP/1.0 ", with: "HTTP/1.1 ")
                #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(answer.prefix(300))")
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer.prefix(300))")
                #expect(answer.contains(#"{"code":"bad_request","detail":"The "#), "\(answer.prefix(300))")
                #expect(answer.components(of: "HTTP/1.1 ") == 1, "\(answer)")
            }
        }

        @Test func `a chunk that is none ends the request, and the connection`() async throws {
            try await serving { port in
                for rest in ["zz\r\n", "5\r\nabcdefgh\r\n0\r\n\r\n", "5;\u{0}\r\nabcde\r\n0\r\n\r\n"] {
                    let head = request("POST", "/api/v1/app", more: "Transfer-Encoding: chunked\r\n")
                    let answer = await blocking { exchange(port, head + rest + Self.smuggled + "\r\n\r\n") }
                    #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
                    #expect(answer.components(of: "HTTP/1.1 ") == 1, "\(answer)")
                }
            }
        }

        @Test func `HTTP 1_0 is answered, and the connection ends`() async throws {
            try await serving { port in
                let head =
                    "GET /api/v1/app HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer \(ServedStore.token)"
                let answer = await blocking { exchange(port, "\(head)\r\n\r\n\(head)\r\n\r\n") }
                #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"), "\(answer)")
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
                #expect(answer.hasSuffix(#"{"data":[],"iterator":null,"done":true}"#), "\(answer)")
                // No chunks: HTTP/1.0 has none.
                let stream = head.replacing("/api/v1/app", with: "/api/v1/export?format=csv")
                let export = await blocking { exchange(port, "\(stream)\r\n\r\n") }
                #expect(
                    export.hasPrefix("HTTP/1.0 200 OK\r\n") && !export.lowercased().contains("chunked"),
                    "\(export)"
                )
            }
        }

        @Test func `requests in a row are answered in their order, whatever they are`() async throws {
            try await serving { port in
                let text = await blocking {
                    let body = #"{"name":"A"}"#
                    let chunked = "Transfer-Encoding: chunked\r\nTrailer: X\r\n"
                    return exchange(
                        port,
                        request("GET", "/api/v1/health") + request("HEAD", "/api/v1/app")
                            + request("POST", "/api/v1/app", more: "Content-Length: \(body.utf8.count)\r\n") + body
                            + request("POST", "/api/v1/app", more: chunked) + "c\r\n\(body)\r\n0\r\nX: y\r\n\r\n"
                            + String(repeating: request("GET", "/api/v1/app/none"), count: 100)
                            + request("GET", "http://127.0.0.1/healthz") + request("OPTIONS", "*")
                            + request("TRACE", "/api/v1/app")
                            + request("GET", "/healthz", more: "Connection: close\r\n")
                            + request("GET", "/healthz")
                    )
                }
                let statuses = text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
                let rest: [Substring] = ["200", "404", "404", "200"]
                #expect(
                    statuses == ["204", "200", "201", "201"] + Array(repeating: "404", count: 100) + rest,
                    "\(text)"
                )
            }
        }

        @Test(arguments: [
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        ]) func `nothing is upgraded`(_ more: String) async throws {
            try await serving { port in
                let answer = await blocking {
                    exchange(port, request("GET", "/api/v1/app", more: more) + request("GET", "/healthz"))
                }
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.components(of: "HTTP/1.1 ") == 1, "\(answer)")
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
            }
        }

        @Test(arguments: [
            "GET /api/v1/app?token=\(ServedStore.token) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET /api/v1/app HTTP/1.1\r\nHost: a\r\nCookie: token=\(ServedStore.token)\r\nConnection: close\r\n\r\n",
            "GET /api/v1/app HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \(ServedStore.token)\r\nConnection: close\r\n\r\n",
            "HEAD /api/v1/app HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ]) func `a token is taken from one place`(_ text: String) async throws {
            try await serving { port in
                let answer = await blocking { exchange(port, text) }
                #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(answer)")
                if text.hasPrefix("HEAD") { #expect(answer.hasSuffix("\r\n\r\n"), "\(answer)") }
            }
        }
    }

    /// A value that closures change.
    private final class Box<Value: Sendable>: Sendable {
        private let state: Mutex<Value>

        init(_ value: Value) { state = Mutex(value) }

        var value: Value { state.withLock { $0 } }

        func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
    }

    extension String {
        fileprivate func components(of text: String) -> Int {
            split(separator: text, omittingEmptySubsequences: false).count - 1
        }
    }

    import Synchronization
#endif
