internal import BenchSupport
internal import Foundation

/// Dispatchers that share a PostgreSQL database.
final class Cluster {
    let database: PostgresDatabase
    let nodes: [Node]
    private let harness: Harness
    private let endpoints: Int
    /// Attempts that the store has once all is done.
    private var attempts: Int

    static let leaseSeconds = 5

    /// Starts so many, each with an equal share of the callers, and waits until each has its share of the subscriptions.
    ///
    /// - Parameter path: what the sink answers by.
    init(_ harness: Harness, _ url: String, nodes count: Int, endpoints: Int, path: String = "ok") {
        (self.harness, self.endpoints) = (harness, endpoints)
        let database = PostgresDatabase(url)
        self.database = database
        let arguments = Self.arguments(harness, url, endpoints: endpoints, path: path)
        nodes = (0..<count).map { _ in Node(harness, arguments + ["--callers", "\(64 / count)"]) }
        for node in nodes { node.ready() }
        let share = """
            SELECT count(*) FROM (SELECT node FROM webhooks.leases GROUP BY node HAVING count(*) > \(endpoints) / \(count * 2)) n
            """
        let start = Instant.now
        while database.number(share) < count || database.number("SELECT count(*) FROM webhooks.leases") < endpoints {
            if Instant.now.seconds(since: start) > 60 { fail("the dispatchers do not share the subscriptions") }
            usleep(20_000)
        }
        attempts = database.number("SELECT count(*) FROM webhooks.attempts")
        // Warm, and every endpoint proven.
        _ = emit(endpoints)
    }

    /// The command line of pieces that work on the database.
    static func arguments(_ harness: Harness, _ url: String, endpoints: Int, path: String = "ok") -> [String] {
        [
            "--postgres", url, "--url", "http://127.0.0.1:\(harness.port)/\(path)/", "--endpoints", "\(endpoints)",
            "--lease-seconds", "\(leaseSeconds)",
        ]
    }

    /// Everybody emits an equal share.
    ///
    /// - Returns: deliveries a second, from the first emit to the last recorded attempt, and what they took of the processors.
    func emit(_ count: Int) -> (perSecond: Double, load: Load) {
        let each = count / nodes.count
        harness.sink.reset()
        let (start, busy, cpu) = (Instant.now, Machine.busySeconds, cpuSeconds)
        for node in nodes { node.tell("emit \(each)") }
        for node in nodes { node.done() }
        record(each * nodes.count)
        let seconds = Instant.now.seconds(since: start)
        let load = Load(
            cores: (Machine.busySeconds - busy) / seconds,
            nodes: (cpuSeconds - cpu) / Double(count) * 1e6,
            all: (Machine.busySeconds - busy) / Double(count) * 1e6
        )
        return (Double(each * nodes.count) / seconds, load)
    }

    /// Waits until so many more attempts are on record, and compares with what the sink has counted.
    func record(_ count: Int) {
        attempts += count
        let start = Instant.now
        while harness.sink.counts().requests < count { wait(since: start) }
        while database.number("SELECT count(*) FROM webhooks.attempts") < attempts { wait(since: start) }
        let (received, recorded) = (
            harness.sink.counts().requests, database.number("SELECT count(*) FROM webhooks.attempts")
        )
        guard received == count, recorded == attempts else {
            fail("\(count) events, but the sink has counted \(received), and \(recorded) of \(attempts) are on record")
        }
    }

    private func wait(since start: Instant) {
        if Instant.now.seconds(since: start) > 60 { fail("deliveries do not arrive") }
        usleep(2000)
    }

    private var cpuSeconds: Double { nodes.map(\.cpuSeconds).reduce(0, +) }

    func end() {
        for node in nodes { node.end() }
    }

    /// What was used of the processors.
    struct Load {
        /// Cores that were busy, with whatever.
        var cores: Double
        /// Microseconds a delivery: the dispatchers', and everybody's.
        var nodes: Double
        var all: Double
    }
}
