internal import BenchSupport

/// The cost of a stretch of work: time, CPU, waits for the disk.
struct Stopwatch {
    private let start = Instant.now
    private let cpu = Usage.cpuSeconds
    private let waits = DiskWaits.now

    func outcome(deliveries: Int, failures: Int = 0, until end: Instant = .now) -> Outcome {
        var outcome = Outcome()
        outcome.deliveries = deliveries
        outcome.failures = failures
        outcome.seconds = end.seconds(since: start)
        outcome.cpuSeconds = Usage.cpuSeconds - cpu
        let waits = DiskWaits.now - waits
        outcome["syncs"] = Double(waits.count)
        outcome["syncSeconds"] = waits.seconds
        return outcome
    }
}

extension Outcome {
    /// Adds what the store holds, all in all: for the check against what the sink has counted.
    mutating func add(_ store: StoreFile) {
        self["events"] = Double(store.number("SELECT count(*) FROM webhooks_events"))
        self["deliveredRows"] = Double(store.number("SELECT count(*) FROM webhooks_deliveries WHERE state = 3"))
        self["attempts"] = Double(store.number("SELECT count(*) FROM webhooks_attempts"))
    }
}
