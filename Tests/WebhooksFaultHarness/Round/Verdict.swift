import Foundation

/// The result of a run: one line, and an exit code.
package struct Verdict: Sendable {
    var seed: UInt64
    var elapsed: Duration = .zero
    var rounds = 0
    var requests = 0
    var events = 0
    var commands = 0
    var tally: [String: Int] = [:]
    var violations: [Violation] = []
    /// The round that broke a promise, or didn't come to its end.
    var failedRound: RoundPlan?
    /// The place of what it left behind.
    var artefacts: String?
    /// The reason why it ended before its time.
    var end = Stop.Cause.none
    /// The things that could not be done on this machine.
    var omissions: [String] = []

    package var exitCode: Int32 {
        guard violations.isEmpty else { return 1 }
        return switch end {
        case .none: 0
        case .wish: 130
        case .time: 2
        }
    }

    mutating func add(_ outcome: Round.Outcome) {
        let history = outcome.history
        rounds += 1
        requests += history.requests.count
        events += history.emits.values.count { $0.acknowledgedAt != nil }
        commands += history.commands.count
        tally.merge(history.tally, uniquingKeysWith: +)
        violations += outcome.violations
    }

    /// Hours, or minutes where those are few.
    private var time: String {
        let minutes = Double(elapsed.components.seconds) / 60
        return minutes >= 30 ? String(format: "%.1f h", minutes / 60) : String(format: "%.1f min", minutes)
    }

    var counts: String {
        ([("requests", requests), ("events", events), ("commands", commands)] + tally.sorted { $0.key < $1.key })
            .map { "\(Self.grouped($0.1)) \($0.0)" }.joined(separator: ", ")
    }

    /// What a history counts up to.
    static func counts(of history: History) -> String {
        var verdict = Verdict(seed: 0)
        verdict.add(Round.Outcome(violations: [], history: history))
        return verdict.counts
    }

    package var line: String {
        let kinds = Dictionary(grouping: violations, by: \.kind).mapValues(\.count)
        let round = failedRound.map { " round \($0.number) (\($0.kind.rawValue))" } ?? ""
        let place = artefacts.map { "; left in \($0)" } ?? ""
        guard let first = violations.first else {
            let omitted = omissions.isEmpty ? "" : " (without \(omissions.joined(separator: ", ")))"
            let none = "\(counts) — 0 lost, 0 doubled, 0 unrecorded\(omitted)"
            return switch end {
            case .none: "PASS \(time) seed \(seed): \(none)"
            case .wish: "STOPPED after \(time) seed \(seed): \(none)"
            case .time: "UNSETTLED \(time) seed \(seed)\(round): not settled when the time was over; \(none)\(place)"
            }
        }
        let all = Violation.Kind.allCases.compactMap { kind in kinds[kind].map { "\($0) \(kind.rawValue)" } }
        return "FAIL \(time) seed \(seed)\(round): \(first) — \(all.joined(separator: ", "))\(place)"
    }

    private static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
            index -= 3
        }
        return digits
    }
}
