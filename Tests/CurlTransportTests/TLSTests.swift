import CurlTransport
import Testing
import WebhookCore

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
        #expect(result.error == .tls && !result.requestLeft)
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
        #expect(result.error == .tls && !result.requestLeft)
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
            #expect(refused.error == .tls && !refused.requestLeft && !refused.connectionReused)
        }
        #expect(server.connectionCount == 1)
    }

    @Test func stalledHandshake() async throws {
        let server = try RawServer { connection, _ in connection.waitForEnd() }
        let result = try await result(of: server, tls: nil, timeout: .milliseconds(250))
        #expect(result.error == .timeout && !result.requestLeft)
    }

    @Test func plainServerBehindHTTPS() async throws {
        let server = try RawServer { connection, _ in connection.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
        let result = try await result(of: server, tls: nil)
        #expect(result.error == .tls && !result.requestLeft)
    }

    @Test func endWithinTheHandshake() async throws {
        let server = try RawServer { connection, _ in
            connection.waitForBytes()
            connection.reset()
        }
        let result = try await result(of: server, tls: nil)
        #expect(result.error == .tls && !result.requestLeft)
    }
}
