import Foundation
import GRDB

/// The end of a round: everything is delivered to receivers that behave now, and the record is read.
struct Settlement {
    let bench: Workbench
    let stop: Stop

    private static let bound = Duration.seconds(300)

    func settle() async throws -> Record {
        // The last of what is due later.
        try await Task.sleep(for: .seconds(4))
        for _ in 0..<2 {
            try await run("resume coming", ["resume", "coming"], allowed: [0, 1])
            try await run("enable hostile", ["enable", "hostile"])
            // Waits for a day, as its receiver has asked.
            try await run("cancel --subscription hostile", ["cancel", "--subscription", "hostile"], allowed: [0, 1])
            // What a killed process has left in flight can be cancelled once it has been recovered.
            try await run("run --until-idle", ["run", "--until-idle"], allowed: [0, 1])
        }
        try await run("cancel --subscription hostile", ["cancel", "--subscription", "hostile"], allowed: [0, 1])
        try await run("run --until-settled", ["run", "--until-settled"], allowed: [0, 1])
        let check = try await run("check", ["check"], allowed: [0, 1, 69])
        if check.exit != .code(0) {
            bench.ledger.add(Violation(.damaged, "check: \(check.exit): \(check.output.suffix(400))"))
        }
        return try await record()
    }

    @discardableResult
    private func run(_ name: String, _ arguments: [String], allowed: Set<Int32> = [0]) async throws -> Workbench.Result
    {
        let guardian = Task { [bench, stop] in
            while !Task.isCancelled {
                if stop.isStoppedNow { bench.group.end() }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        defer { guardian.cancel() }
        if stop.isStoppedNow { throw CancellationError() }
        let result = try await bench.run(name, arguments, bound: Self.bound, allowed: allowed)
        if stop.isStoppedNow { throw CancellationError() }
        return result
    }

    private func record() async throws -> Record {
        let export = try await run("export --format jsonl", ["export", "--format", "jsonl"])
        let decoder = JSONDecoder()
        var record = Record()
        record.deliveries = try export.output.split(separator: "\n").map {
            try decoder.decode(Record.Delivery.self, from: Data($0.utf8))
        }
        let count: Int
        (record.events, record.hostRows, count) = try bench.read { database in
            let hasHost = try database.tableExists("orders")
            return (
                try String.fetchAll(database, sql: "SELECT event_id FROM webhooks_events ORDER BY id"),
                hasHost ? try String.fetchSet(database, sql: "SELECT id FROM orders") : [],
                try Int.fetchOne(database, sql: "SELECT count(*) FROM webhooks_deliveries") ?? 0
            )
        }
        if count != record.deliveries.count {
            bench.ledger.add(
                Violation(.damaged, "export has \(record.deliveries.count) deliveries, the store \(count)")
            )
        }
        record.walBytes = ProcessUsage.size(bench.walPath)
        return record
    }

    /// Deletes everything, and looks whether that is what is left.
    func prune() async throws {
        try await Task.sleep(for: .milliseconds(10))
        try await run("prune --older-than 0s", ["prune", "--older-than", "0s", "--yes"])
        try await run("check (of what is left)", ["check"])
        let left = try await run("export (of what is left)", ["export", "--format", "csv"]).output
            .split(separator: "\n").dropFirst().filter { !$0.contains(",hostile,") }
        if let first = left.first {
            bench.ledger.add(Violation(.open, "\(left.count) deliveries were not pruned: \(first)"))
        }
    }
}
