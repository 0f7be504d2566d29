import Glibc
import WebhookCore
import WebhookReceiver
import WebhookSimulation

/// Subscriptions that one file alone has: its dispatcher is killed for good while something of them is under way, and the event
/// has to be erased all the same. Again and again.
struct StormStranding {
    let bench: Workbench
    let database: StormDatabase
    let stop: Stop
    /// Answers nothing in time.
    let receiver: Receiver
    var random: SeededGenerator
    private var count = 0

    private static let topic = "storm.stranded"
    private static let names = ["stranded", "stranded-once"]
    /// The longest that the others may take, whatever happens to them meanwhile.
    private static let bound = Duration.seconds(120)

    init(bench: Workbench, database: StormDatabase, stop: Stop, random: SeededGenerator) throws {
        (self.bench, self.database, self.stop, self.random) = (bench, database, stop, random)
        receiver = try Receiver { _ in .noContent.after(.seconds(60)) }
    }

    private var configuration: String { bench.folder + "/stranded.yaml" }

    /// - Parameter receivers: of what all files have.
    mutating func run(_ receivers: StormReceivers) async throws {
        defer { receiver.stop() }
        let entries = Self.names.map { name in
            let mode = name == Self.names[0] ? "retry" : "single-shot"
            return """
                  - { name: \(name), url: "\(receiver.url)/\(name)", topics: [\(Self.topic)], secrets: [\(Subscriptions.secret)], \
                delivery: { mode: \(mode), timeout: 60s } }
                """
        }
        let all = [StormSubscriptions.yaml(receivers)] + entries
        bench.write(database.configuration(subscriptions: all.joined(separator: "\n")), to: configuration)
        while !stop.isOver {
            count += 1
            try await strand("stranded-\(count)")
            await stop.sleep(milliseconds: random.pick(500...5000))
        }
    }

    private func strand(_ id: String) async throws {
        let node = try bench.start(["run"], configuration: configuration, limit: .seconds(600))
        let emit = ["emit", Self.topic, "--data", EventData.text(id), "--id", id, "--detach"]
        var isStored = false
        let end = ContinuousClock.now + .seconds(60)
        while !isStored, .now < end, !stop.isOver { isStored = try await command(emit).exit == .code(0) }
        while isStored, .now < end, !stop.isOver, !node.command.hasEnded, requests(id).count < Self.names.count {
            // Another node may have matched the event, which doesn't know them.
            for name in Self.names {
                _ = try await command(["retrigger", id, "--missing", "--subscription", name, "--detach"])
            }
        }
        if requests(id).count == Self.names.count {
            bench.ledger.count("kills of the only one that knows a subscription")
        }
        node.command.send(SIGKILL)
        _ = await node.command.exit()
        node.removeFiles()
        if isStored { try await erase(id) }
    }

    /// Until it is done, by commands that know nothing of the subscriptions.
    private func erase(_ id: String) async throws {
        let end = ContinuousClock.now + Self.bound
        while true {
            let result = try await command(["expunge", id, "--cancel", "--yes"], bench.stableConfiguration)
            if result.exit == .code(0) { break }
            guard .now < end else {
                let text = "\(id) can't be erased: \(result.exit): \(result.output.suffix(200))"
                return bench.ledger.add(Violation(.open, text))
            }
            try await Task.sleep(for: .milliseconds(300))
        }
        bench.ledger.count("events erased after that")
        let targets = requests(id)
        if Set(targets).count < targets.count {
            bench.ledger.add(Violation(.doubled, "\(id) came twice, and nobody was there to send it again"))
        }
    }

    /// The targets of an event's requests.
    private func requests(_ id: String) -> [String] {
        receiver.requests.filter { $0.header("webhook-id") == id }.map(\.target)
    }

    private func command(_ words: [String], _ file: String? = nil) async throws -> Workbench.Result {
        let process = try bench.start(words, configuration: file ?? configuration, limit: .seconds(60))
        let exit = await process.command.exit()
        let output = process.command.output + process.command.errors
        process.removeFiles()
        return Workbench.Result(exit: exit, output: output)
    }
}
