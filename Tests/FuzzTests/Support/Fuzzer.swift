import Foundation
import Testing

/// Runs a check on mutations of a corpus. An input whose outcome was not seen before joins the corpus of the run.
///
/// Without more it does a fixed number of rounds from a fixed seed, the same in every run. In the environment,
/// `WEBHOOKS_FUZZ_SECONDS` makes it go on for so long, from a seed of `WEBHOOKS_FUZZ_SEED` or a random one, and
/// `WEBHOOKS_FUZZ_FOLDER` names a folder that always holds the last input, for the case that it is fatal.
struct Fuzzer {
    let name: String
    let corpus: [[UInt8]]
    let dictionary: [String]
    var maxLength = 4096
    /// The rounds of an ordinary test run.
    var rounds = 20_000

    /// Inputs that joined the corpus are kept up to this many.
    private static let poolLimit = 4096
    /// Findings after which a run ends.
    private static let findingLimit = 10

    /// Runs on a thread of its own: the few that all tests share are for those that wait for one another.
    ///
    /// - Parameter check: throws where a rule is broken; else names in a few words the outcome of the input.
    func run(_ check: @escaping @Sendable ([UInt8]) throws(Finding) -> String) async {
        let findings: [String] = await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: findAll(check)) }
            thread.stackSize = 8 << 20
            thread.start()
        }
        for finding in findings { Issue.record("\(finding)") }
    }

    private func findAll(_ check: ([UInt8]) throws(Finding) -> String) -> [String] {
        guard !corpus.isEmpty else { return ["\(name): no corpus"] }
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["WEBHOOKS_FUZZ_SECONDS"].flatMap(Double.init)
        let seed =
            environment["WEBHOOKS_FUZZ_SEED"].flatMap(UInt64.init) ?? (seconds == nil ? 1 : .random(in: 0 ... .max))
        let keeper = environment["WEBHOOKS_FUZZ_FOLDER"].flatMap { InputKeeper(path: "\($0)/\(name).input") }
        let watchdog = Watchdog(name: name)
        let end = seconds.map { ContinuousClock.now + .seconds($0) }
        var mutator = Mutator(dictionary: dictionary, maxLength: maxLength, seed: seed)
        var pool = corpus
        var outcomes: [String: Int] = [:]
        var findings: [String] = []
        var round = 0
        while findings.count < Self.findingLimit {
            if let end { if round % 64 == 0, ContinuousClock.now >= end { break } } else if round == rounds { break }
            let input = round < corpus.count ? corpus[round] : mutator.next(from: pool)
            round += 1
            keeper?.keep(input)
            watchdog.begin(input)
            do {
                let outcome = try check(input)
                outcomes[outcome, default: 0] += 1
                if outcomes[outcome] == 1, pool.count < Self.poolLimit { pool.append(input) }
            } catch {
                findings.append("\(name), seed \(seed), round \(round): \(error)\n\(Self.spell(input))")
            }
            watchdog.end()
        }
        if seconds != nil {
            print("\(name): seed \(seed), \(round) inputs, \(outcomes.count) outcomes, \(findings.count) findings")
        }
        return findings
    }

    /// An input as a Swift literal.
    static func spell(_ input: [UInt8]) -> String {
        let text = input.map { byte in
            (0x20..<0x7F).contains(byte) ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
        }
        return text.joined()
    }
}
