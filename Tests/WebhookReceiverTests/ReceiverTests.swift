import Testing
import WebhookCore
import WebhookReceiver

@Suite struct ReceiverTests {
    private static let noContent = "HTTP/1.1 204 No Content\r\n\r\n"

    @Test func givesARequestAsItCame() async throws {
        let receiver = try Receiver { _ in .status(200, headers: [HTTPHeader("X-A", "b")], body: "hello") }
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send("POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Two:  1 \r\nx-two: 2\r\nContent-Length: 4\r\n\r\n\u{0}é!")
        #expect(
            try client.receive(until: "hello") == "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello"
        )
        let request = try #require(try await receiver.waitForRequests(count: 1).first)
        #expect(request.method == "POST")
        #expect(request.target == "/a?b=c")
        #expect(
            request.headers == [
                HTTPHeader("Host", "x"), HTTPHeader("X-Two", "1"), HTTPHeader("x-two", "2"),
                HTTPHeader("Content-Length", "4"),
            ]
        )
        #expect(request.header("HOST") == "x")
        #expect(request.headers(named: "X-TWO") == ["1", "2"])
        #expect(request.body == "\u{0}é!")
        #expect(request.number == 1 && request.connection == 1 && request.numberOnConnection == 1)
        #expect(request.remote.hasPrefix("127.0.0.1:"))
        #expect(receiver.url == "http://127.0.0.1:\(receiver.port)")
    }

    @Test func answersPipelinedRequestsInOrder() async throws {
        // The first answer is late: the others must wait for it.
        let receiver = try Receiver { request in
            .status(200, body: ByteString(request.target), delay: request.number == 1 ? .milliseconds(1) : .zero)
        }
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        let requests = (1...50).map { "POST /\($0) HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" }
        try client.send(requests.joined() + "GET /last HTTP/1.1\r\nConnection: close\r\n\r\n")
        let responses = try client.receiveAll().components(separatedBy: "HTTP/1.1 200 OK\r\n").dropFirst()
        #expect(responses.count == 51)
        #expect(responses.dropLast().map { $0.components(separatedBy: "\r\n\r\n")[1] } == (1...50).map { "/\($0)" })
        #expect(responses.last == "Content-Length: 5\r\nConnection: close\r\n\r\n/last")
        #expect(receiver.requests.map(\.numberOnConnection) == Array(1...51))
        #expect(receiver.connectionCount == 1)
    }

    @Test func readsChunkedBodies() async throws {
        let receiver = try Receiver(responses: [])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send("PUT / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n00")
        try client.send("A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n")
        #expect(try client.receiveAll() == Self.noContent + "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        #expect(receiver.requests.map(\.body) == ["abc0123456789", ""])
    }

    @Test func takesLargeBodies() async throws {
        let receiver = try Receiver { request in .status(200, body: request.body, closesConnection: true) }
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        let body = String(repeating: "0123456789abcdef", count: 262_144)
        try client.send("POST / HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
        let response = try client.receiveAll()
        #expect(response.utf8.count > body.utf8.count)
        #expect(response.hasSuffix("\r\n\r\n" + body))
    }

    @Test func honoursHTTP10AndConnectionClose() throws {
        let receiver = try Receiver(responses: [.status(200)])
        defer { receiver.stop() }
        for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n"] {
            let client = try RawClient(port: receiver.port)
            try client.send(request)
            #expect(try client.receiveAll() == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        let client = try RawClient(port: receiver.port)
        try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        _ = try client.receive(until: "\r\n\r\n")
        try client.send("HEAD / HTTP/1.0\r\n\r\n")
        #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 OK"))
        #expect(receiver.connectionCount == 3)
    }

    @Test func asksForABodyThatWaitsToBeAskedFor() throws {
        let receiver = try Receiver(responses: [])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("ab")
        #expect(try client.receive(until: "\r\n\r\n") == Self.noContent)
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ])
    func refusesAndCloses(request: String, status: Int) throws {
        let receiver = try Receiver(responses: [])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send(request)
        #expect(try client.receiveAll().hasPrefix("HTTP/1.1 \(status) "))
        #expect(receiver.requestCount == 0)
    }

    @Test func refusesAnEndlessHead() throws {
        let receiver = try Receiver(responses: [])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 66_000))
        #expect(try client.receiveAll().hasPrefix("HTTP/1.1 431 "))
    }

    @Test func stopsWaitersAndClosesConnections() async throws {
        let receiver = try Receiver(responses: [.neverAnswer])
        let client = try RawClient(port: receiver.port)
        try client.send("GET / HTTP/1.1\r\n\r\n")
        try await receiver.waitForRequests(count: 1)
        let waiting = Task { try await receiver.waitForRequests(count: 2) }
        receiver.stop()
        receiver.stop()
        await #expect(throws: ReceiverError.stopped) { try await waiting.value }
        #expect(try client.receiveAll() == "")
        #expect(receiver.requestCount == 1)
        await receiver.closeIdleConnections()
    }

    @Test func waitsEndWithTheirTask() async throws {
        let receiver = try Receiver(responses: [])
        defer { receiver.stop() }
        let waiting = Task { try await receiver.waitForRequests(count: 1) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test func wakesEveryWaiterInItsTurn() async throws {
        let receiver = try Receiver(responses: [])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        let first = Task { try await receiver.waitForRequests(count: 1) }
        let third = Task { try await receiver.waitForRequests(count: 3) }
        try client.send("GET /1 HTTP/1.1\r\n\r\n")
        #expect(try await first.value.count >= 1)
        try client.send("GET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")
        #expect(try await third.value.map(\.target) == ["/1", "/2", "/3"])
        receiver.removeAllRequests()
        #expect(receiver.requests.isEmpty && receiver.requestCount == 0)
    }

    @Test func refusesWhatItCannotListenOn() throws {
        #expect(throws: ReceiverError.host("example.com")) { try Receiver(.init(host: "example.com"), responses: []) }
        let receiver = try Receiver(responses: [])
        defer { receiver.stop() }
        #expect(throws: ReceiverError.self) { try Receiver(.init(port: receiver.port), responses: []) }
    }

    @Test func listensAgainOnAPortThatWasStopped() throws {
        let first = try Receiver(responses: [])
        first.stop()
        let second = try Receiver(.init(port: first.port), responses: [])
        defer { second.stop() }
        let client = try RawClient(port: second.port)
        try client.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try client.receive(until: "\r\n\r\n") == Self.noContent)
    }

    @Test func mayBeStoppedByItsHandler() throws {
        let box = Box()
        let receiver = try Receiver { _ in
            box.receiver?.stop()
            return .noContent
        }
        box.receiver = receiver
        let client = try RawClient(port: receiver.port)
        try client.send("GET / HTTP/1.1\r\n\r\n")
        _ = try client.receiveAll()
        box.receiver = nil
    }

    // Written before the first request and after the last: never at once.
    private final class Box: @unchecked Sendable { var receiver: Receiver? }
}

extension String {
    /// The parts between a separator.
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
