import Foundation
import Synchronization
import Testing
import WebhookCore

@testable import WebhookTransport

@Suite struct ResolverTests {
    /// One lookup at a time in any number of threads; those under a name that begins with "silent" end when the test says so.
    private final class SilentNames: Sendable {
        let gate = DispatchSemaphore(value: 0)
        let begun = Mutex<[String]>([])

        func lookUp(_ host: String) -> Result<[IPAddress], ResolutionError> {
            begun.withLock { $0.append(host) }
            guard host.hasPrefix("silent") else { return .success([.v4(0x7F00_0001)]) }
            gate.wait()
            return .failure(.unavailable)
        }

        func end(_ count: Int) { for _ in 0..<count { gate.signal() } }
    }

    @Test func manySilentNamesDoNotHoldUpTheTransport() async throws {
        let names = SilentNames()
        let resolver = SystemResolver(limits: ResolverLimits(threads: 2), lookup: names.lookUp)
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(resolver: resolver)
        async let silent = transport.results(of: (0..<2_000).map { .to(80, host: "silent\($0).test") })
        for _ in 0..<20 { #expect(await transport.result(of: .to(server.port)).status == 200) }
        names.end(2_000)
        #expect(await silent.allSatisfy { $0.error == .dns && !$0.mayHaveBeenSent })
    }

    /// The time in which all threads were taken is not the delivery's, be it longer than its timeout.
    @Test func waitingForAThreadIsNotTheDeliverys() async throws {
        let names = SilentNames()
        let resolver = SystemResolver(limits: ResolverLimits(threads: 1), lookup: names.lookUp)
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(resolver: resolver)
        async let first = transport.result(of: .to(server.port, host: "silent.test", timeout: .milliseconds(200)))
        let host = "single.test"
        async let second = transport.result(
            of: .to(server.port, host: host, timeout: .milliseconds(200), fresh: true)
        )
        // Ends at its timeout while its lookup goes on; the other is still waiting by then.
        #expect(await first.error == .dns)
        names.end(1)
        // On a machine that is too busy the timeout itself may come; but then an answer was under way.
        let result = await second
        #expect(result.status == 200 || result.mayHaveBeenSent || result.error == .timeout, "\(result.ending)")
        #expect(result.error != .dns)
    }

    @Test func endpointsThatAreKnownToBeGoodGoFirst() async throws {
        let names = SilentNames()
        let resolver = SystemResolver(limits: ResolverLimits(threads: 3), lookup: names.lookUp)
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(resolver: resolver)
        async let silent = transport.results(of: (0..<50).map { .to(80, host: "silent\($0).test") })
        var known = TransportRequest.to(server.port, host: "known.test", fresh: true)
        known.isProven = true
        // Two threads are for names without a record; the third one is for these alone.
        #expect(await transport.result(of: known).status == 200)
        #expect(names.begun.withLock { $0 }.filter { $0.hasPrefix("silent") }.count <= 2)
        names.end(50)
        #expect(await silent.allSatisfy { $0.error == .dns })
    }

    @Test func localhostResolves() async throws {
        let answer = Handover<HostAnswer>()
        let resolver = SystemResolver()
        resolver.resolve(HostQuery(host: "localhost", timeout: .seconds(10))) { answer.give($0) }
        let addresses = try #require(await answer.take()).result.get()
        #expect(addresses.contains(.v4(0x7F00_0001)) || addresses.contains(.v6(0, 1)))
    }
}
