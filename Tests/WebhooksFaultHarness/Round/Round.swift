import Foundation
import Synchronization
import WebhookCore
import WebhookReceiver
import WebhookSimulation

/// One round: a fresh store, a storm, a settlement, an audit.
struct Round {
    let plan: RoundPlan
    let bench: Workbench
    let disk: SmallDisk?
    let stop: Stop
    /// This program, as the host's process.
    let program: String

    struct Outcome {
        var violations: [Violation]
        var history: History
        /// The time that it took after its storm; `nil` where it was cut short before there was something to judge.
        var settlement: Duration?
    }

    func run() async throws -> Outcome {
        let servers = try Servers(plan, bench)
        defer { servers.stop() }
        bench.write(
            Workbench.configuration(store: bench.storePath, subscriptions: Subscriptions.yaml(servers.receivers)),
            to: bench.stableConfiguration
        )
        let actors = Stop()
        actors.end(after: plan.length)
        do {
            try await storm(servers, actors)
        } catch  where stop.isStoppedNow {
            // Somebody who is stopped on the way can't do what he wanted to.
        }
        // A round that is cut short has no end to be judged by.
        if stop.isStoppedNow {
            return Outcome(violations: bench.ledger.snapshot.findings, history: bench.ledger.snapshot)
        }
        let begin = bench.ledger.now
        let settlement = Settlement(bench: bench, stop: stop)
        disk?.free()
        servers.behave()
        let record: Record
        do {
            record = try await settlement.settle()
        } catch  where stop.isStoppedNow {
            return Outcome(violations: bench.ledger.snapshot.findings, history: bench.ledger.snapshot)
        }
        var history = bench.ledger.snapshot
        func broken(_ violations: (Checker) -> [Violation]) -> [Violation] {
            violations(Checker(promises: Subscriptions.promises, history: history, record: record))
                .filter { !plan.without.contains($0.kind.rawValue) }
        }
        var violations = broken { $0.violations() }
        if violations.isEmpty && !stop.isStoppedNow {
            do {
                try await settlement.prune()
                history = bench.ledger.snapshot
                violations = broken { $0.history.findings + $0.commanded() }
            } catch  where stop.isStoppedNow {
                // The judgement of what went before stands.
            }
        }
        return Outcome(violations: violations, history: history, settlement: bench.ledger.now - begin)
    }

    /// Everybody at once, until the time is over, somebody stops it, or a promise is broken.
    private func storm(_ servers: Servers, _ actors: Stop) async throws {
        let library = plan.shiftsClocks ? ClockShim.Library(folder: bench.folder) : nil
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (plan, bench) = (plan, bench)
            for number in 1...3 {
                group.addTask {
                    let name = "r\(plan.number)e\(number)"
                    var emitter = Emitter(
                        name: name,
                        bench: bench,
                        stop: actors,
                        random: plan.random(name),
                        clock: library.map { ClockShim($0, name: name) }
                    )
                    try await emitter.run()
                }
            }
            group.addTask {
                var dispatchers = Dispatchers(
                    bench: bench,
                    stop: actors,
                    habits: plan.habits,
                    receivers: servers.receivers,
                    random: plan.random("dispatchers"),
                    clock: library.map { ClockShim($0, name: "dispatcher") }
                )
                try await dispatchers.run()
            }
            group.addTask {
                var people = Operator(
                    bench: bench,
                    stop: actors,
                    random: plan.random("operator"),
                    prunes: !plan.shiftsClocks
                )
                try await people.run()
            }
            group.addTask { [program] in
                var host = Host(bench: bench, stop: actors, program: program, random: plan.random("host"))
                try await host.run()
            }
            if let disk, let pause = plan.fillPause {
                group.addTask {
                    var filler = DiskFiller(
                        disk: disk,
                        bench: bench,
                        stop: actors,
                        pauseSeconds: pause,
                        random: plan.random("disk")
                    )
                    try await filler.run()
                }
            }
            group.addTask { [stop] in
                while !actors.isOver {
                    try? await Task.sleep(for: .milliseconds(200))
                    if stop.isStoppedNow || !bench.ledger.update({ $0.findings.isEmpty }) { actors.stop() }
                    if stop.isStoppedNow { bench.group.end() }
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

/// A round's receivers.
private final class Servers: Sendable {
    let receivers: Subscriptions.Receivers
    private let good: Receiver
    private let late: Receiver
    private let ordered: Receiver
    private let trap: Receiver
    private let faulty: FaultServer
    private let hostile: FaultServer
    private let secure: FaultServer
    private let isGood = Flag()

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    init(_ plan: RoundPlan, _ bench: Workbench) throws {
        let ledger = bench.ledger
        good = try GoodReceiver.make(ledger) { _ in .init() }
        let seed = plan.seed
        late = try GoodReceiver.make(ledger) { number in
            var random = SeededGenerator(seed: seed &+ UInt64(number))
            return .init(delayMilliseconds: random.chance(5) ? random.pick(100...1500) : random.pick(0...10))
        }
        let isGood = isGood
        ordered = try GoodReceiver.make(ledger) { number in
            .init(accepts: number % 4 != 0 || isGood.value.load(ordering: .acquiring), delayMilliseconds: number % 7)
        }
        trap = try GoodReceiver.trap(ledger)
        let cuts = Cuts()
        @Sendable func random(_ subscription: String, _ event: String, _ number: Int) -> SeededGenerator {
            plan.random("\(subscription) \(event) \(number)")
        }
        @Sendable func allowed(_ fault: Fault) -> Fault {
            plan.without.contains(fault.name) ? .none(SampleResponse.all[0]) : fault
        }
        @Sendable func survivable(_ subscription: String, _ event: String, _ number: Int) -> Fault {
            var random = random(subscription, event, number)
            return allowed(Fault.survivable(&random) { cuts.next() })
        }
        faulty = try FaultServer(ledger, trap: trap.url, script: survivable)
        let tls = try TLSServer(folder: bench.folder)
        secure = try FaultServer(ledger, trap: trap.url, tls: tls, script: survivable)
        hostile = try FaultServer(ledger, trap: trap.url) { subscription, event, number in
            var random = random(subscription, event, number)
            return allowed(Fault.hostile(&random))
        }
        receivers = Subscriptions.Receivers(
            good: good.url,
            late: late.url,
            ordered: ordered.url,
            faulty: faulty.url,
            hostile: hostile.url,
            secure: secure.url,
            authority: tls.certificate
        )
    }

    /// Cuts are taken one after the other, so that no byte is left out.
    private final class Cuts: Sendable {
        private let number = Atomic(0)
        func next() -> Int { number.add(1, ordering: .relaxed).oldValue }
    }

    /// From now on all of them accept everything.
    func behave() {
        isGood.value.store(true, ordering: .releasing)
        faulty.behave()
        hostile.behave()
        secure.behave()
    }

    func stop() {
        for receiver in [good, late, ordered, trap] { receiver.stop() }
        faulty.stop()
        hostile.stop()
        secure.stop()
    }
}
