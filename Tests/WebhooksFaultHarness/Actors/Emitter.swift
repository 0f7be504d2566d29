import Foundation
import WebhookCore
import WebhookSimulation

/// Emits in every form, one process after the other; some are killed on the way.
struct Emitter {
    let name: String
    let bench: Workbench
    let stop: Stop
    var random: SeededGenerator
    /// The clock of some of its processes; `nil`: the right one.
    let clock: ClockShim?
    private var count = 0
    /// Ids that were acknowledged, to emit again.
    private var known: [String] = []

    init(name: String, bench: Workbench, stop: Stop, random: SeededGenerator, clock: ClockShim?) {
        self.name = name
        self.bench = bench
        self.stop = stop
        self.random = random
        self.clock = clock
    }

    /// The environment of a process whose clock is wrong by an hour or by weeks.
    private mutating func clockEnvironment() -> [String] {
        guard let clock, random.chance(40) else { return [] }
        let hour: Int64 = 3600
        clock.set(seconds: random.pick([-480 * hour, -hour, hour, 480 * hour]) ?? 0)
        bench.ledger.count("wrong clocks")
        return clock.environment
    }

    static let bound = Duration.seconds(60)

    mutating func run() async throws {
        while !stop.isOver {
            switch random.pick(0...99) {
            case ..<25: try await single(["--wait", "3s"])
            case ..<45: try await single(["--detach"])
            case ..<50: try await single(["--detach", "--test"])
            case ..<58: try await later()
            case ..<75: try await batch(["--wait", "3s"])
            case ..<85: try await batch(["--detach"])
            case ..<89: try await badBatch()
            case ..<91: try await again()
            case ..<93: try await together()
            case ..<95: try await single(["--detach"], topic: Topic.poison)
            case ..<96: try await single(["--detach"], padding: random.pick(100_000...2_000_000))
            default: await stop.sleep(milliseconds: random.pick(0...500))
            }
            await stop.sleep(milliseconds: random.pick(0...60))
        }
    }

    private mutating func nextID() -> String {
        count += 1
        return "\(name)-\(count)"
    }

    private mutating func killTime() -> Duration? {
        guard random.chance(15) else { return nil }
        bench.ledger.count("kills")
        return .milliseconds(random.pick(0...500))
    }

    private func begin(_ ids: [String], topic: String, batch: String? = nil) {
        let now = bench.ledger.now
        bench.ledger.update { history in
            for (line, id) in ids.enumerated() {
                let place = batch.map { BatchPlace(batch: $0, line: line) }
                history.emits[id] = EmitFact(topic: topic, startedAt: now, batch: place)
            }
        }
    }

    private mutating func acknowledge(_ ids: [String]) {
        let now = bench.ledger.now
        bench.ledger.update { history in
            for id in ids where history.emits[id]?.acknowledgedAt == nil { history.emits[id]?.acknowledgedAt = now }
        }
        known += ids
        if known.count > 1000 { known.removeFirst(known.count - 1000) }
    }

    /// Tells whether an exit means that the events are durable.
    private static func isDurable(_ exit: Command.Exit) -> Bool { exit == .code(0) || exit == .code(1) }

    private mutating func single(_ form: [String], topic: String = Topic.plain, padding: Int? = nil) async throws {
        let id = nextID()
        let data =
            topic == Topic.poison ? EventData.poison(id) : EventData.text(id, padding: padding ?? random.pick(0...500))
        begin([id], topic: topic)
        let isInput = data.utf8.count > 1000 || random.chance(50)
        let result = try await bench.run(
            "emit \(topic) \(form.joined(separator: " "))",
            ["emit", topic, "--data", isInput ? "-" : data, "--id", id] + form,
            input: isInput ? data : nil,
            environment: clockEnvironment(),
            bound: Self.bound,
            allowed: form.contains("--detach") ? [0] : [0, 1],
            killedAfter: killTime()
        )
        if Self.isDurable(result.exit) { acknowledge([id]) }
    }

