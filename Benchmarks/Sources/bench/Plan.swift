internal import BenchSupport

/// The measurements, in their order.
final class Plan {
    let harness: Harness
    private let only: Set<String>
    private let measuresAll: Bool
    var verdicts = Verdicts()
    var rates = Comparison.table()

    init(harness: Harness, options: Options) {
        self.harness = harness
        only = Set(options.text("only", default: "").split(separator: ",").map(String.init))
        measuresAll = options.number("all", default: 0) != 0
    }

    func run() {
        step("one") { compareToTarget(workload("one endpoint"), peer: 0.9) }
        step("thousand") { compareToTarget(thousandEndpoints, peer: 1) }
        step("bodies") { measureBodies() }
        step("fan-out") { measureFanOut() }
        step("latency") { measureLatency() }
        step("host") { measureHost() }
        step("backlog") { measureBacklog() }
        step("fairness") { measureFairness() }
        step("mapped") { measureMapping() }
        step("disk") { measureDisk() }
        step("idle") { measureIdle() }
        step("command") { measureCommand() }
        step("api", isTarget: false) { measureAPI() }
        step("stored", isTarget: false) { measureStored() }
        step("postgres", isTarget: false) { measurePostgres() }
        step("scenarios", isTarget: false) { compareScenarios() }
        verdicts.print()
        rates.print()
    }

    private func step(_ name: String, isTarget: Bool = true, _ body: () -> Void) {
        guard only.isEmpty ? isTarget || measuresAll : only.contains(name) else { return }
        body()
    }

    func workload(_ title: String) -> Workload { Workload(title: title, port: harness.port) }
}
