extension Checker {
    /// A healthy subscription gets its events within a bound of dispatcher time, whatever the others do.
    func flowing() -> [Violation] {
        var found: [Violation] = []
        for promise in promises {
            guard let bound = promise.flow else { continue }
            var first: [String: Instant] = [:]
            for request in history.requests where request.subscription == promise.name && first[request.event] == nil {
                first[request.event] = request.at
            }
            for (id, emit) in history.emits where promise.topics.contains(emit.topic) && emit.topic != Topic.later {
                guard let acknowledged = emit.acknowledgedAt, let at = first[id], at > acknowledged else { continue }
                let waited = workingTime(Interval(start: acknowledged, end: at))
                if waited > bound {
                    found.append(
                        Violation(.stalled, "\(id) to \(promise.name) took \(waited) while a dispatcher worked")
                    )
                }
            }
        }
        return found
    }

    /// The time within a span in which a dispatcher could work.
    private func workingTime(_ span: Interval) -> Duration {
        history.dispatching.reduce(.zero) { sum, interval in
            let part = Interval(start: max(span.start, interval.start), end: min(span.end, interval.end))
            guard part.start < part.end else { return sum }
            let disturbed = history.disturbances.reduce(Duration.zero) { $0 + $1.overlap(part) }
            return sum + max(.zero, part.end - part.start - disturbed)
        }
    }

    /// Every command ends within its bound, by itself, with an exit code that is documented for it.
    func commanded() -> [Violation] {
        history.commands.compactMap { command in
            let took = command.interval.end - command.interval.start
            let isDisturbed = history.disturbances.contains { $0.touches(command.interval) }
            if took > command.bound { return violation(command, "took \(took) of \(command.bound)") }
            switch command.exit {
            case .signal(let signal):
                return command.wasSignalled ? nil : violation(command, "was ended by signal \(signal)")
            case .code(let code):
                let isExpected = command.allowed.contains(code) || (code == 69 && (isDisturbed || command.hadNoTurn))
                return isExpected ? nil : violation(command, "exited with \(code)")
            }
        }
    }

    private func violation(_ command: CommandFact, _ what: String) -> Violation {
        Violation(.command, "`\(command.name)` \(what) at \(command.interval.end): \(command.errors)")
    }

    static let maxResident = 768 << 20
    static let maxDescriptors = 1024
    static let maxWAL = 256 << 20
    /// The largest size of the log once nobody writes any more.
    static let maxWALAtRest = 32 << 20
    /// From here on a process has all its caches, and memory may not double any more.
    static let warmUp = Duration.seconds(60)

    /// Memory, descriptors and the log stay within bounds, and memory doesn't climb in one process.
    func grown() -> [Violation] {
        var found: [Violation] = []
        for (process, samples) in Dictionary(grouping: history.samples, by: \.process) {
            func report(_ what: String) { found.append(Violation(.growth, "dispatcher \(process): \(what)")) }
            if let most = samples.map(\.residentBytes).max(), most > Self.maxResident {
                report("\(most >> 20) MiB resident")
            }
            if let most = samples.map(\.descriptors).max(), most > Self.maxDescriptors { report("\(most) descriptors") }
            if let most = samples.map(\.walBytes).max(), most > Self.maxWAL { report("a log of \(most >> 20) MiB") }
            let start = samples.map(\.at).min() ?? .zero
            guard let warm = samples.first(where: { $0.at - start >= Self.warmUp }), let last = samples.last else {
                continue
            }
            if last.residentBytes > 2 * warm.residentBytes + 64 << 20 {
                report("from \(warm.residentBytes >> 20) to \(last.residentBytes >> 20) MiB resident")
            }
        }
        if record.walBytes > Self.maxWALAtRest {
            found.append(Violation(.growth, "a log of \(record.walBytes >> 20) MiB at rest"))
        }
        return found
    }
}
