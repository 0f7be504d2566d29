import Testing
import WebhookCore
import WebhookSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `WEBHOOKS_SIM_SEED` is the first fresh seed, `WEBHOOKS_SIM_SEEDS` how many there are, `WEBHOOKS_SIM_TRACE` how many lines a
/// failure shows, `WEBHOOKS_SIM_DIGEST` how many seeds to compare by.
@Suite("Simulation")
struct SimulationTests {
    /// Seeds that have found something at some time, in an engine or in the simulation itself.
    static let corpus: [UInt64] = [
        8, 11, 14, 25, 34, 38, 42, 56, 59, 121, 145, 152, 198, 204, 230, 235, 275, 1102, 5061, 5276, 5371, 5629,
        700_189, 2_502_567_567, 1_492_764_468, 12, 19, 35, 4_173_342_550, 2_143_635_274, 3_327_775_515,
        3_285_362_878,
    ]

    /// Seeds that fail, with everything that goes wrong, where a rule is taken back.
    static let rules: [UInt64] = [
        // An event that was appended and not matched yet holds up what was emitted after it: 9, where an engine takes the
        // rows before its own for known. What is due late takes its place when it is found due: 9, 3.
        9, 3,
        // A command of its own waits for what others have to match or to send: 13, 23.
        13, 23,
        // No clock decides: 10, where first attempts of an ordered subscription are due when they were accepted.
        10,
        // Several of an ordered subscription were attempted, and wait in the store behind first attempts.
        3_431_188_001,
        // What is made due by hand leaves at once: 39 where an engine doesn't learn of it, 56 where it reads again and keeps
        // what it holds. It keeps its attempts' numbers: 3, 39, 56.
        39, 56,
    ]

    @Test("known seeds")
    func knownSeeds() async throws {
        let configuration = configuration
        let failures = await OwnThread.run {
            let rules = Self.rules.compactMap { Self.failure(of: $0, configuration) }
            // Without what came later they play as they did when they found something.
            return rules
                + [false, true].flatMap { poison in
                    Self.corpus.compactMap { seed in
                        var configuration = configuration
                        configuration.poison = poison
                        configuration.lostFiles = poison
                        configuration.largeEvents = poison
                        configuration.lateRetries = poison
                        configuration.tenantShare = poison
                        return Self.failure(of: seed, configuration)
                    }
                }
        }
        #expect(failures == [])
    }

    @Test("everything that can go wrong does, on many a seed")
    func everyFaultComesUp() async throws {
        let reports = await OwnThread.run { (1...60).compactMap { try? Simulation.run(seed: $0) } }
        #expect(reports.count == 60)
        for fault in SimulatedFault.allCases {
            let seeds = reports.count { $0.faults[fault, default: 0] > 0 }
            #expect(seeds >= (fault == .lateRetry ? 2 : 5), "\(fault) comes up in \(seeds) seeds")
        }
        #expect(reports.map(\.setAside).reduce(0, +) > 10)
        #expect(reports.contains { $0.mostOfTenant == 6 }, "its share is full now and then")
    }

    @Test("transactions follow each other ahead of the engine, and take several batches")
    func transactionsOverlap() async throws {
        let reports = await OwnThread.run { Self.corpus.prefix(3).compactMap { try? Simulation.run(seed: $0) } }
        #expect(reports.count == 3)
        #expect(reports.allSatisfy { $0.commitsAhead > 0 && $0.commitsExtended > 0 })
    }

    @Test("a seed replays to the letter")
    func replays() async throws {
        let reports = await OwnThread.run { [7, 7].map { seed in try? Simulation.run(seed: seed) } }
        #expect(reports[0] != nil && reports[0] == reports[1])
    }

    /// `WEBHOOKS_SIM_DIGEST=1000 SWIFT_DETERMINISTIC_HASHING=1` prints one number for that many seeds: a change of structure
    /// alone leaves it as it is.
    @Test("everything that passed, as one number", .enabled(if: getenv("WEBHOOKS_SIM_DIGEST") != nil))
    func digest() async throws {
        let count = number("WEBHOOKS_SIM_DIGEST") ?? 0
        let digest = await OwnThread.run {
            var hasher = Hasher()
            // Seeds that fail count by their failure.
            for seed in 1...max(1, count) { hasher.combine((try? Simulation.run(seed: seed))?.digest) }
            return hasher.finalize()
        }
        print("simulation: the digest of \(count) seeds is \(digest)")
        #expect(count > 0)
    }

    @Test("fresh seeds")
    func freshSeeds() async throws {
        let base = number("WEBHOOKS_SIM_SEED") ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let count = number("WEBHOOKS_SIM_SEEDS") ?? 60
        print("simulation: WEBHOOKS_SIM_SEED=\(base) WEBHOOKS_SIM_SEEDS=\(count)")
        let configuration = configuration
        let failures = await OwnThread.run {
            (base..<base + count).compactMap { seed in Self.failure(of: seed, configuration) }
        }
        #expect(failures == [])
    }

    /// The fault that a seed found, with its trace; `nil` where every promise was kept.
    private static func failure(of seed: UInt64, _ configuration: SimulationConfiguration) -> String? {
        do {
            let report = try Simulation.run(seed: seed, configuration: configuration)
            return report.deliveries > 0 ? nil : "seed \(seed): there was nothing to deliver"
        } catch {
            return "\(error)"
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
