import Foundation
import Glibc
import WebhookCore

/// The beginning and the end of a storm: the store is made; everything is delivered, and the record is read.
struct StormSettlement {
    let bench: Workbench
    let database: StormDatabase
    let stop: Stop
    let bound: Duration

    /// Makes the store, so that the first emit in SQL finds its function.
    func prepare() async throws {
        let id = "first"
        let result = try await bench.run(
            "emit (the first)",
            ["emit", "storm.first", "--data", EventData.text(id), "--id", id, "--detach"],
            bound: .seconds(60)
        )
        guard result.exit == .code(0) else { throw Problem("the store can't be made: \(result.exit)") }
    }

    func settle() async throws -> Record {
        var nodes: [Workbench.Process] = []
        for _ in 0..<2 { nodes.append(try bench.start(["run"], limit: bound + .seconds(300))) }
        let end = ContinuousClock.now + bound
        while try await sql(Self.open(database.schema)) != "0", .now < end {
            try await Task.sleep(for: .milliseconds(300))
        }
        for node in nodes {
            node.command.send(SIGTERM)
            let begun = bench.ledger.now
            let exit = await node.command.exit()
            let fact = CommandFact(
                name: "run (at the end)",
                interval: Interval(start: begun, end: bench.ledger.now),
                exit: exit,
                bound: .seconds(30),
                allowed: [0],
                errors: String(node.command.errors.suffix(400))
            )
            bench.ledger.update { $0.commands.append(fact) }
        }
        let check = try await bench.run("check", ["check"], bound: .seconds(300), allowed: [0, 1, 69])
        if check.exit != .code(0) {
            bench.ledger.add(Violation(.damaged, "check: \(check.exit): \(check.output.suffix(400))"))
        }
        return try await record()
    }

    /// Events that wait for their fan-out, and deliveries that have not settled.
    private static func open(_ schema: String) -> String {
        """
        SELECT (SELECT count(*) FROM \(schema).pending) + count(*) FROM \(schema).deliveries WHERE settled_at IS NULL
        """
    }

    private func record() async throws -> Record {
        var record = Record()
        let export = try await bench.run("export", ["export", "--format", "jsonl"], bound: .seconds(300))
        let decoder = JSONDecoder()
        record.deliveries = try export.output.split(separator: "\n").map {
            try decoder.decode(Record.Delivery.self, from: Data($0.utf8))
        }
        record.events = try await sql("SELECT event_id FROM \(database.schema).events ORDER BY id")
            .split(separator: "\n").map(String.init)
        let waiting = try await sql("SELECT count(*) FROM \(database.schema).pending")
        if waiting != "0" { bench.ledger.add(Violation(.open, "\(waiting) events were never matched")) }
        let unequal = try await sql(
            """
            SELECT count(*) FROM \(database.schema).deliveries d
            WHERE attempts <> (SELECT count(*) FROM \(database.schema).attempts a WHERE a.delivery = d.id)
            """
        )
        if unequal != "0" {
            bench.ledger.add(Violation(.damaged, "\(unequal) deliveries have attempts that are not on record"))
        }
        return record
    }

    /// Runs a statement, also where the server is just coming back.
    private func sql(_ statement: String) async throws -> String {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            if stop.isStoppedNow { throw CancellationError() }
            let process = try bench.start(database.psql(statement), program: "/usr/bin/env", limit: .seconds(60))
            let exit = await process.command.exit()
            let (output, errors) = (process.command.output, process.command.errors)
            process.removeFiles()
            if exit == .code(0) { return output.trimmingCharacters(in: .whitespacesAndNewlines) }
            guard .now < end else { throw Problem("psql failed: \(exit): \(errors)") }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    func removeSchema() async { _ = try? await sql("DROP SCHEMA IF EXISTS \(database.schema) CASCADE") }
}
