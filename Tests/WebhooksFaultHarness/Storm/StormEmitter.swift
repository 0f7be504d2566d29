import WebhookCore
import WebhookSimulation

/// Emits by the command line and in SQL, one process after the other.
struct StormEmitter {
    let name: String
    let topic: String
    let bench: Workbench
    let database: StormDatabase
    let stop: Stop
    var random: SeededGenerator
    private var count = 0

    init(
        name: String,
        topic: String,
        bench: Workbench,
        database: StormDatabase,
        stop: Stop,
        random: SeededGenerator
    ) {
        (self.name, self.topic, self.bench, self.database, self.stop) = (name, topic, bench, database, stop)
        self.random = random
    }

    private static let bound = Duration.seconds(60)

    mutating func run() async throws {
        while !stop.isOver {
            switch random.pick(0...99) {
            case ..<25: try await single()
            case ..<45: try await batch()
            default: try await inSQL(commits: !random.chance(20))
            }
            await stop.sleep(milliseconds: random.pick(100...700))
        }
    }

    private mutating func begin(_ number: Int, isBatch: Bool = false) -> [String] {
        let ids = (1...number).map { "\(name)-\(count + $0)" }
        count += number
        let now = bench.ledger.now
        bench.ledger.update { [topic] history in
            for (line, id) in ids.enumerated() {
                let place = isBatch ? BatchPlace(batch: ids[0], line: line) : nil
                history.emits[id] = EmitFact(topic: topic, startedAt: now, batch: place)
            }
        }
        return ids
    }

    private func acknowledge(_ ids: [String]) {
        let now = bench.ledger.now
        bench.ledger.update { history in for id in ids { history.emits[id]?.acknowledgedAt = now } }
    }

    private mutating func single() async throws {
        let id = begin(1)[0]
        let form = random.chance(50) ? ["--detach"] : ["--wait", "1s"]
        let result = try await bench.run(
            "emit \(form[0])",
            ["emit", topic, "--data", EventData.text(id, padding: random.pick(0...500)), "--id", id] + form,
            bound: Self.bound,
            allowed: [0, 1]
        )
        if result.exit == .code(0) || result.exit == .code(1) { acknowledge([id]) }
    }

    private mutating func batch() async throws {
        let ids = begin(random.pick(2...15), isBatch: true)
        let lines = ids.map { #"{"topic":"\#(topic)","id":"\#($0)","data":\#(EventData.text($0))}"# }
        let result = try await bench.run(
            "emit --batch --detach",
            ["emit", "--batch", "-", "--json", "--detach"],
            input: lines.joined(separator: "\n"),
            bound: Self.bound
        )
        acknowledge(result.exit == .code(0) ? ids : Emitter.printed(result.output))
    }

    /// In a transaction of the application's own, which commits or not.
    private mutating func inSQL(commits: Bool) async throws {
        let ids = begin(random.pick(1...4))
        if !commits { bench.ledger.update { $0.refused.formUnion(ids) } }
        let calls = ids.map { id in
            "SELECT \(database.schema).emit(topic => '\(topic)', data => '\(EventData.text(id))', id => '\(id)');"
        }
        let statement = "BEGIN; \(calls.joined(separator: " ")) \(commits ? "COMMIT" : "ROLLBACK")"
        let words = ["timeout", "20"] + database.psql(statement)
        let process = try bench.start(words, program: "/usr/bin/env", limit: .seconds(30))
        let exit = await process.command.exit()
        process.removeFiles()
        bench.ledger.count(commits ? "SQL commits" : "SQL rollbacks")
        if commits, exit == .code(0) { acknowledge(ids) }
    }
}
