import Testing
import WebhookCore
import WebhookTransport

@Suite struct EgressTests {
    @Test func deniedAddressSeesNoPacket() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let resolver = ScriptedResolver([
            "private.test": [["127.0.0.1"]], "mixed.test": [["93.184.216.34", "127.0.0.1"]],
            "mapped.test": [["::ffff:127.0.0.1"]],
        ])
        let transport = try CurlTransport(resolver: resolver)
        for host in ["127.0.0.1", "private.test", "mixed.test", "mapped.test"] {
            let result = await transport.result(of: .to(server.port, host: host, egress: EgressPolicy()))
            #expect(result.error == .blocked && !result.mayHaveBeenSent && result.remoteAddress == nil)
            #expect(result.detail?.contains("127") == false)
        }
        #expect(server.connectionCount == 0)
    }

    @Test func nameThatMovesToADeniedAddress() async throws {
        let server = try RawServer.answering(RawServer.ok, address: "0.0.0.0")
        let resolver = ScriptedResolver(["moving.test": [["127.0.0.1"], ["127.0.0.2"]]])
        let transport = try CurlTransport(resolver: resolver)
        let policy = EgressPolicy(allow: [try? EgressRule("127.0.0.1/32")].compactMap { $0 })
        #expect(await transport.result(of: .to(server.port, host: "moving.test", egress: policy)).status == 200)
        #expect(await transport.result(of: .to(server.port, host: "moving.test", egress: policy)).error == .blocked)
        #expect(server.connectionCount == 1)
    }

    @Test func pooledConnectionIsNotUsedForAnotherAddress() async throws {
        let server = try RawServer.answering(RawServer.ok, address: "0.0.0.0")
        let resolver = ScriptedResolver(["moving.test": [["127.0.0.1"], ["127.0.0.2"]]])
        let transport = try CurlTransport(resolver: resolver)
        #expect(await transport.result(of: .to(server.port, host: "moving.test")).remoteAddress == "127.0.0.1")
        let second = await transport.result(of: .to(server.port, host: "moving.test"))
        #expect(second.remoteAddress == "127.0.0.2" && !second.connectionReused)
        #expect(server.connectionCount == 2)
    }

    @Test func pooledConnectionWhoseAddressIsNowDenied() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        #expect(await transport.result(of: .to(server.port)).status == 200)
        #expect(await transport.result(of: .to(server.port, egress: EgressPolicy())).error == .blocked)
    }

    @Test func proxyTunnelsToTheVettedAddress() async throws {
        let seen = Handover<[String]>()
        let proxy = try RawServer { connection, _ in
            guard let connect = connection.readRequest() else { return }
            connection.send("HTTP/1.1 200 Go\r\nX-Proxy: 1\r\n\r\n")
            guard let request = connection.readRequest() else { return }
            seen.give(
                [connect.line, connect.header("Proxy-Authorization") ?? "", request.line, request.header("Host") ?? ""]
                    + connect.headers.filter { $0.hasPrefix("X-") }
            )
            connection.send(RawServer.ok)
        }
        let resolver = ScriptedResolver(["receiver.test": [["93.184.216.34"]], "proxy.test": [["127.0.0.1"]]])
        let transport = try CurlTransport(resolver: resolver)
        for host in ["proxy.test", "127.0.0.1"] {
            let settings = EgressPolicy.Proxy(host: host, port: proxy.port, username: "u", password: Secret("p"))
            let result = await transport.result(
                of: .to(
                    80,
                    host: "receiver.test",
                    headers: [HTTPHeader("X-Private", "1")],
                    egress: EgressPolicy(proxy: settings)
                )
            )
            #expect(result.status == 200 && result.headers.map(\.name) == ["Content-Length"])
            #expect(result.remoteAddress == "93.184.216.34")
            #expect(
                await seen.take() == [
                    "CONNECT 93.184.216.34:80 HTTP/1.1", "Basic dTpw", "POST /hook HTTP/1.1", "receiver.test",
                ]
            )
        }
    }

    @Test func proxyThatRefuses() async throws {
        let proxy = try RawServer.answering("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        let settings = EgressPolicy.Proxy(host: "127.0.0.1", port: proxy.port)
        let resolver = ScriptedResolver(["receiver.test": [["93.184.216.34"]], "private.test": [["10.0.0.1"]]])
        let transport = try CurlTransport(resolver: resolver)
        let policy = EgressPolicy(proxy: settings)
        let result = await transport.result(of: .to(443, scheme: .https, host: "receiver.test", egress: policy))
        #expect(result.error == .connect && !result.mayHaveBeenSent)
        let count = proxy.connectionCount
        #expect(await transport.result(of: .to(80, host: "private.test", egress: policy)).error == .blocked)
        #expect(proxy.connectionCount == count)
    }

    /// What is looked up is what is connected to: there is no second lookup that could answer otherwise.
    @Test func nameThatChangesBetweenVettingAndConnecting() async throws {
        let server = try RawServer.answering(RawServer.ok, address: "0.0.0.0")
        // The system would say 127.0.0.1 for this name, and so would the second answer.
        let resolver = ScriptedResolver(["localhost": [["127.0.0.7"], ["127.0.0.1"]]])
        let transport = try CurlTransport(resolver: resolver)
        let policy = EgressPolicy(allow: [try? EgressRule("127.0.0.7/32")].compactMap { $0 })
        let first = await transport.result(of: .to(server.port, host: "localhost", egress: policy))
        #expect(first.status == 200 && first.remoteAddress == "127.0.0.7")
        #expect(await transport.result(of: .to(server.port, host: "localhost", egress: policy)).error == .blocked)
        #expect(server.connectionCount == 1)
    }

    @Test func pooledConnectionOfANameWhosePolicyChanged() async throws {
        let requests = Handover<String>()
        let server = try RawServer { connection, _ in
            while let request = connection.readRequest() {
                requests.give(request.line)
                connection.send(RawServer.ok)
            }
        }
        let transport = try CurlTransport(resolver: ScriptedResolver(["kept.test": [["127.0.0.1"]]]))
        for (target, policy) in [("/1", EgressPolicy.loopback), ("/2", EgressPolicy()), ("/3", .loopback)] {
            let result = await transport.result(of: .to(server.port, host: "kept.test", target: target, egress: policy))
            #expect(result.error == (target == "/2" ? .blocked : nil))
            #expect(result.connectionReused == (target == "/3"))
        }
        #expect(await requests.take() == "POST /1 HTTP/1.1")
        #expect(await requests.take() == "POST /3 HTTP/1.1")
        #expect(server.connectionCount == 1)
    }

    /// Every special address, as a literal and as a name's, alone and beside a public one.
    @Test func everySpecialNetworkIsBlocked() async throws {
        var responses: [String: [[String]]] = [:]
        let addresses = SpecialPurposeNetworks.rows.map(\.network.address.description)
        for (index, address) in addresses.enumerated() {
            responses["alone\(index).test"] = [[address]]
            responses["mixed\(index).test"] = [["93.184.216.34", address]]
        }
        let transport = try CurlTransport(resolver: ScriptedResolver(responses))
        let hosts = addresses + responses.keys.sorted()
        let results = await transport.results(of: hosts.map { .to(80, host: $0, egress: EgressPolicy()) })
        for (host, result) in zip(hosts, results) {
            #expect(result.error == .blocked && !result.mayHaveBeenSent && result.remoteAddress == nil, "\(host)")
            #expect(result.detail.map { detail in !addresses.contains { $0.count > 2 && detail.contains($0) } } == true)
        }
    }

    @Test func proxyTunnelsTLSToTheReceiverItself() async throws {
        let certificates = try TestCertificates.shared.get()
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server("server"))
        let asked = Handover<String>()
        let proxy = try RawServer { connection, _ in
            guard let connect = connection.readRequest() else { return }
            asked.give(connect.line)
            connection.send("HTTP/1.1 200 Connected\r\n\r\n")
            connection.tunnel(to: server.port)
        }
        let resolver = ScriptedResolver(["receiver.test": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]])
        let transport = try CurlTransport(resolver: resolver)
        let policy = EgressPolicy(
            allow: EgressPolicy.loopback.allow,
            proxy: EgressPolicy.Proxy(host: "127.0.0.1", port: proxy.port)
        )
        let tls = TLSOptions(authorities: certificates.authority)
        for (host, error) in [("receiver.test", nil), ("other.test", FailureKind.tls)] {
            let request = TransportRequest.to(server.port, scheme: .https, host: host, tls: tls, egress: policy)
            let result = await transport.result(of: request)
            #expect(result.error == error && result.mayHaveBeenSent == (error == nil), "\(result.ending)")
            #expect(await asked.take() == "CONNECT 127.0.0.1:\(server.port) HTTP/1.1")
        }
    }
}
