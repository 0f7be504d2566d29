import Testing
import WebhookSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Several dispatchers on one store. `WEBHOOKS_SIM_SEED`, `WEBHOOKS_SIM_SEEDS` and `WEBHOOKS_SIM_TRACE` are as for one, but for
/// a fiftieth of the number of seeds.
@Suite("Simulation of several dispatchers")
struct ClusterSimulationTests {
    /// Seeds that have found something at some time.
    static let corpus: [UInt64] = [
        // News of others during the last round of a node that ends.
        57, 65,
    ]

    @Test("known seeds")
    func knownSeeds() async throws {
        var configuration = configuration
        // They play as they did when they found something.
        configuration.hitsMoments = false
        configuration.without = [.abandoned]
        let failures = await OwnThread.run { [configuration] in
            Self.corpus.compactMap { Self.failure(of: $0, configuration) }
        }
        #expect(failures == [])
    }

    @Test("everything that can go wrong does")
    func everyFaultComesUp() async throws {
        let reports = await OwnThread.run { (1...8).compactMap { try? ClusterSimulation.run(seed: $0) } }
        #expect(reports.count == 8)
        for fault in ClusterFault.allCases {
            let seeds = reports.count { $0.faults[fault, default: 0] > 0 }
            #expect(seeds >= 1, "\(fault) comes up in \(seeds) seeds")
        }
    }

    @Test("what keeps dispatchers apart is missed where it is gone", arguments: ClusterRule.allCases)
    func findsWhatIsBroken(_ rule: ClusterRule) async throws {
        var configuration = ClusterConfiguration()
        configuration.without = [rule]
        let isFound = await OwnThread.run { [configuration] in
            (1...20).contains { (try? ClusterSimulation.run(seed: $0, configuration: configuration)) == nil }
        }
        #expect(isFound)
    }

    @Test("a seed replays to the letter")
    func replays() async throws {
        let reports = await OwnThread.run { [7, 7].map { seed in try? ClusterSimulation.run(seed: seed) } }
        #expect(reports[0] != nil && reports[0] == reports[1])
    }

    @Test("fresh seeds")
    func freshSeeds() async throws {
        let base = number("WEBHOOKS_SIM_SEED") ?? UInt64.random(in: 0...UInt64(UInt32.max))
        // Each takes as long as some fifty of one dispatcher.
        let count = number("WEBHOOKS_SIM_SEEDS").map { max(1, $0 / 50) } ?? 4
        print("simulation of several dispatchers: WEBHOOKS_SIM_SEED=\(base) WEBHOOKS_SIM_SEEDS=\(count)")
        let configuration = configuration
        let failures = await OwnThread.run {
            (base..<base + count).compactMap { seed in Self.failure(of: seed, configuration) }
        }
        #expect(failures == [])
    }

    /// What a seed found, with its trace; `nil` where every promise was kept.
    private static func failure(of seed: UInt64, _ configuration: ClusterConfiguration) -> String? {
        do {
            let report = try ClusterSimulation.run(seed: seed, configuration: configuration)
            return report.deliveries > 0 ? nil : "seed \(seed): there was nothing to deliver"
        } catch {
            return "\(error)"
        }
    }

    private var configuration: ClusterConfiguration {
        var configuration = ClusterConfiguration()
        if let length = number("WEBHOOKS_SIM_TRACE") { configuration.traceLength = Int(length) }
        return configuration
    }

    private func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
