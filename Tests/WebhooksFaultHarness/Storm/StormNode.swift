import Glibc
import WebhookCore
import WebhookSimulation

/// One of several dispatchers on a database, started again and again: killed, stopped past its lease, or told to end.
struct StormNode {
    let name: String
    /// Its file; another may have a newer one.
    let configuration: String
    let bench: Workbench
    let stop: Stop
    var random: SeededGenerator

    private static let bound = Duration.seconds(60)

    mutating func run() async throws {
        while !stop.isOver {
            let process = try bench.start(["run"], configuration: configuration, limit: .seconds(3600 * 1000))
            try await live(process)
            await stop.sleep(milliseconds: random.pick(0...1500))
        }
    }

    private mutating func live(_ process: Workbench.Process) async throws {
        while true {
            await stop.sleep(milliseconds: random.pick(500...8000))
            guard !process.command.hasEnded else { return await ended(process, "run (\(name))", from: nil) }
            switch stop.isOver ? 60 : random.pick(0...99) {
            case ..<35:
                bench.ledger.count("kills of a dispatcher")
                process.command.send(SIGKILL)
                return await ended(process, "run (\(name), killed)", from: bench.ledger.now, bySignal: true)
            case ..<65:
                bench.ledger.count("ends of a dispatcher")
                process.command.send(SIGTERM)
                return await ended(process, "run (\(name), told to end)", from: bench.ledger.now)
            default: await pause(process)
            }
        }
    }

    /// Mostly past the lease: others serve then what it served.
    private mutating func pause(_ process: Workbench.Process) async {
        let isLong = random.chance(70)
        bench.ledger.count(isLong ? "stops past the lease" : "stops")
        process.command.send(SIGSTOP)
        await stop.sleep(milliseconds: isLong ? random.pick(2500...7000) : random.pick(50...1500))
        process.command.send(SIGCONT)
    }

    private func ended(_ process: Workbench.Process, _ what: String, from: Instant?, bySignal: Bool = false) async {
        let exit = await process.command.exit()
        let now = bench.ledger.now
        let errors = process.command.errors
        if from == nil { bench.ledger.count("dispatchers that ended by themselves") }
        let fact = CommandFact(
            name: what,
            interval: Interval(start: from ?? now - .seconds(5), end: now),
            exit: exit,
            bound: Self.bound,
            allowed: [0],
            wasSignalled: bySignal,
            errors: String(errors.suffix(400))
        )
        bench.ledger.update { $0.commands.append(fact) }
        process.removeFiles()
    }
}
