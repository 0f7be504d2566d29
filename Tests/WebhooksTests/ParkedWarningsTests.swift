import Testing

@testable import Webhooks

@Suite struct ParkedWarningsTests {
    /// A reload that takes ten thousand subscriptions away doesn't write ten thousand lines.
    @Test func ofManySubscriptionsTheFirstAreNamed() {
        var warnings = ParkedWarnings(for: .commandLine)
        let told = (1...10_000).compactMap { warnings.note("s\($0)", open: $0 % 2 == 0 ? 3 : 0) }
        #expect(told.map(\.metadata) == (1...10).map { ["subscription": "s\(2 * $0)", "deliveries": "3"] })
        #expect(warnings.rest?.metadata == ["subscriptions": "4990", "deliveries": "14970"])
    }

    @Test func ofFewEachIsNamed() {
        var warnings = ParkedWarnings(for: .commandLine)
        #expect(warnings.note("a", open: 0) == nil)
        #expect(warnings.note("b", open: 1) != nil)
        #expect(warnings.rest == nil)
    }
}
