import Glibc
import Synchronization
import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookMonitoring

@Suite("Monitoring server", .timeLimit(.minutes(2)))
struct MonitoringServerTests {
    @Test("Which request gets what: three paths, to read, by address; a page's own name for this machine is refused")
    func endpoints() throws {
        let local = try #require(ListenAddress("127.0.0.1:9464"))
        let open = try #require(ListenAddress("0.0.0.0:9464"))
        let one = try #require(ListenAddress("[2001:db8::7]:9464"))
        func status(_ address: ListenAddress, _ method: String, _ target: String, _ hosts: String...) -> Int {
            MonitoringEndpoints(address: address, metrics: { "m 1\n" }, readiness: { nil })
                .response(method: method, target: target, hosts: hosts).status
        }
        for host in ["127.0.0.1", "127.0.0.1:9464", "localhost:9464", "LOCALHOST", "[::1]:9464", "127.8.8.8:1"] {
            #expect(status(local, "GET", "/healthz", host) == 200, "\(host)")
        }
        let strange = [
            "evil.example", "evil.example:9464", "localhost.evil.example", "10.0.0.5", "", ":9464", "127.0.0.1.evil",
            "127.0.0.1:x", "127.0.0.1:99999999", "[::1", "::1", "127.0.0.1@evil.example", "127.0.0.1, evil.example",
            "[evil.example]", "2130706433", "0x7f.1",
        ]
        for host in strange { #expect(status(local, "GET", "/metrics", host) == 421, "\(host)") }
        #expect(status(open, "GET", "/metrics", "10.0.0.5:9464") == 200, "of all addresses any may be meant")
        #expect(status(open, "GET", "/metrics", "evil.example:9464") == 421)
        #expect(status(one, "GET", "/metrics", "[2001:DB8::7]:9464") == 200)
        #expect(status(one, "GET", "/metrics", "[2001:db8::8]:9464") == 421)
        #expect(status(local, "GET", "/healthz") == 400)
        #expect(status(local, "GET", "/healthz", "localhost", "localhost") == 400)
        #expect(status(local, "HEAD", "/metrics?x=1", "localhost") == 200)
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"] {
            #expect(status(local, method, "/metrics", "localhost") == 405, "\(method)")
        }
        for target in ["/", "/metrics/", "//metrics", "/../metrics", "http://localhost/metrics", "*", "/healthz%20"] {
            #expect(status(local, "GET", target, "localhost") == 404, "\(target)")
        }
    }

    @Test("Why it isn't ready comes as JSON, with whatever the words hold")
    func notReady() throws {
        let address = try #require(ListenAddress("localhost:0"))
        let reason = Mutex<NotReady?>(NotReady("standby", "wait for \"it\"\n"))
        let state = MonitoringEndpoints(address: address, metrics: { "" }, readiness: { reason.withLock(\.self) })
        let refused = state.response(method: "GET", target: "/readyz", hosts: ["localhost"])
        #expect(refused.status == 503 && refused.type == "application/json")
        #expect(refused.body == #"{"ready":false,"reason":"standby","message":"wait for \"it\"\n"}"# + "\n")
        reason.withLock { $0 = nil }
        let ready = state.response(method: "GET", target: "/readyz", hosts: ["localhost"])
        #expect(ready.status == 200 && ready.body == "{\"ready\":true}\n")
    }