    /// Due in a time; some are cancelled at about that time.
    private mutating func later() async throws {
        let id = nextID()
        let milliseconds = random.pick(50...3000)
        begin([id], topic: Topic.later)
        let isCancelled = random.chance(30)
        if isCancelled { bench.ledger.update { $0.emits[id]?.mayBeCancelled = true } }
        let due = Date(timeIntervalSinceNow: Double(milliseconds) / 1000).formatted(.iso8601)
        let form = random.chance(50) ? ["--in", "\(milliseconds)ms"] : ["--deliver-at", due]
        let result = try await bench.run(
            "emit \(Topic.later) \(form[0])",
            ["emit", Topic.later, "--data", EventData.text(id), "--id", id] + form,
            bound: Self.bound,
            killedAfter: killTime()
        )
        guard Self.isDurable(result.exit) else { return }
        acknowledge([id])
        guard isCancelled else { return }
        await stop.sleep(milliseconds: random.pick(0...milliseconds))
        try await bench.run("cancel EVENT", ["cancel", id], bound: Self.bound, allowed: [0, 1])
    }

    private mutating func batch(_ form: [String]) async throws {
        let ids = (0..<random.pick(2...80)).map { _ in nextID() }
        begin(ids, topic: Topic.plain, batch: ids[0])
        let lines = ids.map { #"{"topic":"\#(Topic.plain)","id":"\#($0)","data":\#(EventData.text($0))}"# }
        let file = "\(bench.folder)/batch-\(name).jsonl"
        let isFile = random.chance(30)
        if isFile { bench.write(lines.joined(separator: "\n"), to: file) }
        let result = try await bench.run(
            "emit --batch \(form.joined(separator: " "))",
            ["emit", "--batch", isFile ? file : "-", "--json"] + form,
            input: isFile ? nil : lines.joined(separator: "\n"),
            environment: clockEnvironment(),
            bound: Self.bound,
            allowed: form.contains("--detach") ? [0] : [0, 1],
            killedAfter: killTime()
        )
        acknowledge(Self.isDurable(result.exit) ? ids : Self.printed(result.output))
    }

    /// A batch with a line that isn't an event, with and without `--keep-going`.
    private mutating func badBatch() async throws {
        let ids = (0..<random.pick(2...10)).map { _ in nextID() }
        let keepsGoing = random.chance(50)
        begin(ids, topic: Topic.plain)
        var lines = ids.map { #"{"topic":"\#(Topic.plain)","id":"\#($0)","data":\#(EventData.text($0))}"# }
        lines.insert(#"{"topic":"\#(Topic.plain)","data":"#, at: random.pick(0...lines.count))
        if !keepsGoing { bench.ledger.update { $0.refused.formUnion(ids) } }
        let result = try await bench.run(
            "emit --batch\(keepsGoing ? " --keep-going" : "") (a bad line)",
            ["emit", "--batch", "-", "--detach"] + (keepsGoing ? ["--keep-going"] : []),
            input: lines.joined(separator: "\n"),
            bound: Self.bound,
            allowed: [65]
        )
        if keepsGoing, result.exit == .code(65) { acknowledge(ids) }
    }

    /// An id once more: with the same content it is the same event, with other content it is refused.
    private mutating func again() async throws {
        guard let id = random.pick(known), id.hasPrefix(name) else { return }
        guard let emit = bench.ledger.snapshotOfEmit(id), emit.topic == Topic.plain else { return }
        try await bench.run(
            "emit (a known id, other content)",
            ["emit", Topic.plain, "--data", #"{"marker":"<\#(id)>","other":true}"#, "--id", id, "--detach"],
            bound: Self.bound,
            allowed: [65]
        )
    }

    /// The same event by several processes at once: it is stored and sent once.
    private mutating func together() async throws {
        let id = nextID()
        begin([id], topic: Topic.plain)
        let bench = bench
        let form = random.chance(50) ? ["--detach"] : ["--wait", "3s"]
        let exits = try await withThrowingTaskGroup(of: Command.Exit.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await bench.run(
                        "emit (one id by three at once) \(form[0])",
                        ["emit", Topic.plain, "--data", EventData.text(id), "--id", id] + form,
                        bound: Self.bound,
                        allowed: [0, 1]
                    ).exit
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        if exits.contains(where: Self.isDurable) { acknowledge([id]) }
    }

    /// The events that a batch has printed before it was killed: what is printed is durable.
    static func printed(_ output: String) -> [String] {
        struct Line: Decodable {
            struct Event: Decodable { var id: String }
            var event: Event
        }
        // The last line may be cut off.
        return output.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Line.self, from: Data($0.utf8)).event.id
        }
    }
}

extension Ledger {
    func snapshotOfEmit(_ id: String) -> EmitFact? { update { $0.emits[id] } }
}
