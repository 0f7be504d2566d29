import Foundation
import Synchronization
import Testing
import WebhookCore
import WebhookTransport

@Suite struct ConnectionReuseTests {
    @Test func keepsConnectionsAlive() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        let first = await transport.result(of: .to(server.port))
        let second = await transport.result(of: .to(server.port))
        #expect(!first.connectionReused && second.connectionReused)
        #expect(second.phases.connect == nil)
        #expect(server.connectionCount == 1)
    }

    @Test func singleShotTakesAConnectionOfItsOwn() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        for _ in 0..<3 {
            let result = await transport.result(of: .to(server.port, fresh: true))
            #expect(result.status == 200 && !result.connectionReused)
        }
        #expect(server.connectionCount == 3)
    }

    @Test func silentCloseOnAFreshConnectionIsOneRequest() async throws {
        let requests = Mutex(0)
        let server = try RawServer { connection, _ in
            if connection.readRequest() != nil { requests.withLock { $0 += 1 } }
        }
        let transport = try CurlTransport()
        let result = await transport.result(of: .to(server.port))
        #expect(result.error == .disconnected && result.mayHaveBeenSent && !result.isStaleConnection)
        #expect(requests.withLock { $0 } == 1)
    }

    @Test func silentCloseOnAReusedConnectionIsOneRequest() async throws {
        let requests = Mutex<[String]>([])
        let server = try RawServer { connection, _ in
            guard let first = connection.readRequest() else { return }
            requests.withLock { $0.append(first.line) }
            connection.send(RawServer.ok)
            if let second = connection.readRequest() { requests.withLock { $0.append(second.line) } }
        }
        let transport = try CurlTransport()
        #expect(await transport.result(of: .to(server.port, target: "/1")).status == 200)
        let result = await transport.result(of: .to(server.port, target: "/2"))
        #expect(result.error == .disconnected && result.mayHaveBeenSent)
        #expect(result.isStaleConnection && result.connectionReused)
        #expect(requests.withLock { $0 } == ["POST /1 HTTP/1.1", "POST /2 HTTP/1.1"])
        #expect(server.connectionCount == 1)
    }

    @Test func resetOnAReusedConnectionIsOneRequest() async throws {
        let requests = Mutex(0)
        let server = try RawServer { connection, _ in
            while connection.readRequest() != nil {
                let count = requests.withLock { count in
                    count += 1
                    return count
                }
                if count == 2 { return connection.reset() }
                connection.send(RawServer.ok)
            }
        }
        let transport = try CurlTransport()
        #expect(await transport.result(of: .to(server.port)).status == 200)
        let result = await transport.result(of: .to(server.port))
        #expect(result.error == .disconnected && result.isStaleConnection)
        #expect(requests.withLock { $0 } == 2)
    }

    @Test func endWithinTheAnswerIsNotStale() async throws {
        let server = try RawServer { connection, _ in
            _ = connection.readRequest()
            connection.send(RawServer.ok)
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nX: y\r\n")
        }
        let transport = try CurlTransport()
        #expect(await transport.result(of: .to(server.port)).status == 200)
        let result = await transport.result(of: .to(server.port))
        #expect(result.error == .disconnected && result.connectionReused && !result.isStaleConnection)
    }

    /// What lies in a connection before the request is sent answers another question.
    @Test(arguments: [false, true], [false, true])
    func anAnswerAheadOfItsRequestIsNoAnswer(isTLS: Bool, isWithinTheRecord: Bool) async throws {
        let certificates = try TestCertificates.shared.get()
        let isAhead = DispatchSemaphore(value: 0)
        let mayGo = DispatchSemaphore(value: 0)
        let requests = Mutex<[String]>([])
        let ahead = "HTTP/1.1 204 Ahead\r\n\r\n"
        let server = try RawServer(tls: isTLS ? certificates.server("server") : nil) { connection, number in
            while let request = connection.readRequest() {
                requests.withLock { $0.append("\(number) \(request.line)") }
                guard number == 0 else {
                    connection.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
                    continue
                }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
                connection.send(isWithinTheRecord ? "ok" + ahead : "ok")
                mayGo.wait()
                if !isWithinTheRecord { connection.send(ahead) }
                isAhead.signal()
            }
        }
        let transport = try CurlTransport(resolver: ScriptedResolver(["receiver.test": [["127.0.0.1"]]]))
        func send(_ target: String) async -> TransportResult {
            let tls = isTLS ? TLSOptions(authorities: certificates.authority) : nil
            return await transport.result(
                of: .to(server.port, scheme: isTLS ? .https : .http, host: "receiver.test", target: target, tls: tls)
            )
        }
        #expect(await send("/1").status == 200)
        mayGo.signal()
        await Task.detached { isAhead.wait() }.value
        let result = await send("/2")
        #expect(result.status == 500 && !result.connectionReused && result.mayHaveBeenSent)
        #expect(requests.withLock { $0 } == ["0 POST /1 HTTP/1.1", "1 POST /2 HTTP/1.1"])
        mayGo.signal()
    }

    @Test func aClosedIdleConnectionIsReplacedUnseen() async throws {
        let closed = Handover<Bool>()
        let server = try RawServer { connection, number in
            _ = connection.readRequest()
            connection.send(RawServer.ok)
            connection.close()
            if number == 0 { closed.give(true) }
        }
        let transport = try CurlTransport()
        #expect(await transport.result(of: .to(server.port)).status == 200)
        _ = await closed.take()
        let result = await transport.result(of: .to(server.port))
        // Either libcurl saw the end in time and made a new connection, or the request met the dead one.
        #expect(result.status == 200 || result.isStaleConnection)
    }
}