    @Test(
        "Addresses to listen on",
        arguments: [
            ("127.0.0.1:9464", "127.0.0.1:9464", true), ("localhost:0", "127.0.0.1:0", true),
            ("[::1]:80", "[::1]:80", true),
            ("0.0.0.0:9464", "0.0.0.0:9464", false), ("[::]:1", "[::]:1", false),
            ("10.1.2.3:65535", "10.1.2.3:65535", false),
        ]
    )
    func addresses(text: String, expected: String, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.description == expected && address.isLoopback == isLoopback)
    }

    @Test(
        "What is no address",
        arguments: [
            "", ":9464", "9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "example.com:80",
            "::1:80",
            "[127.0.0.1]:80", "[::1]", "127.0.0.1:+80", "127.0.0.1:8 0",
        ]
    )
    func noAddress(text: String) { #expect(ListenAddress(text) == nil) }

    @Test("A port that is taken, and an address that is somebody else's, are said in a sentence")
    func taken() throws {
        let first = try server()
        defer { first.stop() }
        let taken = try #require(ListenAddress("127.0.0.1:\(first.port)"))
        let error = #expect(throws: MonitoringError.self) {
            try MonitoringServer(on: taken, metrics: { "" }, readiness: { nil })
        }
        let text =
            "can't listen on 127.0.0.1:\(first.port): the port is taken: stop the other program, or listen on another port"
        #expect(error?.description == text)
        let foreign = try #require(ListenAddress("192.0.2.1:0"))
        let other = #expect(throws: MonitoringError.self) {
            try MonitoringServer(on: foreign, metrics: { "" }, readiness: { nil })
        }
        #expect(other?.description.hasSuffix("the address is none of this machine's") == true)
    }

    @Test("Over the wire: answers whole, HEAD without a body, one request a connection, a bad one refused")
    func wire() throws {
        let server = try server()
        defer { server.stop() }
        let metrics = try ask(server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(metrics.hasPrefix("HTTP/1.1 200 OK\r\n") && metrics.hasSuffix("\r\n\r\na 1\n"))
        #expect(metrics.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(metrics.contains("Connection: close\r\n") && metrics.contains("Cache-Control: no-store\r\n"))
        let head = try ask(server, "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(head.contains("Content-Length: 4\r\n") && head.hasSuffix("\r\n\r\n"))
        let twice = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        #expect(try ask(server, twice + twice).matches(of: /HTTP\/1.1/).count == 1)
        #expect(try ask(server, "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n").contains(" 413 "))
        #expect(try ask(server, "nonsense\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        let long = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 9_000))\r\n\r\n"
        #expect(try ask(server, long).hasPrefix("HTTP/1.1 431 "))
    }

    @Test(
        "A hundred silent, half-asking and never-reading clients: few are kept, and whoever asks properly is answered"
    )
    func slowClients() throws {
        let text = String(repeating: "a_metric_of_some_length 1\n", count: 100_000)
        let server = try server(text)
        defer { server.stop() }
        var slow: [BlockingConnection] = []
        for number in 0..<100 {
            let client = try connect(server)
            switch number % 3 {
            case 0: break
            case 1: client.send("GET /metrics HTTP/1.1\r\nHost: local".utf8)
            default: client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            }
            slow.append(client)
        }
        for _ in 0..<3 {
            #expect(try ask(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").hasSuffix("ok\n"))
        }
        let kept = slow.filter { isOpen($0) }
        #expect(kept.count <= MonitoringServer.maxConnections)
        #expect(!isOpen(slow[0]) && !isOpen(slow[1]), "the oldest went first")
    }

    @Test("A connection that goes nowhere is closed after its time, silent or trickling")
    func lifetime() throws {
        let server = try server(lifetime: .milliseconds(50))
        defer { server.stop() }
        let (silent, half) = (try connect(server), try connect(server))
        half.send("GET /metrics HTTP/1.1\r\nHo".utf8)
        #expect(silent.waitForEnd() && half.waitForEnd(), "without an answer")
        #expect(try ask(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").hasSuffix("ok\n"))
    }

    // MARK: Clients

    private func server(
        _ metrics: String = "a 1\n",
        lifetime: Duration = MonitoringServer.connectionLifetime
    ) throws -> MonitoringServer {
        let address = try #require(ListenAddress("127.0.0.1:0"))
        return try MonitoringServer(on: address, lifetime: lifetime, metrics: { metrics }, readiness: { nil })
    }

    private func connect(_ server: MonitoringServer) throws -> BlockingConnection {
        try #require(BlockingConnection(to: server.port, patience: 60))
    }

    /// Sends a text, and returns all that comes until the other side closes.
    private func ask(_ server: MonitoringServer, _ text: String) throws -> String {
        let client = try connect(server)
        defer { client.close() }
        client.send(text.utf8)
        client.waitForEnd()
        return String(decoding: client.buffer, as: UTF8.self)
    }

    /// Tells whether the other side has not closed, whatever of it was read.
    private func isOpen(_ client: BlockingConnection) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = recv(client.descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count > 0 { continue }
            return count < 0 && errno == EAGAIN
        }
    }
}
