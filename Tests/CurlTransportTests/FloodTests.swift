import CWebhooksCurl
import Foundation
import Synchronization
import Testing
import WebhookCore

@testable import WebhookTransport

/// Receivers that send without end what is no part of an answer. The attempt ends, and nobody else waits for it.
@Suite(.timeLimit(.minutes(2))) struct FloodTests {
    private let certificates: TestCertificates
    private let resolver = ScriptedResolver(["receiver.test": [["127.0.0.1"]]])
    private let tls: TLSOptions

    init() throws {
        certificates = try TestCertificates.shared.get()
        tls = TLSOptions(authorities: certificates.authority)
    }

    /// The figures that a test knows of a flood.
    private final class Flood: Sendable {
        let hasBegun = Handover<Bool>()

        /// Sends until the peer has ended the connection.
        func run(_ sendMore: () throws -> Bool) {
            var count = 0
            while (try? sendMore()) == true {
                count += 1
                if count == 50 { hasBegun.give(true) }
            }
            hasBegun.give(false)
        }
    }

    /// A flooding receiver gets a request; while it floods, others are served; then its attempt ends.
    private func check(
        _ server: RawServer,
        _ flood: Flood,
        httpVersion: HTTPVersion = .http1,
        before: (CurlTransport) async -> Void = { _ in }
    ) async throws {
        let good = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(resolver: resolver)
        await before(transport)
        async let flooded = transport.result(
            of: .to(
                server.port,
                scheme: .https,
                host: "receiver.test",
                tls: tls,
                httpVersion: httpVersion,
                timeout: .seconds(2)
            )
        )
        _ = await flood.hasBegun.take()
        for _ in 0..<20 { #expect(await transport.result(of: .to(good.port)).status == 200) }
        let result = await flooded
        #expect(result.status == nil && result.mayHaveBeenSent, "\(result.ending)")
        #expect([.timeout, .disconnected, .protocolError].contains(result.error), "\(result.ending)")
        // Shutting down waits for nobody either.
        transport.shutdown()
        #expect(await transport.result(of: .to(good.port)).error == .interrupted)
    }

    @Test func sessionTickets() async throws {
        let flood = Flood()
        let server = try RawServer(tls: certificates.server("server").forHandwrittenRecords()) { connection, _ in
            guard connection.readRequest() != nil, var records = try? connection.records() else { return }
            flood.run { connection.sendRaw(records.record(.handshake, TLSRecords.tickets)) }
        }
        try await check(server, flood)
    }

    /// Each of the lines of defence holds by itself; this one ends a read after every record.
    @Test func aReadEndsWithARecord() throws {
        let context = try certificates.server("server")
        #expect(context.readsOn)
        let call = try #require(webhooks_curl_call_new())
        defer { webhooks_curl_call_free(call) }
        #expect(context.prepare(call) && !context.readsOn)
    }

    @Test func keyUpdates() async throws {
        let flood = Flood()
        let server = try RawServer(tls: certificates.server("server").forHandwrittenRecords()) { connection, _ in
            guard connection.readRequest() != nil, var records = try? connection.records() else { return }
            flood.run { connection.sendRaw(records.keyUpdate()) }
        }
        try await check(server, flood)
    }

    @Test func handshakesUnderTLS12() async throws {
        let flood = Flood()
        let server = try RawServer(tls: certificates.server("server").forTLS12()) { connection, _ in
            guard connection.readRequest() != nil else { return }
            flood.run { connection.askForHandshake() }
        }
        try await check(server, flood)
    }

    @Test(arguments: [
        HTTP2Frame.goAway, HTTP2Frame.settings, HTTP2Frame.pingAnswer, HTTP2Frame.windowUpdate, HTTP2Frame.priority,
        HTTP2Frame.unknown,
    ])
    func framesOfHTTP2(_ frame: [UInt8]) async throws {
        let flood = Flood()
        let server = try RawServer(tls: certificates.server("server").forHTTP2()) { connection, _ in
            connection.send(HTTP2Frame.settings)
            guard connection.waitForHTTP2Request() else { return flood.hasBegun.give(false) }
            let many = [UInt8](repeatElement(frame, count: 16_000 / frame.count).joined())
            flood.run { connection.send(many) }
        }
        try await check(server, flood, httpVersion: .http2)
    }

    /// After whole headers the answer stands, whatever comes.
    @Test func emptyDataOfHTTP2() async throws {
        let server = try RawServer(tls: certificates.server("server").forHTTP2()) { connection, _ in
            connection.send(HTTP2Frame.settings)
            guard connection.waitForHTTP2Request() else { return }
            connection.send(HTTP2Frame.headers)
            let many = [UInt8](repeatElement(HTTP2Frame.empty, count: 1_700).joined())
            while connection.send(many) {}
        }
        let transport = try CurlTransport(resolver: resolver)
        let result = await transport.result(
            of: .to(
                server.port,
                scheme: .https,
                host: "receiver.test",
                tls: tls,
                httpVersion: .http2,
                timeout: .seconds(2)
            )
        )
        #expect(result.status == 200 && result.isTruncated && result.httpVersion == "2")
    }

    /// A good answer, then tickets: the next delivery to that receiver takes another connection.
    @Test func ticketsOnAnIdleConnection() async throws {
        let flood = Flood()
        let server = try RawServer(tls: certificates.server("server").forHandwrittenRecords()) { connection, number in
            guard connection.readRequest() != nil, var records = try? connection.records() else { return }
            guard number == 0 else {
                _ = connection.sendRaw(records.record(.data, Array(RawServer.ok.utf8)))
                connection.waitForEnd()
                return
            }
            _ = connection.sendRaw(records.record(.data, Array(RawServer.ok.utf8)))
            // More than fits into the sockets, so that it goes on when something is read.
            flood.run { connection.sendRaw(records.record(.handshake, TLSRecords.tickets)) }
        }
        let good = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(resolver: resolver)
        let request = TransportRequest.to(server.port, scheme: .https, host: "receiver.test", tls: tls)
        #expect(await transport.result(of: request).status == 200)
        _ = await flood.hasBegun.take()
        let next = await transport.result(of: request)
        #expect(next.status == 200 && !next.connectionReused)
        #expect(await transport.result(of: .to(good.port)).status == 200)
        #expect(server.connectionCount == 2)
    }

    @Test(arguments: [
        "HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        "HTTP/1.1 407 No\r\nContent-Length: 999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: ",
    ])
    func answersOfAProxyWithoutEnd(_ start: String) async throws {
        let flood = Flood()
        let proxy = try RawServer { connection, _ in
            guard connection.readRequest() != nil else { return }
            connection.send(start)
            flood.run { connection.send(String(repeating: "x", count: 65_536)) }
        }
        let good = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(resolver: resolver)
        let policy = EgressPolicy(
            allow: EgressPolicy.loopback.allow,
            proxy: EgressPolicy.Proxy(host: "127.0.0.1", port: proxy.port)
        )
        async let flooded = transport.result(of: .to(good.port, timeout: .seconds(5), egress: policy))
        _ = await flood.hasBegun.take()
        for _ in 0..<20 { #expect(await transport.result(of: .to(good.port)).status == 200) }
        let result = await flooded
        #expect(result.status == nil && !result.mayHaveBeenSent)
        #expect([.connect, .timeout].contains(result.error), "\(result.ending)")
    }
}
