import Testing

@testable import WebhooksFaultHarness

@Suite struct CheckerRateTests {
    /// Requests at a constant pace, by one dispatcher or two that don't know of each other.
    private func violations(perSecond: Int) -> [Violation] {
        var history = History()
        history.requests = (0..<30 * perSecond).map { number in
            var request = Fabricated.request("limited", "e\(number)", at: 0)
            request.at = .milliseconds(number * 1000 / perSecond)
            return request
        }
        let promise = Promise(name: "limited", topics: [], delivers: false, rate: .init(count: 10, seconds: 1))
        return Checker(promises: [promise], history: history, record: Record()).paced()
    }

    @Test func countsOverAllDispatchers() {
        #expect(violations(perSecond: 10).isEmpty)
        #expect(violations(perSecond: 20).map(\.kind) == [.hurried])
    }
}
