internal import BenchSupport
internal import Foundation
internal import GRDB
internal import Logging
internal import Synchronization
internal import WebhooksGRDB

/// A host with its own database, which is the store: two tasks write 500 rows a transaction without a pause, and a third
/// commits a row with an event many times a second.
///
/// In turn without the library (the third commits its row alone) and with it, so that whatever else the machine does meets
/// both. The time of an attempt is measured from the commit to the attempt's start, by the clock of the log, in milliseconds.
func measureHost(_ setup: Setup) async throws {
    let host = try Host(setup)
    let log = ReadinessLog()
    let dispatcher = try await WebhookDispatcher(
        database: host.database,
        configuration: setup.configuration(nil),
        logger: Logger(label: "bench") { _ in log }
    )
    let seconds = setup.options.number("seconds", default: 5)
    let rounds = setup.options.number("rounds", default: 3)
    let stopwatch = Stopwatch()
    // Warm: pages, statements, the connection to the receiver.
    _ = try await host.round(seconds: 1) { db, _ in try dispatcher.emit(setup.event(for: 0), in: db) }
    var ratios: [Double] = []
    var (without, with) = (0.0, 0.0)
    for _ in 0..<rounds {
        let alone = try await host.round(seconds: seconds) { _, _ in nil }
        let run = Task { try await dispatcher.run() }
        // What is committed while it starts waits for that.
        try await Task.sleep(for: .milliseconds(300))
        let beside = try await host.round(seconds: seconds) { db, _ in
            try dispatcher.emit(setup.event(for: 0), in: db)
        }
        without += alone
        with += beside
        ratios.append(beside / alone)
        try await host.settle(dispatcher)
        dispatcher.shutDown()
        try await run.value
    }
    // At rest, while the dispatcher runs.
    let run = Task { try await dispatcher.run() }
    try await Task.sleep(for: .seconds(4))
    let resting = (try? FileManager.default.attributesOfItem(atPath: setup.store.path + "-wal")[.size] as? Int) ?? 0
    dispatcher.shutDown()
    try await run.value
    let delays = try host.delays()
    var outcome = stopwatch.outcome(deliveries: delays.count)
    outcome["emitted"] = Double(host.emitted)
    let delivered = setup.store.number("SELECT count(*) FROM webhooks_deliveries WHERE state = 3")
    outcome["missing"] = Double(host.emitted - delivered)
    outcome["p50ms"] = Host.percentile(50, of: delays)
    outcome["p99ms"] = Host.percentile(99, of: delays)
    outcome["hostRowsWithout"] = without / Double(rounds)
    outcome["hostRowsWith"] = with / Double(rounds)
    outcome["hostRatio"] = ratios.sorted()[ratios.count / 2]
    outcome["restingLogMiB"] = Double(resting) / 1_048_576
    outcome.print()
}

/// The host's side: its tables and tasks.
private final class Host: Sendable {
    let database: DatabasePool
    private let rate: Int
    private let commits = Mutex<[String: Int64]>([:])

    /// Events whose commit the host has seen.
    var emitted: Int { commits.withLock(\.count) }

    init(_ setup: Setup) throws {
        try FileManager.default.createDirectory(
            atPath: (setup.store.path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        rate = setup.options.number("rate", default: 50)
        database = try DatabasePool(path: setup.store.path)
        // Both rounds are as durable.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        var migrator = DatabaseMigrator()
        migrator.registerWebhooks()
        migrator.registerMigration("host") { db in
            try db.execute(sql: "CREATE TABLE progress (id INTEGER PRIMARY KEY, student INTEGER, note TEXT)")
            try db.execute(sql: "CREATE TABLE enrolments (id INTEGER PRIMARY KEY, student INTEGER)")
        }
        try migrator.migrate(database)
    }

    /// Lets the host work for a time.
    ///
    /// - Parameter emit: adds an event to a transaction.
    /// - Returns: the rows a second that its two tasks have committed.
    func round(
        seconds: Int,
        _ emit: @escaping @Sendable (Database, Int) throws -> EmitReceipt?
    ) async throws -> Double {
        let start = Instant.now
        let end = start + UInt64(seconds) * 1_000_000_000
        let rows = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 { group.addTask { try await self.writeRows(until: end) } }
            group.addTask { try await self.enrol(from: start, until: end, emit) }
            return try await group.reduce(0, +)
        }
        return Double(rows) / Instant.now.seconds(since: start)
    }

    private func writeRows(until end: Instant) async throws -> Int {
        var rows = 0
        while Instant.now < end {
            try await database.write { db in
                let insert = try db.cachedStatement(sql: "INSERT INTO progress (student, note) VALUES (?, ?)")
                for number in 0..<500 { try insert.execute(arguments: [number, "has read a page of the course"]) }
            }
            rows += 500
        }
        return rows
    }

    /// Commits at fixed times, or as soon as the one before is through.
    private func enrol(
        from start: Instant,
        until end: Instant,
        _ emit: @escaping @Sendable (Database, Int) throws -> EmitReceipt?
    ) async throws -> Int {
        for number in 0... {
            let instant = start + UInt64(number) * 1_000_000_000 / UInt64(rate)
            if instant >= end { break }
            if Instant.now < instant {
                try await Task.sleep(for: .nanoseconds(Int64(instant.nanoseconds - Instant.now.nanoseconds)))
            }
            try await database.write { [self] db in
                try db.execute(sql: "INSERT INTO enrolments (student) VALUES (?)", arguments: [number])
                guard let receipt = try emit(db, number) else { return }
                db.afterNextTransaction { [self] _ in
                    let now = Timestamp.now.milliseconds
                    commits.withLock { $0[receipt.event.id] = now }
                }
            }
        }
        return 0
    }

    /// Waits until all is delivered, for a minute at most.
    func settle(_ dispatcher: WebhookDispatcher) async throws {
        for _ in 0..<600 {
            let waiting = try await database.read { db in
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT (SELECT count(*) FROM webhooks_pending)
                            + (SELECT count(*) FROM webhooks_deliveries WHERE state < 3)
                        """
                ) ?? 0
            }
            if waiting == 0 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Milliseconds from each commit to the start of its first attempt, those of the warm-up left out.
    func delays() throws -> [Double] {
        let starts = try database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT e.event_id, a.started_at FROM webhooks_attempts a
                    JOIN webhooks_deliveries d ON d.id = a.delivery JOIN webhooks_events e ON e.id = d.event
                    WHERE a.number = 1 AND d.id > (SELECT min(id) + ? FROM webhooks_deliveries)
                    """,
                arguments: [rate]
            )
        }
        let commits = commits.withLock(\.self)
        return starts.compactMap { row in
            let (id, start): (String, Int64) = (row[0], row[1])
            return commits[id].map { Double(start - $0) }
        }
    }

    static func percentile(_ percent: Int, of values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        return values.sorted()[min(values.count - 1, values.count * percent / 100)]
    }
}
