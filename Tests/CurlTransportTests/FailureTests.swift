import Foundation
import Testing
import WebhookCore

@testable import WebhookTransport

@Suite struct FailureTests {
    @Test func connectionRefused() async throws {
        let server = try RawServer.answering(RawServer.ok)
        server.stop()
        let transport = try CurlTransport()
        let result = await transport.result(of: .to(server.port))
        #expect(result.error == .connect && !result.mayHaveBeenSent)
        #expect(result.detail?.contains("127.0.0.1") == false)
    }

    @Test func unknownName() async throws {
        let transport = try CurlTransport(resolver: ScriptedResolver([:]))
        let result = await transport.result(of: .to(80, host: "nowhere.test"))
        #expect(result.error == .dns && !result.mayHaveBeenSent && result.phases.dns != nil)
    }

    @Test func nextAddressWhereTheFirstRefuses() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let resolver = ScriptedResolver(["two.test": [["127.0.0.9", "127.0.0.1"]]])
        let transport = try CurlTransport(resolver: resolver)
        let result = await transport.result(of: .to(server.port, host: "two.test"))
        #expect(result.status == 200 && result.remoteAddress == "127.0.0.1")
    }

    /// All are vetted, a few are tried, and the next attempt tries others.
    @Test func eightOfThousandsOfAddressesAreTried() async throws {
        let server = try RawServer.answering(RawServer.ok)
        // 127.1.0.0 onwards: nothing listens there. The ninth is the server's.
        let refusing = (0..<3_000).map { "127.1.\($0 / 250).\($0 % 250 + 1)" }
        var addresses = refusing
        addresses[8] = "127.0.0.1"
        let denied = refusing + ["10.0.0.1"]
        let transport = try CurlTransport(
            resolver: ScriptedResolver(["many.test": [addresses], "denied.test": [denied]])
        )
        let first = await transport.result(of: .to(server.port, host: "many.test"))
        #expect(first.error == .connect && first.remoteAddress == addresses[7] && server.connectionCount == 0)
        let second = await transport.result(of: .to(server.port, host: "many.test", attempt: 2))
        #expect(second.status == 200 && second.remoteAddress == "127.0.0.1")
        let third = await transport.result(of: .to(server.port, host: "denied.test"))
        #expect(third.error == .blocked && third.remoteAddress == nil)
    }

    @Test func attemptsRotateThroughTheAddresses() async throws {
        let server = try RawServer.answering(RawServer.ok, address: "0.0.0.0")
        let resolver = ScriptedResolver(["two.test": [["127.0.0.1", "127.0.0.2"]]])
        let transport = try CurlTransport(resolver: resolver)
        var seen: [String?] = []
        for attempt in 1...3 {
            seen.append(await transport.result(of: .to(server.port, host: "two.test", attempt: attempt)).remoteAddress)
        }
        #expect(seen == ["127.0.0.1", "127.0.0.2", "127.0.0.1"])
    }

    @Test func noAnswerInTime() async throws {
        let server = try RawServer { connection, _ in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        let transport = try CurlTransport()
        let result = await withPatience { await transport.result(of: .to(server.port, timeout: $0)) }
        #expect(result.error == .timeout && result.mayHaveBeenSent)
    }

    @Test func requestNeverRead() async throws {
        let isOver = DispatchSemaphore(value: 0)
        let server = try RawServer { _, _ in isOver.wait() }
        let transport = try CurlTransport()
        let body = ByteString([UInt8](repeating: 0x20, count: 16 << 20))
        let result = await withPatience { await transport.result(of: .to(server.port, body: body, timeout: $0)) }
        for _ in 0..<server.connectionCount { isOver.signal() }
        #expect(result.error == .timeout && result.mayHaveBeenSent)
    }

    @Test func lookupThatNeverEndsMeetsTheDeadline() async throws {
        let gate = DispatchSemaphore(value: 0)
        let resolver = SystemResolver(limits: ResolverLimits(threads: 1)) { _ in
            gate.wait()
            return .failure(.notFound)
        }
        let transport = try CurlTransport(resolver: resolver)
        let result = await transport.result(of: .to(80, host: "slow.test", timeout: .milliseconds(100)))
        #expect(result.error == .dns && !result.mayHaveBeenSent)
        gate.signal()
    }

    @Test func zeroTimeMeansTimeout() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        let result = await transport.result(of: .to(server.port, timeout: .zero))
        #expect(result.error == .timeout && !result.mayHaveBeenSent)
        #expect(server.connectionCount == 0)
    }

    @Test func blackHole() async throws {
        let (server, filling) = try RawServer.blackHole(address: "127.0.0.1")
        defer { for descriptor in filling { close(descriptor) } }
        let transport = try CurlTransport()
        let result = await transport.result(of: .to(server.port, connectTimeout: .milliseconds(200)))
        #expect(result.error == .timeout && !result.mayHaveBeenSent)
    }

    @Test func nextAddressWhereTheFirstIsABlackHole() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let (hole, filling) = try RawServer.blackHole(address: "127.0.0.2", port: server.port)
        defer { for descriptor in filling { close(descriptor) } }
        let transport = try CurlTransport(resolver: ScriptedResolver(["two.test": [["127.0.0.2", "127.0.0.1"]]]))
        let result = await transport.result(
            of: .to(server.port, host: "two.test", connectTimeout: .milliseconds(500))
        )
        #expect(result.status == 200 && result.remoteAddress == "127.0.0.1")
        withExtendedLifetime(hole) {}
    }

    @Test(.enabled(if: RawServer.hasIPv6)) func addressesOfVersionSix() async throws {
        let server = try RawServer(address: "::1") { connection, _ in
            while connection.readRequest() != nil { connection.send(RawServer.ok) }
        }
        let transport = try CurlTransport(resolver: ScriptedResolver(["six.test": [["::1"]]]))
        for host in ["::1", "six.test"] {
            let result = await transport.result(of: .to(server.port, host: host))
            #expect(result.status == 200 && result.remoteAddress == "::1")
        }
    }
}
