import Testing

@testable import WebhooksFaultHarness

@Suite struct VerdictTests {
    private func verdict(_ violations: [Violation]) -> Verdict {
        var verdict = Verdict(seed: 42)
        var history = History()
        history.requests = Array(repeating: Fabricated.request("a", "b", at: 1), count: 1234)
        history.tally = ["kills": 1_000_134]
        verdict.add(Round.Outcome(violations: violations, history: history))
        verdict.elapsed = .seconds(3600)
        return verdict
    }

    @Test func pass() {
        let verdict = verdict([])
        #expect(
            verdict.line == "PASS 1.0 h seed 42: 1,234 requests, 0 events, 0 commands, 1,000,134 kills "
                + "— 0 lost, 0 doubled, 0 unrecorded"
        )
        #expect(verdict.exitCode == 0)
    }

    @Test func fail() {
        var verdict = verdict([Violation(.doubled, "evt to crm"), Violation(.lost, "x"), Violation(.lost, "y")])
        verdict.failedRound = RoundPlan(number: 2, seed: 42, length: .seconds(10))
        verdict.artefacts = "/tmp/x"
        #expect(
            verdict.line
                == "FAIL 1.0 h seed 42 round 2 (crashes): doubled: evt to crm — 2 lost, 1 doubled; left in /tmp/x"
        )
        #expect(verdict.exitCode == 1)
    }

    /// Stopped by hand is neither.
    @Test func stopped() {
        var verdict = verdict([])
        verdict.end = .wish
        #expect(verdict.line.hasPrefix("STOPPED after 1.0 h seed 42: "))
        #expect(verdict.exitCode == 130)
    }

    /// A round without an end is not passed over.
    @Test func unsettled() {
        var verdict = verdict([])
        verdict.end = .time
        verdict.failedRound = RoundPlan(number: 5, seed: 42, length: .seconds(10))
        verdict.artefacts = "/tmp/x"
        #expect(verdict.line.hasPrefix("UNSETTLED 1.0 h seed 42 round 5 (files): "))
        #expect(verdict.line.hasSuffix("; left in /tmp/x"))
        #expect(verdict.exitCode == 2)
    }

    /// The same seed draws the same choices; another round of it others.
    @Test func plans() {
        let plan = RoundPlan(number: 3, seed: 7, length: .seconds(1))
        #expect(plan.seed == RoundPlan(number: 3, seed: 7, length: .seconds(9)).seed)
        #expect(plan.seed != RoundPlan(number: 4, seed: 7, length: .seconds(1)).seed)
        var (one, same, other) = (plan.random("a"), plan.random("a"), plan.random("b"))
        let first = one.next()
        #expect(first == same.next())
        #expect(first != other.next())
    }
}
