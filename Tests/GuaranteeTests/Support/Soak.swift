import Foundation
import Testing
import WebhookCore
import WebhookSimulation

/// The extent of the random tests: a little in every run, a lot with `make soak`.
enum Soak {
    private static let environment = ProcessInfo.processInfo.environment

    /// Set `WEBHOOKS_SOAK=1` for the long form.
    static let isOn = environment["WEBHOOKS_SOAK"].map { $0 != "0" && !$0.isEmpty } ?? false

    /// A process that hangs fails its test instead of holding it up for good.
    static let commandLimit: Duration = .seconds(isOn ? 600 : 90)

    static func rounds(_ usual: Int, soak: Int) -> Int { isOn ? soak : usual }

    /// The seed of a test's random choices, printed so that it can be given again in `WEBHOOKS_GUARANTEE_SEED`.
    static func generator(_ test: String) -> SeededGenerator {
        let given = environment["WEBHOOKS_GUARANTEE_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 1...UInt64(UInt32.max))
        print("\(test): WEBHOOKS_GUARANTEE_SEED=\(seed)")
        return SeededGenerator(seed: seed)
    }
}

/// Waits until something holds, and fails the test where it never does.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let start = ContinuousClock.now
    while try await !condition() {
        guard ContinuousClock.now - start < limit else {
            Issue.record("never happened: \(what)", sourceLocation: sourceLocation)
            throw Problem("never happened: \(what)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
