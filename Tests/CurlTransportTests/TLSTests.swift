import Testing
import WebhookCore
import WebhookTransport

@Suite struct TLSTests {
    private let certificates: TestCertificates
    private let resolver = ScriptedResolver(["receiver.test": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]])

    init() throws { certificates = try TestCertificates.shared.get() }

    private func result(
        of server: RawServer,
        host: String = "receiver.test",
        tls: TLSOptions?,
        on transport: CurlTransport? = nil,
        timeout: Duration = .seconds(120)
    ) async throws -> TransportResult {
        let transport = try transport ?? CurlTransport(resolver: resolver)
        return await transport.result(of: .to(server.port, scheme: .https, host: host, tls: tls, timeout: timeout))
    }

    @Test func trustsTheConfiguredAuthority() async throws {
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server("server"))
        let result = try await result(of: server, tls: TLSOptions(authorities: certificates.authority))
        #expect(result.status == 200 && result.phases.tls != nil)
    }

    @Test(arguments: [
        ("server", "receiver.test", false), ("selfsigned", "receiver.test", false),
        ("selfsigned", "receiver.test", true),
        ("expired", "receiver.test", true), ("server", "other.test", true), ("server", "127.0.0.1", true),
    ])
    func refusesCertificates(_ name: String, _ host: String, _ hasAuthority: Bool) async throws {
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server(name))
        let tls = hasAuthority ? TLSOptions(authorities: certificates.authority) : nil
        let result = try await result(of: server, host: host, tls: tls)
        #expect(result.error == .tls && !result.mayHaveBeenSent)
        #expect(result.phases.connect != nil && result.phases.tls == nil)
    }

    @Test func refusalsSayWhatIsWrong() async throws {
        let tls = TLSOptions(authorities: certificates.authority)
        var details: [String?] = []
        for (name, host) in [("expired", "receiver.test"), ("selfsigned", "receiver.test"), ("server", "other.test")] {
            let server = try RawServer.answering(RawServer.ok, tls: certificates.server(name))
            details.append(try await result(of: server, host: host, tls: tls).detail)
        }
        #expect(
            details == [
                "the certificate has expired", "the certificate is self-signed", "the certificate is for another host",
            ]
        )
    }

    @Test func connectionsAreNotSharedAcrossTrust() async throws {
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server("server"))
        let transport = try CurlTransport(resolver: resolver)
        let trusted = TLSOptions(authorities: certificates.authority)
        #expect(try await result(of: server, tls: trusted, on: transport).status == 200)
        #expect(try await result(of: server, tls: nil, on: transport).error == .tls)
        let again = try await result(of: server, tls: trusted, on: transport)
        #expect(again.status == 200 && again.connectionReused)
        let authority = try ByteString(certificates.authority.bytes + certificates.contents("selfsigned.pem").bytes)
        let other = try await result(of: server, tls: TLSOptions(authorities: authority), on: transport)
        #expect(other.status == 200 && !other.connectionReused)
    }

    @Test func showsItsClientCertificate() async throws {
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server("server", clientAuthority: true))
        let transport = try CurlTransport(resolver: resolver)
        var tls = TLSOptions(authorities: certificates.authority)
        #expect(try await result(of: server, tls: tls, on: transport).status == nil)
        tls.certificate = try certificates.contents("client.pem")
        tls.key = Secret(try certificates.contents("client.key").text)
        #expect(try await result(of: server, tls: tls, on: transport).status == 200)
        tls.key = Secret("no key")
        let result = try await result(of: server, tls: tls)
        #expect(result.error == .tls && !result.mayHaveBeenSent)
    }

    /// libcurl compares certificates alone: with any key the request would ride on the other's connection.
    @Test func aForeignKeyDoesNotRideOnAnothersConnection() async throws {
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server("server", clientAuthority: true))
        let transport = try CurlTransport(resolver: resolver)
        var tls = TLSOptions(authorities: certificates.authority)
        tls.certificate = try certificates.contents("client.pem")
        tls.key = Secret(try certificates.contents("client.key").text)
        #expect(try await result(of: server, tls: tls, on: transport).status == 200)
        for key in [Secret(try certificates.contents("server.key").text), nil] {
            tls.key = key
            let refused = try await result(of: server, tls: tls, on: transport)
            #expect(refused.error == .tls && !refused.mayHaveBeenSent && !refused.connectionReused)
        }
        #expect(server.connectionCount == 1)
    }

    /// A group of 8,192 bits would keep the transport's thread for 0.2 s a handshake. Ours would do for this server too.
    @Test(arguments: [false, true]) func noKeysAreExchangedInFiniteFields(isTLS12: Bool) async throws {
        let context = try certificates.server("rsa").forFiniteField(isTLS12: isTLS12)
        let server = try RawServer.answering(RawServer.ok, tls: context)
        let result = try await result(of: server, tls: TLSOptions(authorities: certificates.authority))
        #expect(result.error == .tls && !result.mayHaveBeenSent, "\(result.ending)")
    }

    /// Nor with a proxy, whose handshake is bounded like the endpoint's.
    @Test func noKeysAreExchangedInFiniteFieldsWithAProxy() async throws {
        let good = try RawServer.answering(RawServer.ok)
        let context = try certificates.server("rsa").forFiniteField(isTLS12: true)
        let handshakes = Handover<Bool>()
        let proxy = try RawServer(tls: context) { connection, _ in handshakes.give(connection.readRequest() != nil) }
        let transport = try CurlTransport(resolver: resolver)
        let policy = EgressPolicy(
            allow: EgressPolicy.loopback.allow,
            proxy: EgressPolicy.Proxy(host: "127.0.0.1", port: proxy.port, isTLS: true)
        )
        let result = await transport.result(of: .to(good.port, egress: policy))
        #expect(result.status == nil && !result.mayHaveBeenSent)
        #expect(await handshakes.take() == false)
    }

    @Test(arguments: ["X25519", "P-256", "P-384", "P-521"]) func keysAreExchangedOnCurves(_ curve: String) async throws
    {
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server("server").forGroups(curve))
        let result = try await result(of: server, tls: TLSOptions(authorities: certificates.authority))
        #expect(result.status == 200, "\(result.ending)")
    }

    @Test(arguments: [("short", true), ("rsa", true), ("long", false), ("exponent", false), ("curve", false)])
    func chainsAreBounded(_ name: String, _ isTaken: Bool) async throws {
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server(name))
        let result = try await result(of: server, tls: TLSOptions(authorities: certificates.authority))
        #expect(result.status == (isTaken ? 200 : nil), "\(result.ending)")
        if !isTaken {
            #expect(result.error == .tls && !result.mayHaveBeenSent)
            #expect(result.detail == "the certificate's chain is too long or has a key of an unusual kind or size")
        }
    }

    @Test func stalledHandshake() async throws {
        let server = try RawServer { connection, _ in connection.waitForEnd() }
        let result = try await result(of: server, tls: nil, timeout: .milliseconds(250))
        #expect(result.error == .timeout && !result.mayHaveBeenSent)
    }

    @Test func plainServerBehindHTTPS() async throws {
        let server = try RawServer { connection, _ in connection.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
        let result = try await result(of: server, tls: nil)
        #expect(result.error == .tls && !result.mayHaveBeenSent)
    }

    @Test func endWithinTheHandshake() async throws {
        let server = try RawServer { connection, _ in
            connection.waitForBytes()
            connection.reset()
        }
        let result = try await result(of: server, tls: nil)
        #expect(result.error == .tls && !result.mayHaveBeenSent)
    }
}
