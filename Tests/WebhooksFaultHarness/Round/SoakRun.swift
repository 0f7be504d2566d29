import Foundation
import WebhookCore
import WebhookSimulation

/// The run: how long, from which seed, and where.
package struct SoakOptions: Sendable {
    package var length: Duration
    package var seed: UInt64
    /// Only this round of the seed.
    package var round: Int?
    /// Faults of receivers to leave out and kinds of violations to leave unsaid, by name: to look past known defects.
    package var without: Set<String> = []
    /// The binary under test.
    package var binary: String
    /// This program.
    package var program: String
    /// The folder of the rounds; what failed is left there.
    package var folder: String
    /// The longest storm of a round.
    package var roundLength: Duration = .seconds(240)
    /// The size of the store's disk.
    package var diskMegabytes = 512
    /// The time at which a round that hasn't settled is given up; default: soon after `length`.
    package var limit: Duration?

    package init(length: Duration, seed: UInt64, binary: String, program: String, folder: String) {
        self.length = length
        self.seed = seed
        self.binary = binary
        self.program = program
        self.folder = folder
    }

    var schedule: SoakSchedule {
        SoakSchedule(length: length, longest: roundLength, isSingle: round != nil)
    }

    /// The time at which it has ended at the latest, whatever happens.
    package var lastMoment: Duration { (limit ?? schedule.limit) + .seconds(60) }
}

/// Round after round, until the time is over or a promise is broken.
package struct SoakRun {
    let options: SoakOptions
    let stop: Stop
    let report: @Sendable (String) -> Void

    package init(_ options: SoakOptions, stop: Stop, report: @escaping @Sendable (String) -> Void) {
        self.options = options
        self.stop = stop
        self.report = report
    }

    package func run() async throws -> Verdict {
        // A receiver whose peer is gone must not end with it.
        signal(SIGPIPE, SIG_IGN)
        var verdict = Verdict(seed: options.seed)
        let start = ContinuousClock.now
        var schedule = options.schedule
        let limit = Task { [stop, limit = options.limit ?? schedule.limit] in
            try await Task.sleep(for: limit)
            stop.stop(.time)
        }
        defer { limit.cancel() }
        var number = options.round ?? 1
        while verdict.violations.isEmpty, !stop.isStoppedNow,
            let storm = schedule.storm(elapsed: ContinuousClock.now - start, isFirst: verdict.rounds == 0)
        {
            let plan = RoundPlan(number: number, seed: options.seed, length: storm, without: options.without)
            let outcome = try await run(plan, &verdict, start)
            if let settlement = outcome.settlement { schedule.note(storm: storm, settlement: settlement) }
            number += 1
        }
        verdict.elapsed = ContinuousClock.now - start
        verdict.end = stop.cause
        return verdict
    }

    private func run(
        _ plan: RoundPlan,
        _ verdict: inout Verdict,
        _ start: ContinuousClock.Instant
    ) async throws -> Round.Outcome {
        let folder = "\(options.folder)/round-\(plan.number)"
        let disk = plan.fillPause == nil ? nil : SmallDisk(test: "a full disk", megabytes: options.diskMegabytes)
        if plan.fillPause != nil && disk == nil {
            verdict.omissions = ["full disks: a file system can't be mounted here"]
        }
        let group = try ProcessGroup(mounts: disk.map { [$0.path] } ?? [])
        let bench = try Workbench(
            folder: folder,
            storeFolder: disk?.path ?? "\(folder)/store",
            binary: options.binary,
            group: group
        )
        let progress = Task { [verdict, report] in
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(60))
                let history = bench.ledger.snapshot
                var soFar = verdict
                soFar.add(Round.Outcome(violations: [], history: history))
                let minutes = (ContinuousClock.now - start).components.seconds / 60
                report("\(minutes) min, round \(plan.number) (\(plan.kind.rawValue)): \(soFar.counts)")
            }
        }
        defer { progress.cancel() }
        let outcome = try await Round(plan: plan, bench: bench, disk: disk, stop: stop, program: options.program).run()
        verdict.add(outcome)
        report("round \(plan.number) (\(plan.kind.rawValue)): \(ending(of: outcome, plan))")
        let isGivenUp = outcome.settlement == nil && stop.cause == .time
        if outcome.violations.isEmpty && !isGivenUp {
            try? FileManager.default.removeItem(atPath: folder)
        } else {
            verdict.failedRound = plan
            verdict.artefacts = folder
            keep(outcome, bench, folder)
        }
        return outcome
    }

    private func ending(of outcome: Round.Outcome, _ plan: RoundPlan) -> String {
        let storm = "a storm of \(plan.length.components.seconds) s"
        guard let settlement = outcome.settlement else { return "\(storm), cut short" }
        let broken = outcome.violations.isEmpty ? "" : ", \(outcome.violations.count) promises broken"
        return "\(storm), settled in \(settlement.components.seconds) s\(broken)"
    }

    /// Leaves what is needed to find out why.
    private func keep(_ outcome: Round.Outcome, _ bench: Workbench, _ folder: String) {
        let files = FileManager.default
        if !bench.storePath.hasPrefix(folder) {
            try? files.createDirectory(atPath: "\(folder)/store", withIntermediateDirectories: true)
            for ending in ["", "-wal", "-shm", ".lock"] {
                try? files.copyItem(
                    atPath: bench.storePath + ending,
                    toPath: "\(folder)/store/webhooks.sqlite\(ending)"
                )
            }
        }
        bench.write(
            outcome.violations.map(\.description).joined(separator: "\n") + "\n",
            to: "\(folder)/violations.txt"
        )
        bench.write(HistoryText.text(outcome.history), to: "\(folder)/history.txt")
    }
}

/// A history as text, in order of time.
enum HistoryText {
    static func text(_ history: History) -> String {
        var lines: [(Instant, String)] = []
        for (id, emit) in history.emits {
            lines.append((emit.startedAt, "emit \(id) \(emit.topic) \(emit.batch.map { "batch \($0.batch)" } ?? "")"))
            if let at = emit.acknowledgedAt { lines.append((at, "acknowledged \(id)")) }
        }
        for request in history.requests {
            lines.append(
                (request.at, "request \(request.subscription) \(request.event) \(request.isAccepted ? "accepted" : "")")
            )
        }
        for command in history.commands {
            lines.append((command.interval.start, "begins \(command.name)"))
            lines.append((command.interval.end, "ends \(command.name): \(command.exit)"))
        }
        for interval in history.dispatching {
            lines.append((interval.start, "a dispatcher works"))
            lines.append((interval.end, "a dispatcher was ended"))
        }
        for interval in history.disturbances { lines.append((interval.start, "disturbed until \(interval.end)")) }
        for sample in history.samples {
            lines.append(
                (
                    sample.at,
                    "\(sample.residentBytes >> 10) KiB, \(sample.descriptors) descriptors, log \(sample.walBytes)"
                )
            )
        }
        return lines.sorted { $0.0 < $1.0 }.map { "\($0.0)  \($0.1)" }.joined(separator: "\n") + "\n"
    }
}
