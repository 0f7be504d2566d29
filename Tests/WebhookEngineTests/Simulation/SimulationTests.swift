import Testing
import WebhooksTesting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `WEBHOOKS_SIM_SEED` is the first fresh seed, `WEBHOOKS_SIM_SEEDS` how many there are, `WEBHOOKS_SIM_TRACE` how many lines a
/// failure shows.
@Suite("Simulation")
struct SimulationTests {
    /// Seeds that have found something at some time, in an engine or in the simulation itself.
    static let corpus: [UInt64] = [
        8, 11, 14, 25, 34, 38, 42, 56, 59, 121, 145, 152, 198, 204, 230, 235, 275, 1102, 5061, 5276, 5371, 5629,
        700_189,
    ]

    @Test("known seeds", arguments: corpus)
    func knownSeeds(seed: UInt64) throws {
        let report = try Simulation.run(seed: seed, configuration: configuration)
        #expect(report.deliveries > 0)
    }

    @Test("a seed replays to the letter")
    func replays() throws {
        #expect(try Simulation.run(seed: 7) == Simulation.run(seed: 7))
    }

    @Test("fresh seeds")
    func freshSeeds() throws {
        let base = number("WEBHOOKS_SIM_SEED") ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let count = number("WEBHOOKS_SIM_SEEDS") ?? 150
        print("simulation: WEBHOOKS_SIM_SEED=\(base) WEBHOOKS_SIM_SEEDS=\(count)")
        for seed in base..<base + count {
            do {
                let report = try Simulation.run(seed: seed, configuration: configuration)
                if count == 1 { print("simulation: \(report)") }
            } catch {
                Issue.record(error)
            }
        }
    }

    private var configuration: SimulationConfiguration {
        var configuration = SimulationConfiguration()
        if let length = number("WEBHOOKS_SIM_TRACE") { configuration.traceLength = Int(length) }
        return configuration
    }

    private func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
