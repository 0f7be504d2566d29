import Testing
import WebhookCore
import WebhookTransport

@Suite struct RequestTests {
    @Test func sendsExactlyWhatItIsGiven() async throws {
        let seen = Handover<[String]>()
        let server = try RawServer { connection, _ in
            guard let request = connection.readRequest() else { return }
            seen.give([request.line] + request.headers + [String(decoding: request.body, as: UTF8.self)])
            connection.send(RawServer.ok)
        }
        let transport = try CurlTransport()
        let headers = [HTTPHeader("X-First", "1"), HTTPHeader("Content-Type", "text/plain"), HTTPHeader("X-Empty", "")]
        let result = await transport.result(of: .to(server.port, target: "/a/../b?x=%2F", headers: headers, body: "hi"))
        #expect(result.status == 200)
        #expect(result.body == "ok")
        #expect(result.headers == [HTTPHeader("Content-Length", "2")])
        #expect(result.mayHaveBeenSent && !result.isTruncated && !result.connectionReused)
        #expect(result.remoteAddress == "127.0.0.1")
        #expect(result.httpVersion == "1.1")
        #expect(result.phases.connect != nil && result.phases.firstByte != nil)
        #expect(result.phases.dns == nil && result.phases.tls == nil)
        let expected = [
            "POST /a/../b?x=%2F HTTP/1.1", "Host: 127.0.0.1:\(server.port)",
            "X-First: 1", "Content-Type: text/plain", "X-Empty:", "Content-Length: 2", "hi",
        ]
        let lines = try #require(await seen.take())
        #expect(lines.map { $0.trimmingSuffixBlank() }.sorted() == expected.sorted())
    }

    @Test func addsNoHeaderOfItsOwn() async throws {
        let seen = Handover<[String]>()
        let server = try RawServer { connection, _ in
            seen.give(connection.readRequest()?.headers ?? [])
            connection.send(RawServer.ok)
        }
        let transport = try CurlTransport()
        _ = await transport.result(of: .to(server.port, headers: [], body: ""))
        #expect(await seen.take() == ["Host: 127.0.0.1:\(server.port)", "Content-Length: 0"])
    }

    @Test func sendsALargeBodyWithoutExpect() async throws {
        let seen = Handover<[UInt8]>()
        let server = try RawServer { connection, _ in
            let request = connection.readRequest()
            seen.give(request?.header("Expect") == nil ? request?.body ?? [] : [])
            connection.send(RawServer.ok)
        }
        let body = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let transport = try CurlTransport()
        let result = await transport.result(of: .to(server.port, body: ByteString(body)))
        #expect(result.status == 200)
        #expect(await seen.take() == body)
    }

    @Test func refusesAHeaderThatWouldBreakTheRequest() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        for header in [
            HTTPHeader("X", "a\r\nY: b"), HTTPHeader("X\n", "a"), HTTPHeader("X", "\0"), HTTPHeader("host", "x"),
        ] {
            let result = await transport.result(of: .to(server.port, headers: [header]))
            #expect(result.error == .internal && !result.mayHaveBeenSent)
        }
        #expect(server.connectionCount == 0)
    }

    @Test func followsNoRedirect() async throws {
        for status in [301, 302, 303, 307, 308] {
            let server = try RawServer.answering(
                "HTTP/1.1 \(status) Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
            )
            let transport = try CurlTransport()
            #expect(await transport.result(of: .to(server.port, fresh: true)).status == status)
            #expect(server.connectionCount == 1)
        }
    }

    @Test func followsNoRedirectElsewhere() async throws {
        let elsewhere = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        for status in [301, 302, 303, 307, 308] {
            for location in [
                "http://127.0.0.1:\(elsewhere.port)/", "//127.0.0.1:\(elsewhere.port)/", "file:///etc/passwd",
            ] {
                let server = try RawServer.answering(
                    "HTTP/1.1 \(status) Moved\r\nLocation: \(location)\r\nRefresh: 0; url=\(location)\r\nContent-Length: 0\r\n\r\n"
                )
                let result = await transport.result(of: .to(server.port))
                #expect(result.status == status && result.body.isEmpty && server.connectionCount == 1)
            }
        }
        #expect(elsewhere.connectionCount == 0)
    }

    @Test func thousandRequestsSixtyFourAtATime() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(options: CurlTransportOptions(shards: 2))
        for _ in 0..<16 {
            let results = await transport.results(of: (0..<64).map { .to(server.port, target: "/\($0)") })
            #expect(results.count == 64 && results.allSatisfy { $0.status == 200 })
        }
        #expect(server.connectionCount <= 1_024)
    }
}

extension String {
    fileprivate func trimmingSuffixBlank() -> String { hasSuffix(" ") ? String(dropLast()) : self }
}
