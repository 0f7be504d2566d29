internal import BenchSupport
internal import Foundation

/// One, two and four dispatchers on a PostgreSQL database, beside the loop, the store on SQLite and an outbox by hand.
extension Plan {
    private static let endpoints = 1000
    private static let sizes = [1, 2, 4]

    func measurePostgres() {
        guard let url = ProcessInfo.processInfo.environment["WEBHOOKS_TEST_POSTGRES"] else {
            return warn("PostgreSQL left out: WEBHOOKS_TEST_POSTGRES names no server")
        }
        let settings = PostgresDatabase(url)
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let isOn = settings.number("SELECT (setting = 'on')::int FROM pg_settings WHERE name = '\(setting)'") == 1
            if !isOn { warn("\(setting) is off on this server: no figure of a durable one") }
        }
        var rates = PostgresRates()
        for _ in 0..<harness.rounds { measureRound(url, into: &rates) }
        rates.print(to: &verdicts, sizes: Self.sizes)
        measureNodeLatency(url)
        measureTakeover(url)
        measureWaitingMillion(url)
    }

    private func clear(_ url: String) {
        PostgresDatabase(url).number("DROP SCHEMA IF EXISTS webhooks CASCADE; CHECKPOINT")
    }

    private func measureRound(_ url: String, into rates: inout PostgresRates) {
        var workload = workload("PostgreSQL")
        workload.endpoints = Self.endpoints
        let request = "\(harness.work)/request"
        _ = harness.dispatch("request", workload.common + ["--out", request])
        let amount = ["--request", request, "--requests", "\(harness.amount(workload.limit))"]
        rates.add("limit", harness.run("limit", workload.common + amount).perSecond)
        let events = ["--events", "\(harness.amount(10_000))"]
        rates.add("SQLite", harness.dispatch("throughput", workload.common + events).perSecond)
        let body = "\(harness.work)/body"
        let bytes = Data(RequestFile(contentsOf: request).body)
        guard FileManager.default.createFile(atPath: body, contents: bytes) else { fail("\(body) can't be written") }
        let outbox = [
            "--database", url, "--url", workload.url, "--body", body, "--endpoints", "\(Self.endpoints)",
            "--requests", "\(harness.amount(5000))",
        ]
        rates.add("outbox, end to end", harness.run("outbox", outbox).perSecond)
        rates.add("outbox, draining", harness.run("outbox", outbox + ["--drain", "1"]).perSecond)
        for size in Self.sizes {
            clear(url)
            let cluster = Cluster(harness, url, nodes: size, endpoints: Self.endpoints)
            let (perSecond, load) = cluster.emit(harness.amount(10_000))
            cluster.end()
            rates.add(PostgresRates.name(size), perSecond)
            warn(
                "\(PostgresRates.name(size)): \(perSecond.short(0))/s, \(load.cores.short(2)) cores busy, "
                    + "\(load.nodes.short(0)) of \(load.all.short(0)) µs a delivery the dispatchers'"
            )
        }
        clear(url)
    }

    /// One of two emits, half of the subscriptions are served by the other.
    private func measureNodeLatency(_ url: String) {
        let counts = (0..<3).map { _ in
            clear(url)
            let cluster = Cluster(harness, url, nodes: 2, endpoints: Self.endpoints, path: "lat")
            let count = harness.amount(5000)
            harness.sink.reset()
            cluster.nodes[0].tell("pace \(count) 500")
            cluster.nodes[0].done()
            cluster.record(count)
            let counts = harness.sink.counts()
            cluster.end()
            return counts
        }
        warn("emit to receipt by two dispatchers: p50 \(Series(counts.map { Double($0.p50us) / 1000 }).text(2)) ms")
        let tail = Series(counts.map { Double($0.p99us) / 1000 })
        verdicts.add("emit to receipt by two dispatchers at 500/s: p99", atMost: 25, unit: "ms", tail, digits: 2)
    }

    /// From the kill of one of two until its last subscription gets what the other emits.
    private func measureTakeover(_ url: String) {
        let times = (0..<3).map { _ in
            clear(url)
            let cluster = Cluster(harness, url, nodes: 2, endpoints: Self.endpoints)
            harness.sink.reset()
            let start = Instant.now
            cluster.nodes[1].kill()
            cluster.nodes[0].tell("emit \(Self.endpoints)")
            cluster.nodes[0].done()
            while harness.sink.counts().requests < Self.endpoints {
                usleep(1000)
                if Instant.now.seconds(since: start) > 60 { fail("nobody takes over") }
            }
            let seconds = Instant.now.seconds(since: start)
            cluster.record(Self.endpoints)
            cluster.nodes[0].end()
            return seconds
        }
        let most = Double(Cluster.leaseSeconds + 1)
        verdicts.add(
            "takeover of a killed node's, lease \(Cluster.leaseSeconds) s",
            atMost: most,
            unit: "s",
            Series(times)
        )
    }

    /// The same rates in turn on an empty store and beside a million deliveries that wait for their retries in some hours.
    private func measureWaitingMillion(_ url: String) {
        clear(url)
        let database = PostgresDatabase(url)
        let arguments = Cluster.arguments(harness, url, endpoints: Self.endpoints)
        let filled = harness.run(
            "dispatch",
            ["--scenario", "fill", "--events", "\(harness.amount(1_000_000))"] + arguments
        )
        warn("filled in \(filled.seconds.short(0)) s")
        database.number(
            """
            UPDATE webhooks.deliveries SET state = 1, attempts = 1, claimed_at = due_at, wait = 36000000,
            due_at = due_at + 36000000 WHERE due_at IS NOT NULL
            """
        )
        database.number("VACUUM ANALYZE")
        database.number("ALTER SCHEMA webhooks RENAME TO full_one")
        let amount = harness.amount(10_000)
        for size in Self.sizes {
            let ratios = (0..<3).map { _ in
                func rate() -> Double {
                    let cluster = Cluster(harness, url, nodes: size, endpoints: Self.endpoints)
                    defer { cluster.end() }
                    return cluster.emit(amount).perSecond
                }
                let empty = rate()
                database.number("DROP SCHEMA webhooks CASCADE; ALTER SCHEMA full_one RENAME TO webhooks; CHECKPOINT")
                let full = rate()
                database.number("ALTER SCHEMA webhooks RENAME TO full_one; CHECKPOINT")
                warn("\(PostgresRates.name(size)): \(empty.short(0))/s, \(full.short(0))/s beside a million")
                return full / empty
            }
            verdicts.add("\(PostgresRates.name(size)) beside a million ÷ empty", atLeast: 0.8, Series(ratios))
        }
        database.number("DROP SCHEMA full_one CASCADE")
    }
}
