import Glibc
import WebhookCore
import WebhookSimulation

/// Runs one dispatcher after the other: each lives for a while, is reloaded, stopped and continued, and is then killed,
/// drained or interrupted.
struct Dispatchers {
    /// The way in which they live.
    struct Habits: Sendable {
        /// For how long, in milliseconds.
        var life: ClosedRange<Int>
        /// The percentage of them that are killed rather than drained.
        var killPercent: Int
        /// The percentage of starts that get a signal.
        var startPercent = 20
        /// True when something happens to them meanwhile.
        var trouble: Bool
        /// True when their files are taken away.
        var sabotage: Bool
    }

    let bench: Workbench
    let stop: Stop
    let habits: Habits
    let receivers: Subscriptions.Receivers
    var random: SeededGenerator
    /// Their clock; `nil`: the right one.
    var clock: ClockShim?

    static let grace = Duration.seconds(2)
    static let bound = Duration.seconds(60)

    mutating func run() async throws {
        while !stop.isOver {
            writeConfiguration()
            let process = try bench.start(
                ["run"],
                configuration: bench.changingConfiguration,
                environment: clock?.environment ?? [],
                limit: .seconds(7200)
            )
            var death = Death()
            if random.chance(habits.startPercent) {
                // At any time of the start.
                await stop.sleep(milliseconds: random.pick(0...300))
                if random.chance(40), await handlesSignals(process) { process.command.send(SIGHUP) }
                if random.chance(60) { death = end(process) }
            }
            if death.at == nil, await hasBegun(process, &death) {
                let index = beginWorking()
                try await live(process, &death)
                let at = death.at ?? bench.ledger.now
                bench.ledger.update { $0.dispatching[index].end = at }
            }
            if death.at == nil { death = end(process) }
            let exit = await process.command.exit()
            note(process, exit, death)
            await stop.sleep(milliseconds: random.chance(30) ? 0 : random.pick(0...1500))
        }
    }

