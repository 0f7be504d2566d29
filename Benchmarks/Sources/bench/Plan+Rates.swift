internal import BenchSupport

/// The targets that are a rate by another piece's.
extension Plan {
    var thousandEndpoints: Workload {
        var workload = workload("1,000 endpoints")
        workload.endpoints = 1000
        return workload
    }

    /// Throughput by the loop's and by the peer's, and CPU time by the loop's.
    func compareToTarget(_ workload: Workload, peer target: Double) {
        let comparison = Comparison(workload, harness)
        verdicts.add("durable deliveries/s ÷ limit, \(workload.title)", atLeast: 0.6, comparison.toLimit)
        verdicts.add("durable deliveries/s ÷ peer, \(workload.title)", atLeast: target, comparison.toPeer)
        let time = comparison.processorTimeToLimit
        verdicts.add("CPU of a delivery ÷ limit's, \(workload.title)", atMost: 2.3, unit: "", time)
        comparison.add(to: &rates)
    }

    /// Larger bodies, and ones from a template.
    func measureBodies() {
        var middling = workload("10 KB")
        middling.payload = 10_000
        middling.dispatch = 10_000
        var large = workload("1 MB")
        large.payload = 1_000_000
        (large.limit, large.peer, large.dispatch) = (2000, 1000, 400)
        var mustache = workload("Mustache body")
        mustache.product = ["--content", "mustache"]
        for (workload, target) in [(middling, 0.4), (large, 0.15), (mustache, 0.45)] {
            let comparison = Comparison(workload, harness)
            verdicts.add("durable deliveries/s ÷ limit, \(workload.title)", atLeast: target, comparison.toLimit)
            comparison.add(to: &rates)
        }
    }

    /// One event for 10,000 subscriptions, beside the loop at as many endpoints.
    func measureFanOut() {
        var workload = workload("fan-out")
        workload.endpoints = 10_000
        let request = "\(harness.work)/request"
        _ = harness.dispatch("request", workload.common + ["--out", request])
        let amount = ["--request", request, "--requests", "\(harness.amount(workload.limit))"]
        let ratios = (0..<harness.rounds).map { _ in
            let limit = harness.run("limit", workload.common + amount)
            let outcome = harness.dispatch("fan-out", workload.common + ["--events", "3"])
            warn(
                "fan-out: \((outcome.seconds / 3).short(2)) s each, \(outcome.perSecond.short(0)) deliveries/s, "
                    + "\(outcome.microsecondsPerDelivery.short(0)) µs CPU each, \(outcome["residentMB"].short(0)) MB"
            )
            return outcome.perSecond / limit.perSecond
        }
        verdicts.add("fan-out of one event to 10,000, deliveries/s ÷ limit", atLeast: 0.9, Series(ratios))
    }
}
