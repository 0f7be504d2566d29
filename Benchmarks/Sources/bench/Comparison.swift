internal import BenchSupport

/// The three pieces at the same work, in turn, several times.
struct Comparison {
    let workload: Workload
    private(set) var limit: [Outcome] = []
    private(set) var peer: [Outcome] = []
    private(set) var dispatch: [Outcome] = []

    init(_ workload: Workload, _ harness: Harness) {
        self.workload = workload
        let request = "\(harness.work)/request"
        let product = workload.common + workload.product + ["--payload", "\(workload.payload)"]
        _ = harness.dispatch("request", product + ["--out", request])
        for _ in 0..<harness.rounds {
            if !workload.isHalfRefused { compareOnce(harness, request) }
            harness.sink.reset()
            let outcome = harness.dispatch(
                "throughput",
                product + ["--events", "\(harness.amount(workload.dispatch))"]
            )
            check(outcome, harness)
            dispatch.append(outcome)
        }
    }

    private mutating func compareOnce(_ harness: Harness, _ request: String) {
        let common = workload.common + ["--request", request]
        let version = workload.isHTTP2 ? ["--http2", "1"] : []
        limit.append(
            harness.run("limit", common + version + ["--requests", "\(harness.amount(workload.limit))"])
        )
        // async-http-client speaks HTTP/2, too, but 64 connections of HTTP/1.1 are what the target is about.
        if !workload.isHTTP2 {
            peer.append(harness.run("peer", common + ["--requests", "\(harness.amount(workload.peer))"]))
        }
        for outcome in limit.suffix(1) + peer.suffix(1) where outcome.failures > 0 {
            fail("\(workload.title): \(outcome.failures) requests failed without the product")
        }
    }

    /// The sink's count, the attempts and the events have to agree.
    private func check(_ outcome: Outcome, _ harness: Harness) {
        let counts = harness.sink.counts()
        let (events, delivered, attempts) = (
            Int(outcome["events"]), Int(outcome["deliveredRows"]), Int(outcome["attempts"])
        )
        let expected = workload.isHalfRefused ? events + counts.failed : events
        if delivered != events || attempts != expected || workload.isCounted && counts.requests != attempts {
            fail(
                "\(workload.title): \(events) events, \(delivered) delivered, \(attempts) attempts, "
                    + "but the sink has counted \(counts.requests)"
            )
        }
    }

    /// The product's rate by another piece's, round by round.
    private func ratios(to other: [Outcome]) -> Series {
        Series(zip(dispatch, other).map { $0.perSecond / $1.perSecond })
    }

    var toLimit: Series { ratios(to: limit) }
    var toPeer: Series { ratios(to: peer) }
    /// The CPU time of a delivery by the loop's, round by round.
    var processorTimeToLimit: Series {
        Series(zip(dispatch, limit).map { $0.microsecondsPerDelivery / $1.microsecondsPerDelivery })
    }
    var rate: Series { Series(dispatch.map(\.perSecond)) }

    /// Shows the rates with what they came from.
    static func table() -> Table {
        Table(
            "scenario",
            "limit /s",
            "peer /s",
            "dispatch /s",
            "÷ limit",
            "÷ peer",
            "CPU µs limit",
            "peer",
            "dispatch",
            "deliveries a sync",
            "ms a sync",
            "MB"
        )
    }

    func add(to table: inout Table) {
        func median(_ outcomes: [Outcome], _ digits: Int = 0, _ value: (Outcome) -> Double) -> String {
            Series(outcomes.map(value)).median.short(digits)
        }
        table.add(
            workload.title,
            median(limit) { $0.perSecond },
            median(peer) { $0.perSecond },
            rate.text(0),
            toLimit.text(2),
            toPeer.text(2),
            median(limit) { $0.microsecondsPerDelivery },
            median(peer) { $0.microsecondsPerDelivery },
            median(dispatch) { $0.microsecondsPerDelivery },
            median(dispatch) { Double($0.deliveries) / $0["syncs"] },
            median(dispatch, 2) { $0["syncSeconds"] / $0["syncs"] * 1000 },
            median(dispatch) { $0["residentMB"] }
        )
    }
}
