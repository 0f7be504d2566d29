import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("Circuit breaker")
struct CircuitBreakerTests {
    private let policy = BreakerPolicy(failures: 3, pause: .seconds(30))
    private let start = Timestamp(milliseconds: 0)

    private func allows(_ breaker: inout CircuitBreaker, _ now: Timestamp) -> Bool { breaker.allowsStart(now: now) }

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<3 { breaker.failed(policy, now: start) }
        return breaker
    }

    @Test("opens after failures in a row; a success starts the count again")
    func opens() {
        var breaker = CircuitBreaker()
        breaker.failed(policy, now: start)
        breaker.failed(policy, now: start)
        breaker.succeeded()
        breaker.failed(policy, now: start)
        breaker.failed(policy, now: start)
        #expect(allows(&breaker, start))
        breaker.failed(policy, now: start)
        #expect(!allows(&breaker, start) && breaker.opensAt == start + .seconds(30))
    }

    @Test("lets one probe through; its success closes")
    func probe() {
        var breaker = opened()
        #expect(!allows(&breaker, start + .milliseconds(29_999)))
        #expect(allows(&breaker, start + .seconds(30)))
        breaker.started()
        #expect(!allows(&breaker, start + .seconds(31)))
        breaker.succeeded()
        #expect(breaker == CircuitBreaker())
    }

    @Test("a failed probe doubles the pause, up to ten minutes")
    func doubles() {
        var breaker = opened()
        var now = start
        for seconds in [60, 120, 240, 480, 600, 600] {
            now = breaker.opensAt ?? now
            #expect(allows(&breaker, now))
            breaker.started()
            breaker.failed(policy, now: now)
            #expect(breaker.opensAt == now + .seconds(seconds))
        }
    }

    @Test("a probe that says nothing leaves room for another; stragglers change nothing while it is open")
    func released() {
        var breaker = opened()
        breaker.failed(policy, now: start + .seconds(10))
        #expect(breaker.opensAt == start + .seconds(30))
        #expect(allows(&breaker, start + .seconds(30)))
        breaker.started()
        breaker.released()
        #expect(allows(&breaker, start + .seconds(30)))
    }
}
