import Testing
import WebhookCore

@testable import Webhooks

@Suite("Why a delivery waits")
struct WaitReasonTests {
    private let delivery = Delivery.ID(rawValue: 7)
    private let paused = SubscriptionHealth.Paused(at: Timestamp(milliseconds: 1), until: nil)
    private let breaker = SubscriptionHealth.Breaker(failures: 3, until: Timestamp(milliseconds: 9))
    private let limit = RateLimit(count: 1, per: .seconds(1))

    private func reason(_ fill: (inout WaitReason.Context) -> Void) -> WaitReason {
        var context = WaitReason.Context()
        fill(&context)
        return WaitReason(of: delivery, context)
    }

    private func other(_ id: Int64) -> Delivery {
        Delivery(
            id: Delivery.ID(rawValue: id),
            event: "e",
            topic: "a.b",
            tenant: nil,
            subscription: "crm",
            state: .waiting,
            mode: .retry,
            attempts: 1,
            nextAttemptAt: Timestamp(milliseconds: 5),
            lastStatus: 503,
            lastError: .status,
            createdAt: Timestamp(milliseconds: 1),
            settledAt: nil,
            isTest: false,
            retriggerOf: nil
        )
    }

    @Test("what holds it up first is said, whatever comes after it")
    func order() {
        #expect(reason { _ in } == .time)
        #expect(reason { $0.rateLimit = limit } == .rateLimit(limit))
        #expect(reason { ($0.rateLimit, $0.breaker) = (limit, breaker) } == .breaker(breaker))
        #expect(reason { ($0.breaker, $0.isServed) = (breaker, false) } == .nobodyRuns)
        #expect(reason { ($0.first, $0.isServed) = (other(3), false) } == .order(first: other(3)))
        #expect(reason { ($0.first, $0.paused) = (other(3), paused) } == .paused(paused))
    }

    @Test("a delivery isn't behind itself")
    func itself() {
        #expect(reason { $0.first = other(7) } == .time)
    }
}
