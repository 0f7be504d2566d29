import WebhookCore
import WebhookSimulation

/// Starts host processes one after the other, at leisure or without pause; some are killed.
struct Host {
    let bench: Workbench
    let stop: Stop
    /// This program, which is the host where its first argument says so.
    let program: String
    var random: SeededGenerator
    private var number = 0

    init(bench: Workbench, stop: Stop, program: String, random: SeededGenerator) {
        self.bench = bench
        self.stop = stop
        self.program = program
        self.random = random
    }

    mutating func run() async throws {
        while !stop.isOver {
            try await process()
            await stop.sleep(milliseconds: random.pick(0...1000))
        }
    }

    private mutating func process() async throws {
        await bench.gate.enter()
        defer { bench.gate.leave() }
        number += 1
        let pause = random.chance(20) ? 0 : 40
        let length = random.pick(200...3000)
        let process = try bench.start(
            [
                "host", bench.storePath, "\(number)", "\(random.pick(1...1_000_000))", "\(length)", "\(pause)",
            ],
            program: program,
            limit: .seconds(60)
        )
        let isKilled = random.chance(40)
        if isKilled {
            _ = try? await process.command.kill(after: .milliseconds(random.pick(0...length)))
            bench.ledger.count("kills")
        }
        let exit = await process.command.exit()
        note(process, exit, isKilled: isKilled)
    }

    private func note(_ process: Workbench.Process, _ exit: Command.Exit, isKilled: Bool) {
        let now = bench.ledger.now
        // A line that was cut off has no end.
        let ids = process.command.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init
        )
        let fact = CommandFact(
            name: "the host's process",
            interval: Interval(start: process.startedAt, end: now),
            exit: exit,
            bound: .seconds(50),
            allowed: [0],
            wasSignalled: isKilled,
            errors: String(process.command.errors.suffix(400))
        )
        bench.ledger.update { history in
            history.commands.append(fact)
            history.hostCommits.formUnion(ids)
            for id in ids {
                // When exactly it was committed is not known here: within its process's life.
                history.emits[id] = EmitFact(topic: Topic.hosted, startedAt: .zero, acknowledgedAt: now)
            }
        }
        process.removeFiles()
    }
}
