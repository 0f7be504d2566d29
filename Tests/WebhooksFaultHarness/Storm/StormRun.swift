import Foundation
import WebhookCore
import WebhookSimulation

/// A storm: its length, its seed, and its server.
package struct StormOptions: Sendable {
    package var length: Duration
    package var seed: UInt64
    /// The binary under test.
    package var binary: String
    /// The server, by its URL and its data.
    package var url: String
    package var data: String
    /// The folder in which the files of a failure are left.
    package var folder: String
    /// Dispatchers with the newest file, beside one with an older one.
    package var nodes = 3
    /// The longest that it may take to settle afterwards.
    package var settling: Duration = .seconds(300)

    package init(length: Duration, seed: UInt64, binary: String, url: String, data: String, folder: String) {
        (self.length, self.seed, self.binary) = (length, seed, binary)
        (self.url, self.data, self.folder) = (url, data, folder)
    }

    /// The time after which it has ended, whatever happens.
    package var lastMoment: Duration { length + settling + .seconds(300) }
}

/// Several dispatchers on one database in a storm of faults; then everything has to settle, and is held against what was
/// promised.
package struct StormRun {
    let options: StormOptions
    let stop: Stop
    let report: @Sendable (String) -> Void

    package init(_ options: StormOptions, stop: Stop, report: @escaping @Sendable (String) -> Void) {
        (self.options, self.stop, self.report) = (options, stop, report)
    }

    package func run() async throws -> Verdict {
        // A receiver whose peer is gone must not end with it.
        signal(SIGPIPE, SIG_IGN)
        let start = ContinuousClock.now
        let bench = try Workbench(
            folder: options.folder,
            storeFolder: options.folder,
            binary: options.binary,
            group: try ProcessGroup(mounts: [])
        )
        let schema = "storm_\(options.seed)"
        let database = StormDatabase(url: options.url, data: options.data, schema: schema)
        let receivers = try StormReceivers(bench.ledger)
        defer { receivers.stop() }
        let newest = database.configuration(subscriptions: StormSubscriptions.yaml(receivers))
        let older = database.configuration(subscriptions: StormSubscriptions.yaml(receivers, isOlder: true))
        bench.write(newest, to: bench.stableConfiguration)
        bench.write(older, to: bench.changingConfiguration)
        let settlement = StormSettlement(bench: bench, database: database, stop: stop, bound: options.settling)
        var verdict = Verdict(seed: options.seed)
        var violations: [Violation] = []
        do {
            try await settlement.prepare()
            try await storm(bench, database, receivers)
            if !stop.isStoppedNow {
                report("the storm is over: \(Verdict.counts(of: bench.ledger.snapshot))")
                let record = try await settlement.settle()
                let history = bench.ledger.snapshot
                violations = Checker(promises: StormSubscriptions.promises, history: history, record: record)
                    .violations()
            }
        } catch  where stop.isStoppedNow {
            // Somebody who is stopped on the way can't do what he wanted to.
        }
        let history = bench.ledger.snapshot
        if stop.isStoppedNow { violations = history.findings }
        verdict.add(Round.Outcome(violations: violations, history: history))
        verdict.elapsed = ContinuousClock.now - start
        verdict.end = stop.cause
        if violations.isEmpty {
            await settlement.removeSchema()
            try? FileManager.default.removeItem(atPath: options.folder)
        } else {
            verdict.artefacts = options.folder
            let text = violations.map(\.description).joined(separator: "\n") + "\n"
            bench.write(text, to: "\(options.folder)/violations.txt")
            bench.write(HistoryText.text(history), to: "\(options.folder)/history.txt")
        }
        return verdict
    }

    /// A generator for each of those who take part, so that none shifts the choices of the others.
    private func random(_ number: UInt64) -> SeededGenerator {
        SeededGenerator(seed: options.seed &+ number &* 0x9E37_79B9)
    }

    private func storm(_ bench: Workbench, _ database: StormDatabase, _ receivers: StormReceivers) async throws {
        let actors = Stop()
        actors.end(after: options.length)
        let seconds = Int(options.length.components.seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0...options.nodes {
                let isOlder = number == options.nodes
                let node = StormNode(
                    name: isOlder ? "older file" : "\(number + 1)",
                    configuration: isOlder ? bench.changingConfiguration : bench.stableConfiguration,
                    bench: bench,
                    stop: actors,
                    random: random(UInt64(number))
                )
                group.addTask {
                    var node = node
                    try await node.run()
                }
            }
            for number in 0..<3 {
                let emitter = StormEmitter(
                    name: "e\(number)",
                    topic: number == 0 ? StormSubscriptions.orderedTopic : Topic.plain,
                    bench: bench,
                    database: database,
                    stop: actors,
                    random: random(UInt64(100 + number))
                )
                group.addTask {
                    var emitter = emitter
                    try await emitter.run()
                }
            }
            let stranding = try StormStranding(bench: bench, database: database, stop: actors, random: random(300))
            group.addTask {
                var stranding = stranding
                try await stranding.run(receivers)
            }
            // Some twenty restarts in ten minutes, and no less in a short run than two.
            let server = StormServer(
                bench: bench,
                database: database,
                stop: actors,
                pause: max(1, min(15, seconds / 4))...max(2, min(40, seconds / 3)),
                random: random(200)
            )
            group.addTask { try await server.run() }
            group.addTask { [stop, report] in
                var next = ContinuousClock.now + .seconds(60)
                while !actors.isOver {
                    try? await Task.sleep(for: .milliseconds(200))
                    if stop.isStoppedNow || !bench.ledger.update({ $0.findings.isEmpty }) { actors.stop() }
                    if stop.isStoppedNow { bench.group.end() }
                    guard .now >= next else { continue }
                    next += .seconds(60)
                    report(Verdict.counts(of: bench.ledger.snapshot))
                }
            }
            do {
                try await group.waitForAll()
            } catch {
                actors.stop()
                throw error
            }
        }
    }
}
