#if Server
    import Foundation
    import Testing
    import WebhookSimulation

    @testable import WebhooksServer

    /// The listener with short patience, over real connections.
    @Suite(.timeLimit(.minutes(1))) struct ListenerTests {
        @Test func `one connection serves many requests, and each answer is one piece`() async throws {
            try await serving { port in
                let answers = await blocking {
                    guard let connection = BlockingConnection(to: port, patience: 30) else { return [] as [String] }
                    defer { connection.close() }
                    var answers: [String] = []
                    for _ in 0..<3 {
                        guard connection.send(request("GET", "/api/v1/app").utf8), let head = connection.readHead()
                        else { break }
                        let body = connection.take(head.length) ?? []
                        answers.append(head.line + String(decoding: body, as: UTF8.self))
                    }
                    return answers
                }
                #expect(
                    answers == Array(repeating: #"HTTP/1.1 200 OK{"data":[],"iterator":null,"done":true}"#, count: 3)
                )
            }
        }

        @Test func `a head that doesn't come, or trickles in, ends the connection`() async throws {
            try await serving {
                ($0.idle, $0.head) = (.milliseconds(50), .milliseconds(50))
            } _: { port in
                for text in ["", "GET /api/v1/app HTTP/1.1\r\nHost:"] {
                    #expect(
                        await blocking {
                            guard let connection = BlockingConnection(to: port, patience: 30) else { return false }
                            defer { connection.close() }
                            _ = connection.send(text.utf8)
                            return connection.waitForEnd() && connection.buffer.isEmpty
                        }
                    )
                }
            }
        }

        @Test func `a body that doesn't come ends the connection`() async throws {
            try await serving {
                $0.body = .milliseconds(50)
            } _: { port in
                #expect(
                    await blocking {
                        guard let connection = BlockingConnection(to: port, patience: 30) else { return false }
                        defer { connection.close() }
                        _ = connection.send(request("POST", "/api/v1/app", more: "Content-Length: 10\r\n").utf8)
                        return connection.waitForEnd()
                    }
                )
            }
        }

        @Test func `more requests than are served at once are told to slow down`() async throws {
            try await serving {
                $0.requests = 0
            } _: { port in
                let answer = await blocking {
                    exchange(port, request("GET", "/api/v1/app", more: "Connection: close\r\n"))
                }
                #expect(answer.hasPrefix("HTTP/1.1 429 "))
                #expect(answer.lowercased().contains("retry-after: 1"))
                #expect(
                    answer.hasSuffix(
                        #"{"code":"too_many_requests","detail":"Too many requests at once: try again in a second."}"#
                    )
                )
            }
        }

        @Test(arguments: ["/api/v1/app", "/api/v1/app/none", "/healthz", "/api/v1/export?format=csv"])
        func `the answer to HEAD has the length of what GET gets, or none`(_ target: String) async throws {
            try await serving { port in
                let (head, get) = await blocking {
                    let more = "Connection: close\r\n"
                    return (
                        exchange(port, request("HEAD", target, more: more)),
                        exchange(port, request("GET", target, more: more))
                    )
                }
                func fields(_ text: String) -> [Substring] {
                    let head = text.components(separatedBy: "\r\n\r\n")[0]
                    return head.split(separator: "\r\n").sorted().filter { line in
                        !["date:", "transfer-encoding:"].contains { line.lowercased().hasPrefix($0) }
                    }
                }
                #expect(fields(head) == fields(get), "\(head)\n\(get)")
                #expect(head.hasSuffix("\r\n\r\n"), "\(head)")
            }
        }

        @Test func `a connection in the middle of anything ends with the listener`() async throws {
            let open = Connected()
            try await serving {
                $0.stop = .milliseconds(200)
            } _: { port in
                await blocking {
                    for text in [
                        "", "GET /api/v1/app HTTP/1.1\r\nHost:", request("GET", "/api/v1/app"),
                        request("POST", "/api/v1/app", more: "Content-Length: 10\r\n") + "{",
                        request("GET", "/api/v1/stream/deliveries"),
                    ] {
                        guard let connection = BlockingConnection(to: port, patience: 30) else { continue }
                        _ = connection.send(text.utf8)
                        open.add(connection)
                    }
                }
            }
            // Some have an answer before their end.
            let ended = await blocking { open.all.map { $0.waitForEnd() || $0.waitForEnd() } }
            #expect(ended == Array(repeating: true, count: 5))
        }

        @Test func `heads that another program could read differently are refused`() async throws {
            try await serving { port in
                let token = "Authorization: Bearer \(ServedStore.token)\r\n"
                for (text, reason) in [
                    (request("GET", "/api/v1/app", more: token), "more than one Authorization"),
                    (
                        request("POST", "/api/v1/app", more: "Idempotency-Key: a\r\nidempotency-key: b\r\n"),
                        "more than one Idempotency-Key"
                    ),
                    (request("GET", "/api/v1/app#x"), "fragment"), (request("GET", "/api/v1/app?a=b#x"), "fragment"),
                    (request("FOO", "/api/v1/app"), "method"),
                ] {
                    let answer = await blocking { exchange(port, text) }
                    #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains(reason), "\(reason): \(answer)")
                }
            }
        }

        @Test func `large heads are refused`() async throws {
            try await serving { port in
                let field = "X-Large: " + String(repeating: "a", count: 40_000) + "\r\n"
                let answer = await blocking { exchange(port, request("GET", "/api/v1/app", more: field)) }
                #expect(answer.hasPrefix("HTTP/1.1 400 "))
            }
        }

        @Test func `a body of unknown length is bounded like any other`() async throws {
            try await serving { port in
                let piece = "40000\r\n" + String(repeating: " ", count: 0x40000) + "\r\n"
                let body = String(repeating: piece, count: 12) + "0\r\n\r\n"
                // Released clients know 413 of a message alone.
                for (path, status) in [("/api/v1/app/a/msg", 413), ("/api/v1/app", 422)] {
                    let head = request("POST", path, more: "Transfer-Encoding: chunked\r\nConnection: close\r\n")
                    let answer = await blocking { exchange(port, head + body) }
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
                }
            }
        }
    }

    /// Connections that are kept open, each used by one thread at a time.
    private final class Connected: @unchecked Sendable {
        private(set) var all: [BlockingConnection] = []

        func add(_ connection: BlockingConnection) { all.append(connection) }
    }
#endif
