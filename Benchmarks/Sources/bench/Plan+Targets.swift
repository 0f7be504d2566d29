internal import BenchSupport
internal import Foundation

/// The targets that are not a rate.
extension Plan {
    private var url: String { "http://127.0.0.1:\(harness.port)" }

    func measureLatency() {
        var (middle, tail): ([Double], [Double]) = ([], [])
        for _ in 0..<3 {
            let counts = latency(["--endpoints", "100", "--rate", "1000", "--seconds", "6"])
            middle.append(Double(counts.p50us) / 1000)
            tail.append(Double(counts.p99us) / 1000)
        }
        verdicts.add("emit to receipt at 1,000/s, open loop: p50", atMost: 2, unit: "ms", Series(middle), digits: 2)
        verdicts.add("emit to receipt at 1,000/s, open loop: p99", atMost: 8, unit: "ms", Series(tail), digits: 2)
    }

    /// 100 events a second to 1,000 endpoints that answer, alone and among 9,000 that never do and get as many each; and
    /// the same load where all of them answer.
    func measureFairness() {
        var (ratios, ofLoad): ([Double], [Double]) = ([], [])
        for _ in 0..<harness.rounds {
            let common = ["--endpoints", "1000", "--seconds", "20", "--timeout-ms", "2000"]
            let alone = latency(common + ["--rate", "100"])
            let among = latency(common + ["--dead", "9000", "--rate", "1000"])
            let answering = latency(["--endpoints", "10000", "--seconds", "20", "--rate", "1000"])
            warn("healthy p99 alone \(alone.p99us) µs, among the dead \(among.p99us) µs; \(among.silent) sent in vain")
            warn("all of them answering: \(answering.p99us) µs")
            ratios.append(Double(among.p99us) / Double(alone.p99us))
            ofLoad.append(Double(among.p99us) / Double(answering.p99us))
        }
        verdicts.add("healthy p99 among 90 % dead of 10,000 ÷ alone", each: 1.5, Series(ratios))
        verdicts.add("the same ÷ all 10,000 answering", each: 1.5, Series(ofLoad))
    }

    /// CPU time of a delivery whose payload is passed on, compared with the catalogue, mapped, and told to be the platform's
    /// own already. The processor's time, for the ratios are finer than what a rate tells.
    func measureMapping() {
        func cost(_ content: String, _ schema: String) -> Double {
            let amount = ["--events", "\(harness.amount(20_000))"]
            let kind = ["--content", content, "--schema", schema]
            return harness.dispatch("throughput", ["--url", "\(url)/ok/"] + amount + kind).microsecondsPerDelivery
        }
        var (mapped, native, compared): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<harness.rounds {
            let passed = cost("canonical", "off")
            mapped.append(cost("mapped", "warn") / passed)
            compared.append(cost("canonical", "warn") / passed)
            native.append(cost("native", "warn") / passed)
            warn("passed on \(passed.short(1)) µs, mapped ÷ that \((mapped.last ?? 0).short(2))")
        }
        verdicts.add("CPU of a mapped body ÷ one passed on", atMost: 1.5, unit: "", Series(mapped), digits: 2)
        verdicts.add("CPU under `schema: warn` ÷ `off`", atMost: 1.05, unit: "", Series(compared), digits: 2)
        verdicts.add("CPU of a native body, told apart ÷ the same", atMost: 1.05, unit: "", Series(native), digits: 2)
    }

    /// Events in the transactions of a host whose two tasks write 500 rows each time, the host's database being the store.
    func measureHost() {
        // Short rounds with and without us in turn: what else the disk does meets both.
        let rounds = ["--rounds", "12", "--seconds", "1"]
        let outcomes = (0..<3).map { _ in harness.dispatch("host", ["--url", "\(url)/ok/"] + rounds) }
        func series(_ name: String) -> Series { Series(outcomes.map { $0[name] }) }
        verdicts.add("host's commit to attempt: p50", atMost: 20, unit: "ms", series("p50ms"))
        verdicts.add("host's commit to attempt: p99", atMost: 250, unit: "ms", series("p99ms"))
        verdicts.add("committed by the host and not delivered", atMost: 0, unit: "events", series("missing"), digits: 0)
        verdicts.add("host's rows a second ÷ without us", atLeast: 0.9, series("hostRatio"))
        verdicts.add("host's write-ahead log at rest", atMost: 64, unit: "MiB", series("restingLogMiB"))
    }

    private func latency(_ arguments: [String]) -> SinkControl.Counts {
        harness.sink.reset()
        _ = harness.dispatch("latency", ["--url", "\(url)/lat/", "--sink", "\(harness.port)"] + arguments)
        return harness.sink.counts()
    }

    /// Each rate is compared with an empty store's of the same time.
    func measureBacklog() {
        let store = harness.freshStore()
        let endpoints = ["--url", "\(url)/ok/", "--endpoints", "1000"]
        _ = harness.dispatch("fill", store: store, endpoints + ["--events", "\(harness.amount(1_000_000))"])
        let amount = ["--events", "\(harness.amount(20_000))"]
        func empty() -> Double {
            let other = StoreFile("\(harness.work)/empty.sqlite")
            other.remove()
            defer { other.remove() }
            return harness.dispatch("throughput", store: other, endpoints + amount).perSecond
        }
        var starts: [Outcome] = []
        var draining: [Double] = []
        for _ in 0..<3 {
            starts.append(harness.dispatch("backlog", store: store, endpoints + amount))
            draining.append((starts.last?.perSecond ?? 0) / empty())
        }
        verdicts.add("memory with a million waiting", atMost: 200, unit: "MB", Series(starts.map { $0["residentMB"] }))
        verdicts.add(
            "first delivery after a start on a million",
            atMost: 1,
            unit: "s",
            Series(starts.map { $0["firstSeconds"] }),
            digits: 2
        )
        // The rest waits for a retry in some hours: how fast are new events beside it? (A first attempt that is due so
        // late would pass for the work of a wrong clock, and be made at once.)
        _ = store.number(
            """
            UPDATE webhooks_deliveries SET state = 1, attempts = 1, claimed_at = due_at, wait = 36000000,
            due_at = due_at + 36000000 WHERE due_at IS NOT NULL
            """
        )
        _ = store.number("PRAGMA wal_checkpoint(TRUNCATE)")
        let beside = (0..<5).map { _ in
            harness.dispatch("throughput", store: store, endpoints + amount).perSecond / empty()
        }
        verdicts.add("throughput draining the backlog ÷ an empty store's", atLeast: 0.95, Series(draining))
        verdicts.add("throughput beside the backlog ÷ an empty store's", atLeast: 0.9, Series(beside))
        store.remove()
    }

    func measureDisk() {
        let events = harness.amount(100_000)
        let outcome = harness.dispatch(
            "throughput",
            ["--url", "\(url)/ok/", "--events", "\(events)", "--measure-size", "1"]
        )
        let each = outcome["storeBytes"] / outcome["events"] / 1000
        verdicts.add("disk per delivered 600 B event", atMost: 1.6, unit: "KB", Series([each]), digits: 2)
    }

    func measureIdle() {
        let outcome = harness.dispatch("idle", ["--url", "\(url)/ok/", "--endpoints", "100", "--seconds", "10"])
        verdicts.add(
            "idle: part of a core",
            atMost: 0.2,
            unit: "%",
            Series([outcome.cpuSeconds / outcome.seconds * 100]),
            digits: 2
        )
        verdicts.add("idle: memory", atMost: 40, unit: "MB", Series([outcome["residentMB"]]))
    }
}
