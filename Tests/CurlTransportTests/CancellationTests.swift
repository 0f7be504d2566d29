import Testing
import WebhookCore
import WebhookTransport

@Suite struct CancellationTests {
    @Test func cancelTellsWhatHadLeft() async throws {
        let arrived = Handover<Bool>()
        let server = try RawServer { connection, _ in
            if connection.readRequest() != nil { arrived.give(true) }
            connection.waitForEnd()
        }
        let transport = try CurlTransport(resolver: SilentResolver())
        let results = Handover<[TransportCompletion]>()
        let orders = [
            TransportOrder(token: 1, request: .to(server.port)),
            TransportOrder(token: 2, request: .to(80, host: "silent.test")),
        ]
        transport.send(orders) { results.give($0) }
        _ = await arrived.take()
        transport.cancelAll()
        let ended = try #require(await results.take())
        #expect(ended.map(\.token) == [1, 2])
        #expect(ended.map(\.result.error) == [.interrupted, .interrupted])
        #expect(ended.map(\.result.mayHaveBeenSent) == [true, false])
        let next = try RawServer.answering(RawServer.ok)
        #expect(await transport.result(of: .to(next.port)).status == 200)
    }

    @Test func cancelOfSomeLeavesTheOthers() async throws {
        let arrived = Handover<Bool>()
        let hanging = try RawServer { connection, _ in
            if connection.readRequest() != nil { arrived.give(true) }
            connection.waitForEnd()
        }
        let transport = try CurlTransport(resolver: SilentResolver())
        let (cut, kept) = (Handover<[TransportCompletion]>(), Handover<[TransportCompletion]>())
        transport.send([TransportOrder(token: 1, request: .to(hanging.port))]) { cut.give($0) }
        transport.send([TransportOrder(token: 2, request: .to(80, host: "silent.test"))]) { cut.give($0) }
        transport.send([TransportOrder(token: 3, request: .to(hanging.port))]) { kept.give($0) }
        for _ in 0..<2 { _ = await arrived.take() }
        transport.cancel([1, 2, 9], reason: "the subscription was deleted")
        let (first, second) = (try #require(await cut.take()), try #require(await cut.take()))
        #expect((first + second).map(\.token) == [1, 2])
        #expect(
            (first + second).map(\.result.ending) == [
                .failed(.interrupted, detail: "the subscription was deleted while the request was under way"),
                .failed(.interrupted, detail: "the subscription was deleted before the request was sent"),
            ]
        )
        #expect(first[0].result.mayHaveBeenSent && !second[0].result.mayHaveBeenSent)
        transport.cancelAll()
        #expect(await kept.take()?.map(\.token) == [3], "it went on until then")
    }

    @Test func shutdownIsFinalAndIdempotent() async throws {
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport()
        #expect(await transport.result(of: .to(server.port)).status == 200)
        transport.shutdown()
        transport.shutdown()
        let result = await transport.result(of: .to(server.port))
        #expect(result.error == .interrupted && !result.mayHaveBeenSent)
    }

    @Test func droppingATransportEndsItsRequests() async throws {
        let arrived = Handover<Bool>()
        let ended = Handover<TransportResult>()
        let server = try RawServer { connection, _ in
            if connection.readRequest() != nil { arrived.give(true) }
            connection.waitForEnd()
        }
        var transport: CurlTransport? = try CurlTransport()
        transport?.send([TransportOrder(token: 7, request: .to(server.port))]) { ended.give($0[0].result) }
        _ = await arrived.take()
        transport = nil
        let result = await ended.take()
        #expect(result?.error == .interrupted && result?.mayHaveBeenSent == true)
    }
}
