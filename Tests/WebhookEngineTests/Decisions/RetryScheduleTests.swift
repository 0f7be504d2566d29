import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("The schedule")
struct RetryScheduleTests {
    @Test("each step has its wait, then it is used up")
    func steps() {
        let policy = DeliveryPolicy()
        let waits = (1...10).map { RetrySchedule.wait(afterStep: $0, policy: policy, jitter: 0) }
        #expect(waits == DeliveryPolicy.standardSchedule.map { $0 } + [nil])
        #expect(RetrySchedule.wait(afterStep: 0, policy: policy, jitter: 0) == nil)
    }

    @Test("jitter is only added, at most its part")
    func jitter() {
        var policy = DeliveryPolicy()
        policy.schedule = [.seconds(100)]
        policy.jitter = 0.2
        for number in stride(from: 0.0, to: 1.0, by: 0.05) {
            let wait = RetrySchedule.wait(afterStep: 1, policy: policy, jitter: number) ?? .zero
            #expect(wait >= .seconds(100) && wait < .seconds(120))
        }
    }

    @Test("the longest wait is the schedule's with jitter, or what a receiver may ask for")
    func longest() {
        var policy = DeliveryPolicy()
        policy.schedule = [.seconds(5)]
        #expect(RetrySchedule.longestWait(policy) == .seconds(86_400))
        policy.schedule = [.seconds(5), .seconds(100_000)]
        #expect(RetrySchedule.longestWait(policy) == .seconds(120_000))
    }
}
