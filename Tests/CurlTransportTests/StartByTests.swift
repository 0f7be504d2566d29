import Testing
import WebhookCore
import WebhookTransport

/// The latest time at which a request may leave: the time of a dispatcher's lease.
@Suite struct StartByTests {
    private func request(_ port: UInt16, startBy: UInt64?, fresh: Bool = false) -> TransportRequest {
        var request = TransportRequest.to(port)
        request.startBy = startBy
        request.freshConnection = fresh
        return request
    }

    @Test func nothingLeavesAfterTheLastMoment() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        let now = SystemClock().uptimeNanoseconds
        #expect(await transport.result(of: request(server.port, startBy: now + 60_000_000_000)).status == 200)
        // On the pooled connection, and on one of its own.
        for fresh in [false, true] {
            let late = await transport.result(of: request(server.port, startBy: now, fresh: fresh))
            #expect(late.error == .interrupted && !late.mayHaveBeenSent && late.status == nil)
        }
        #expect(await transport.result(of: request(server.port, startBy: nil)).status == 200)
    }
}
