import Testing
import WebhookCore
import WebhookReceiver

/// Answers that are late, cut off, odd, or none.
@Suite struct ReceiverResponseTests {
    private func exchange(_ response: ReceiverResponse, _ request: String = "GET / HTTP/1.1\r\n\r\n") throws -> String {
        let receiver = try Receiver(responses: [response])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send(request)
        return try client.receiveAll()
    }

    @Test func closesWithoutAnswer() throws {
        #expect(try exchange(.closeWithoutResponse) == "")
        #expect(try exchange(.closeWithoutResponse.after(.milliseconds(1))) == "")
    }

    @Test func resetsWithoutAnswer() throws {
        #expect(throws: RawClient.Reset.self) { try exchange(.resetWithoutResponse) }
    }

    @Test func sendsRawBytes() throws {
        #expect(
            try exchange(.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
                == "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
        )
        #expect(
            try exchange(.raw([.init("a"), .init("b", after: .milliseconds(1)), .init("c", after: .microseconds(1))]))
                == "abc"
        )
    }

    @Test func goesOnAfterRawBytes() throws {
        let raw = ReceiverResponse.raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", close: false)
        let receiver = try Receiver(responses: [raw, raw.after(.milliseconds(1)), .closeWithoutResponse])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        #expect(try client.receiveAll() == response + response)
        #expect(receiver.requestCount == 3)
    }

    @Test func answersAfterADelay() throws {
        #expect(
            try exchange(
                .status(503, headers: [HTTPHeader("Retry-After", "1")], delay: .milliseconds(2), closesConnection: true)
            )
                == "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    }

    @Test func earlierDeadlinesComeFirst() async throws {
        let receiver = try Receiver { request in
            .status(200, delay: .milliseconds(request.target == "/slow" ? 600_000 : 1), closesConnection: true)
        }
        defer { receiver.stop() }
        let slow = try (0..<20).map { _ in try RawClient(port: receiver.port) }
        for client in slow { try client.send("GET /slow HTTP/1.1\r\n\r\n") }
        try await receiver.waitForRequests(count: 20)
        let quick = try RawClient(port: receiver.port)
        try quick.send("GET /quick HTTP/1.1\r\n\r\n")
        #expect(try quick.receiveAll().hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func neverAnswersUntilTheOtherSideGoes() async throws {
        let receiver = try Receiver(responses: [.neverAnswer, .rawThenSilence([.init("HTTP/1.1 200 OK\r\n")])])
        defer { receiver.stop() }
        let silent = try RawClient(port: receiver.port)
        try silent.send("GET / HTTP/1.1\r\n\r\nGET /never-read HTTP/1.1\r\n\r\n")
        try await receiver.waitForRequests(count: 1)
        let half = try RawClient(port: receiver.port)
        try half.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try half.receive(until: "\r\n") == "HTTP/1.1 200 OK\r\n")
        silent.finish()
        half.finish()
        #expect(try silent.receiveAll() == "")
        #expect(try half.receiveAll() == "")
        #expect(receiver.requestCount == 2)
    }

    @Test func answersWhoeverSaidThatNothingFollows() throws {
        let receiver = try Receiver(responses: [.status(200, body: "late", delay: .milliseconds(1))])
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send("GET / HTTP/1.1\r\n\r\n")
        client.finish()
        #expect(try client.receiveAll().hasSuffix("late"))
    }

    @Test func closesIdleConnectionsOnly() async throws {
        let receiver = try Receiver { $0.target == "/hold" ? .neverAnswer : .noContent }
        defer { receiver.stop() }
        let idle = try RawClient(port: receiver.port)
        try idle.send("GET / HTTP/1.1\r\n\r\n")
        _ = try idle.receive(until: "\r\n\r\n")
        let busy = try RawClient(port: receiver.port)
        try busy.send("GET /hold HTTP/1.1\r\n\r\n")
        try await receiver.waitForRequests(count: 2)
        await receiver.closeIdleConnections()
        #expect(try idle.receiveAll() == "")
        busy.finish()
        #expect(try busy.receiveAll() == "")
    }

    @Test func framesAnswersAsToldByTheHandler() throws {
        #expect(
            try exchange(
                .status(200, headers: [HTTPHeader("content-length", "9")], body: "abc", closesConnection: true)
            )
                == "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nConnection: close\r\n\r\nabc"
        )
        #expect(
            try exchange(.status(200, body: "abc", closesConnection: true), "HEAD / HTTP/1.1\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
        )
        #expect(
            try exchange(.status(304, body: "abc", closesConnection: true))
                == "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
        )
    }

    @Test func theSinkCountsAndAnswers() async throws {
        let receiver = try Receiver(sink: .init(), status: 200, body: "ok")
        defer { receiver.stop() }
        let client = try RawClient(port: receiver.port)
        try client.send(
            String(repeating: "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", count: 99) + "GET / HTTP/1.0\r\n\r\n"
        )
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
        #expect(
            try client.receiveAll() == String(repeating: response + "\r\nok", count: 99) + response
                + "Connection: close\r\n\r\nok"
        )
        try await receiver.waitForRequests(count: 100)
        #expect(receiver.requestCount == 100 && receiver.requests.isEmpty)
    }
}
