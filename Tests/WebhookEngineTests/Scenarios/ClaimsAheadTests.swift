import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Claims while every request that may be is on the wire")
struct ClaimsAheadTests {
    /// An endpoint that has answered quickly, with 16 of its requests on the wire and the other deliveries behind them.
    private func busy(_ count: Int, _ change: (inout DeliveryPolicy) -> Void = { _ in }) -> EngineHarness {
        let harness = EngineHarness([
            subscription { policy in
                policy.maxInFlight = 16
                change(&policy)
            }
        ])
        harness.emit("first")
        harness.response()
        harness.emit((0..<count).map { harness.event("e\($0)") })
        return harness
    }

    private func count(_ state: DeliveryState, _ harness: EngineHarness) -> Int {
        harness.states.filter { $0 == state }.count
    }

    @Test("as many again are claimed, and no more than may be are on the wire")
    func claims() {
        let harness = busy(50)
        #expect(harness.sent.count == 16)
        #expect(count(.inFlight, harness) == 32 && count(.pending, harness) == 18)
        harness.respondToAll()
        #expect(harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("the next leaves in the place of the one that ends, without a transaction, and begins then")
    func takesThePlace() {
        let harness = busy(40)
        harness.holdsCommits = true
        harness.clock.advance(by: .seconds(3))
        harness.response()
        #expect(harness.sent.count == 16 && harness.sent.last?.context.event.id == "e16")
        #expect(harness.sent.last?.context.at == harness.now.wall)
        #expect(harness.sent.first?.context.at == harness.now.wall - .seconds(3))
        harness.holdsCommits = false
        harness.releaseCommit()
        harness.respondToAll()
        #expect(harness.states.allSatisfy { $0 == .delivered })
    }

    @Test("not where a claim alone counts: single-shot, at a pace, in order, few at once")
    func others() {
        let policies: [(inout DeliveryPolicy) -> Void] = [
            { $0.mode = .singleShot },
            { $0.rateLimit = RateLimit(count: 1000, per: .seconds(1)) },
            { $0.ordered = true },
            { $0.maxInFlight = 15 },
        ]
        for policy in policies {
            let harness = busy(40, policy)
            #expect(count(.inFlight, harness) <= 16)
        }
    }

    @Test("not for an endpoint that is slow, or fails")
    func slow() {
        for response in [EndpointResponse.status(500), .silence] {
            let harness = busy(0)
            harness.emit("e")
            harness.response(response)
            harness.emit((0..<40).map { harness.event("later\($0)") })
            #expect(harness.sent.count == count(.inFlight, harness))
        }
        var endpoint = EndpointState()
        _ = endpoint.succeeded(in: .milliseconds(101))
        #expect(!endpoint.isQuick)
        _ = endpoint.succeeded(in: .milliseconds(100))
        #expect(endpoint.isQuick)
    }

    @Test("who stops leaves none of them in flight: they wait, and were not sent")
    func stopping() {
        let harness = busy(40)
        harness.process { $0.drain(at: $1) }
        #expect(harness.sent.count == 16 && count(.inFlight, harness) == 16)
        #expect(harness.recorded.suffix(16).allSatisfy { $0.attempt.error == .interrupted && $0.state == .waiting })
        while !harness.sent.isEmpty { harness.response() }
        #expect(harness.engine.isDrained && count(.inFlight, harness) == 0)
        let next = harness.restarted()
        next.advance(.seconds(1))
        next.respondToAll()
        #expect(next.states.allSatisfy { $0 == .delivered })
    }

    @Test("who leaves the configuration gets none of them")
    func parked() {
        let harness = busy(40)
        harness.reload([])
        while !harness.sent.isEmpty { harness.response() }
        #expect(count(.delivered, harness) == 17 && count(.inFlight, harness) == 0)
    }

    @Test("a smaller limit counts for what is claimed, too")
    func smallerLimit() {
        let harness = busy(40)
        harness.reload([subscription { $0.maxInFlight = 2 }])
        for _ in 0..<14 { harness.response() }
        #expect(harness.sent.count == 2)
        harness.response()
        #expect(harness.sent.count == 2)
        harness.respondToAll()
        #expect(harness.states.allSatisfy { $0 == .delivered })
    }
}
