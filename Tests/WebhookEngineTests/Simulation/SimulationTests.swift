import Testing
import WebhooksTesting

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite("Simulation")
struct SimulationTests {
    @Test("fresh seeds")
    func freshSeeds() throws {
        let base = number("WEBHOOKS_SIM_SEED") ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let count = number("WEBHOOKS_SIM_SEEDS") ?? 300
        print("simulation: WEBHOOKS_SIM_SEED=\(base) WEBHOOKS_SIM_SEEDS=\(count)")
        var total = SimulationReport()
        var configuration = SimulationConfiguration()
        if let length = number("WEBHOOKS_SIM_TRACE") { configuration.traceLength = Int(length) }
        for seed in base..<base + count {
            let report: SimulationReport
            do {
                report = try Simulation.run(seed: seed, configuration: configuration)
            } catch {
                Issue.record(error)
                continue
            }
            total.deliveries += report.deliveries
            total.requests += report.requests
            total.crashes += report.crashes
            total.states.merge(report.states, uniquingKeysWith: +)
        }
        print("simulation: \(total)")
        #expect(total.deliveries > 0)
    }

    private func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