    /// Waits until a process sees to its signals, or should: until then every program dies of them. Whether it is there
    /// still. Looks again and again, for the kernel tells nobody of a change of this kind.
    private func handlesSignals(_ process: Workbench.Process) async -> Bool {
        let patience = ContinuousClock.now + .seconds(20)
        while !process.command.hasEnded {
            if ProcessUsage.handles(SIGHUP, process.command.processID) || ContinuousClock.now > patience { return true }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return false
    }

    /// The end of a dispatcher.
    private struct Death {
        var at: Instant?
        var allowed: Set<Int32> = [0]
        var bySignal = false
        var how = "run"
    }

    /// Kills it, or lets it drain.
    private mutating func end(_ process: Workbench.Process) -> Death {
        var death = Death(at: bench.ledger.now)
        if random.chance(habits.killPercent) {
            death.bySignal = true
            death.how = "run (killed)"
            bench.ledger.count("kills")
            process.command.send(SIGKILL)
        } else {
            bench.ledger.count("drains")
            death.how = "run (drained)"
            // Before its first instruction no signal is anybody's but the system's.
            death.bySignal = !ProcessUsage.handles(SIGTERM, process.command.processID)
            process.command.send(random.chance(70) ? SIGTERM : SIGINT)
            if random.chance(20) {
                death.allowed = [0, 128 + SIGTERM, 128 + SIGINT]
                process.command.send(SIGTERM)
            }
        }
        return death
    }

    private mutating func hasBegun(_ process: Workbench.Process, _ death: inout Death) async -> Bool {
        if await process.command.says("delivering", within: Self.bound) { return true }
        // Where it is still there, a disk that is full or a command that holds the lock holds it up rightly.
        if process.command.hasEnded { death.at = bench.ledger.now }
        return false
    }

    private func beginWorking() -> Int {
        let now = bench.ledger.now
        return bench.ledger.update { history in
            history.dispatching.append(Interval(start: now, end: .seconds(1_000_000)))
            return history.dispatching.count - 1
        }
    }

    private mutating func live(_ process: Workbench.Process, _ death: inout Death) async throws {
        let end = ContinuousClock.now + .milliseconds(random.pick(habits.life))
        var nextSample = ContinuousClock.now
        while !stop.isOver, ContinuousClock.now < end {
            if process.command.hasEnded {
                death.at = bench.ledger.now
                return
            }
            if ContinuousClock.now >= nextSample {
                nextSample += .seconds(1)
                let now = bench.ledger.now
                if let sample = ProcessUsage.sample(process.command.processID, wal: bench.walPath, at: now) {
                    bench.ledger.update { $0.samples.append(sample) }
                }
            }
            if random.chance(habits.trouble ? 50 : 5) { try await trouble(process) }
            if let clock, random.chance(15) { await shift(clock) }
            if habits.sabotage, random.chance(5) {
                try await sabotage(process, &death)
                if death.at != nil { return }
            }
            await stop.sleep(milliseconds: random.pick(50...400))
        }
        death = self.end(process)
    }

    private mutating func trouble(_ process: Workbench.Process) async throws {
        switch random.pick(0...9) {
        case 0, 1:
            process.command.send(SIGHUP)
            bench.ledger.count("reloads")
        case 2, 3, 4:
            writeConfiguration()
            bench.ledger.count("reloads")
            if random.chance(50) { process.command.send(SIGHUP) }
        case 5, 6: await breakConfiguration(process)
        case 7: await pause(process)
        default: try await second()
        }
    }

    /// Puts a valid configuration there: as a file of its own, or over the old one bit by bit.
    private mutating func writeConfiguration() {
        let text = Workbench.configuration(
            store: bench.storePath,
            subscriptions: Subscriptions.yaml(
                receivers,
                isRotated: random.chance(30),
                hasComing: random.chance(60)
            ),
            maxInFlight: random.pick([48, 64, 96]) ?? 64
        )
        bench.write(text, to: bench.changingConfiguration, atomically: random.chance(70))
    }

    private mutating func breakConfiguration(_ process: Workbench.Process) async {
        let broken = ["subscriptions: [", "nonsense: true\n", "", "store: sqlite:x\nsubscriptions:\n  - { name: a }\n"]
        if random.chance(20) {
            unlink(bench.changingConfiguration)
        } else {
            bench.write(random.pick(broken) ?? "", to: bench.changingConfiguration, atomically: random.chance(50))
        }
        bench.ledger.count("broken files")
        if random.chance(70) { process.command.send(SIGHUP) }
        await stop.sleep(milliseconds: random.pick(0...600))
        writeConfiguration()
    }

    /// Stops it, perhaps in the middle of a transaction, and lets it go on.
    private mutating func pause(_ process: Workbench.Process) async {
        let length = random.chance(80) ? random.pick(20...1500) : random.pick(2000...4000)
        bench.ledger.count("stops")
        await bench.ledger.disturbing {
            process.command.send(SIGSTOP)
            await stop.sleep(milliseconds: length)
            process.command.send(SIGCONT)
        }
    }

    /// Sets its clock wrong for a moment.
    private mutating func shift(_ clock: ClockShim) async {
        let day: Int64 = 86_400
        bench.ledger.count("wrong clocks")
        clock.set(seconds: random.pick([35 * day, -day, 3600, -3600]) ?? 0)
        await stop.sleep(milliseconds: random.pick(50...2000))
        clock.set(seconds: 0)
    }

    /// A second dispatcher has to say that there is one.
    private mutating func second() async throws {
        try await bench.run("run (beside another)", ["run"], bound: Self.bound, allowed: [69])
    }

    /// Takes one of its files away. It has to notice, and stop rather than go on with what nobody else sees.
    private mutating func sabotage(_ process: Workbench.Process, _ death: inout Death) async throws {
        let ending = random.pick(["-shm", ".lock", "-wal", ""]) ?? "-shm"
        // What holds data is put back afterwards, the rest is made again by whoever comes next.
        let isRequeued = ending == "" || ending == "-wal"
        guard access(bench.storePath + ending, F_OK) == 0, !process.command.hasEnded else { return }
        bench.ledger.count("lost files")
        let at: Instant? = await bench.alone {
            await bench.ledger.disturbing {
                let path = bench.storePath + ending
                if isRequeued { rename(path, path + ".away") } else { unlink(path) }
                defer { if isRequeued { rename(path + ".away", path) } }
                guard await process.command.exit(within: .seconds(60)) == nil else { return bench.ledger.now }
                bench.ledger.add(Violation(.unnoticed, "`run` went on for a minute after \(path) was removed"))
                process.command.send(SIGKILL)
                return bench.ledger.now
            }
        }
        death = Death(at: at, allowed: [69], how: "run (its \(ending == "" ? "store" : ending) was removed)")
    }

    private func note(_ process: Workbench.Process, _ exit: Command.Exit, _ death: Death) {
        let now = bench.ledger.now
        let errors = process.command.errors
        var allowed = death.allowed
        // One that cron has started was there first, also where this one was told to end meanwhile.
        if errors.contains("in use by another dispatcher"), !errors.contains("delivering") { allowed.insert(69) }
        // How long it took to end, once it was told to.
        let fact = CommandFact(
            name: death.how,
            interval: Interval(start: death.at ?? now, end: now),
            exit: exit,
            bound: Self.grace + Self.bound,
            allowed: allowed,
            wasSignalled: death.bySignal,
            errors: String(errors.suffix(400))
        )
        bench.ledger.update { $0.commands.append(fact) }
    }
}
