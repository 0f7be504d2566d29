import Testing
import WebhookCore
import WebhookTransport

@Suite struct BadAnswerTests {
    /// The result of a request that is answered with these bytes, after which the connection ends.
    private func result(
        _ response: String,
        timeout: Duration = .seconds(120),
        then end: @escaping @Sendable (RawConnection) -> Void = { _ in }
    ) async throws -> TransportResult {
        let server = try RawServer { connection, _ in
            _ = connection.readRequest()
            connection.send(response)
            end(connection)
        }
        return await (try CurlTransport()).result(of: .to(server.port, timeout: timeout))
    }

    @Test(arguments: [
        "<html>hello from 1991</html>", "garbage\r\n\r\n", "\u{1}\u{2}\u{3}", "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 abc\r\n\r\n", "HTTP/7.1 200 OK\r\n\r\n", "HTTP/1.1 200x OK\r\n\r\n",
        "HTTP/2 200\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ])
    func notHTTP(_ response: String) async throws {
        let result = try await result(response)
        #expect(result.error == .protocolError && result.mayHaveBeenSent, "\(result.ending)")
    }

    @Test(arguments: [
        "HTTP/1.1 2", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX: y\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
    ])
    func endsWithinTheHeaders(_ response: String) async throws {
        let result = try await result(response)
        #expect(result.error == .disconnected && result.mayHaveBeenSent, "\(result.ending)")
    }

    @Test func informationalAnswersAreSkipped() async throws {
        let result = try await result("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + RawServer.ok)
        #expect(result.status == 200 && result.headers.map(\.name) == ["Content-Length"])
    }

    /// Whatever stands among the fields is one.
    @Test(arguments: [(503, 204), (200, 410)]) func statusLineAmongTheHeaders(_ status: Int, _ other: Int) async throws
    {
        for line in ["HTTP/1.1 \(other) :", "HTTP/1.1 \(other) OK:", "X: y\r\nHTTP/2 \(other) : a"] {
            let result = try await result("HTTP/1.1 \(status) A\r\n\(line)\r\nContent-Length: 0\r\n\r\n")
            #expect(result.status == status, "\(result.ending)")
        }
    }

    @Test func statusLineAmongTheTrailers() async throws {
        let result = try await result(
            "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\nHTTP/1.1 200 :\r\n\r\n"
        )
        #expect(result.status == 500)
    }

    /// What stands beside the chunks' contents is not handed on by libcurl, and counts all the same.
    @Test(arguments: ["1;", "0\r\nX: "]) func endlessChunkExtensionsAndTrailers(_ start: String) async throws {
        let result = try await result("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + start) { connection in
            while connection.send(String(repeating: "x", count: 65_536)) {}
        }
        #expect(result.status == 200 && result.isTruncated)
    }

    /// What the transport takes of an endless answer, and what fits into the sockets, is all that the receiver gets rid of.
    @Test(arguments: ["x", "1\r\nx\r\n"]) func littleIsReadOfAnEndlessAnswer(_ chunk: String) async throws {
        let sent = Handover<Int>()
        let server = try RawServer { connection, _ in
            connection.holdLittle()
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (chunk == "x" ? "1;" : ""))
            let bytes = Array(String(repeating: chunk, count: 6_000).utf8)
            var count = 0
            while connection.send(bytes) { count += bytes.count }
            sent.give(count)
        }
        let result = await (try CurlTransport()).result(of: .to(server.port))
        #expect(result.status == 200 && result.isTruncated)
        let count = await sent.take() ?? .max
        #expect(count < 12 << 20, "\(count)")
    }

    @Test func endlessEmptyTrailers() async throws {
        let result = try await result("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n") { connection in
            while connection.send(String(repeating: "X: y\r\n", count: 1_000)) {}
        }
        #expect(result.status == 200 && result.isTruncated)
    }

    @Test func endlessInformationalAnswers() async throws {
        let result = try await result("") { connection in
            while connection.send("HTTP/1.1 102 Processing\r\nX: y\r\n\r\n") {}
        }
        #expect(result.error == .responseTooLarge && result.mayHaveBeenSent)
    }

    @Test func endlessHeaders() async throws {
        let result = try await result("HTTP/1.1 200 OK\r\n") { connection in
            while connection.send("X-More: and more\r\n") {}
        }
        #expect(result.error == .responseTooLarge)
    }

    @Test func endlessHeaderLine() async throws {
        let result = try await result("HTTP/1.1 200 OK\r\nX-More: ") { connection in
            while connection.send(String(repeating: "a", count: 4_096)) {}
        }
        #expect(result.error == .responseTooLarge, "\(result.ending)")
    }

    @Test func manyHeadersWithinTheLimit() async throws {
        let fields = (0..<150).map { "X-\($0): \(String(repeating: "v", count: 200))\r\n" }.joined()
        let result = try await result("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n")
        #expect(result.status == 200 && result.isTruncated)
        #expect(result.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count } <= 16_384)
    }

    @Test(arguments: [(200, nil), (201, FailureKind.responseTooLarge)])
    func twoHundredLines(_ count: Int, _ error: FailureKind?) async throws {
        let fields = String(repeating: "X: y\r\n", count: count - 1)
        let result = try await result("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n")
        #expect(result.error == error)
    }

    @Test func endlessBody() async throws {
        let result = try await result("HTTP/1.1 200 OK\r\n\r\n") { connection in
            while connection.send(String(repeating: "b", count: 65_536)) {}
        }
        #expect(result.status == 200 && result.isTruncated && result.body.count == 16_384)
    }

    @Test func bodyOfModerateSizeIsCutButWhole() async throws {
        let body = String(repeating: "b", count: 100_000)
        let result = try await result("HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n" + body)
        #expect(result.status == 500 && result.isTruncated && result.body.count == 16_384)
    }

    @Test func resetWithinTheBody() async throws {
        let result = try await result("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart") { $0.reset() }
        #expect(result.status == 200 && result.isTruncated && result.mayHaveBeenSent)
    }

    @Test func endWithinTheBody() async throws {
        let result = try await result("HTTP/1.1 201 Made\r\nContent-Length: 100\r\n\r\npart")
        #expect(result.status == 201 && result.isTruncated && result.body == "part")
    }

    @Test func brokenChunks() async throws {
        let result = try await result("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nzzz\r\n")
        #expect(result.status == 200 && result.isTruncated && result.body == "part")
    }

    @Test func trickleWithinTheBody() async throws {
        let whole = { (result: TransportResult) in result.status != nil }
        let ended = try await withPatience(until: whole) {
            try await result("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", timeout: $0) { $0.waitForEnd() }
        }
        #expect(ended.status == 200 && ended.isTruncated && ended.body == "part")
    }

    @Test func trickleWithinTheHeaders() async throws {
        let ended = try await withPatience {
            try await result("HTTP/1.1 200 OK\r\nX: ", timeout: $0) { $0.waitForEnd() }
        }
        #expect(ended.error == .timeout && ended.mayHaveBeenSent)
    }

    /// Something keeps coming all the time, which must not put off the end.
    @Test(arguments: [false, true]) func trickleWithoutAPause(isBody: Bool) async throws {
        let start = isBody ? "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" : "HTTP/1.1 200 OK\r\nX: "
        let result = try await result(start, timeout: .milliseconds(400)) { connection in
            // Ends when the sender has closed the connection: until then a byte every few milliseconds.
            while connection.send("a"), !connection.hasEnded(within: 5) {}
        }
        #expect(result.status == (isBody ? 200 : nil) && result.error == (isBody ? nil : FailureKind.timeout))
        #expect(result.isTruncated && result.body.count < 16_384)
    }

    /// A megabyte of zeros in a thousand bytes stays a thousand bytes.
    @Test func compressedBombIsKeptAsItCame() async throws {
        // A deflate stream's length doesn't matter to whom doesn't decode it.
        let bomb = [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xED, 0xC1] + [UInt8](repeating: 0, count: 1_000)
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n"
        let result = try await result(head) { $0.send(bomb) }
        #expect(result.status == 200 && result.body.bytes == bomb && !result.isTruncated)
    }

    @Test(arguments: ["Content-Encoding: gzip\r\n", "Content-Encoding: br\r\n"])
    func compressedBodiesStayAsTheyAre(_ field: String) async throws {
        let result = try await result("HTTP/1.1 200 OK\r\n\(field)Content-Length: 4\r\n\r\nnope")
        #expect(result.status == 200 && result.body == "nope" && !result.isTruncated)
    }

    @Test func compressedTransferCodingIsNotTaken() async throws {
        let result = try await result(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\nnope\r\n0\r\n\r\n"
        )
        #expect(result.status == 200 && result.body.isEmpty && result.isTruncated)
    }

    @Test func switchingProtocolsIsAnAnswer() async throws {
        let result = try await result("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n") { $0.waitForEnd() }
        #expect(result.status == 101)
    }

    @Test func earlyRefusalOfALargeBody() async throws {
        let server = try RawServer { connection, _ in
            connection.send("HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
            connection.waitForEnd()
        }
        let body = ByteString([UInt8](repeating: 0x20, count: 8 << 20))
        let result = await (try CurlTransport()).result(of: .to(server.port, body: body))
        #expect(result.status == 413)
    }
}
