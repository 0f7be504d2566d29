import WebhookCore
import WebhookSimulation

/// Runs what people run beside the traffic.
struct Operator {
    let bench: Workbench
    let stop: Stop
    var random: SeededGenerator
    /// True when what is old may be deleted: not where clocks are wrong, for then all may be.
    let prunes: Bool

    private static let bound = Duration.seconds(60)
    private static let names = Subscriptions.promises.map(\.name)

    mutating func run() async throws {
        while !stop.isOver {
            try await act()
            await stop.sleep(milliseconds: random.pick(0...600))
        }
    }

    private mutating func act() async throws {
        let name = random.pick(Self.names) ?? "healthy"
        switch random.pick(0...20) {
        case 0: try await run(["deliveries", "list", "--limit", "200", "--json"])
        case 1: try await run(["deliveries", "list", "--state", "waiting", "--subscription", name])
        case 2: try await run(["events", "list", "--since", "10s"])
        case 3: try await run(["stats", "--json"])
        case 4: try await run(["export", "--format", "csv", "--since", "10s"])
        case 5: try await run(["export", "--format", "jsonl", "--subscription", name])
        case 6: try await run(["check"])
        case 7: if prunes { try await run(["prune", "--older-than", "2h"]) }
        case 8: try await run(["validate"])
        case 9: try await run(["test", name, "--wait", "2s"], allowed: [0, 1])
        case 10: try await run(["disable", "hostile"])
        case 11, 12: try await run(["enable", "hostile"])
        case 13: try await run(["cancel", "--subscription", "hostile"], allowed: [0, 1])
        case 14: try await retrigger()
        case 16: try await run(["retry", "--state", "waiting", "--subscription", "faulty"], allowed: [0, 1])
        case 17: try await retry()
        case 18: try await run(["pause", "coming", "--for", "\(random.pick(1...5))s"])
        case 19: try await run(["resume", "coming"])
        // As from cron: it delivers where nobody else does.
        case 15:
            try await run(["run", "--until-idle"], allowed: [0, 1, 69], killedAfter: .seconds(random.pick(1...5)))
        default: try await show()
        }
    }

    private func run(
        _ arguments: [String],
        allowed: Set<Int32> = [0],
        killedAfter: Duration? = nil,
        name: String? = nil
    ) async throws {
        // Without a store there is nothing to read. Once an event was acknowledged there is one.
        let isEarly = !bench.ledger.update { $0.emits.values.contains { $0.acknowledgedAt != nil } }
        try await bench.run(
            name ?? arguments.joined(separator: " "),
            arguments,
            bound: Self.bound,
            allowed: isEarly ? allowed.union([69]) : allowed,
            killedAfter: killedAfter
        )
    }

    private mutating func someEvent() -> String? {
        var random = random
        defer { self.random = random }
        return bench.ledger.update { history in
            let ids = history.emits.keys
            return ids.isEmpty ? nil : ids.dropFirst(random.pick(0...(ids.count - 1))).first
        }
    }

    private mutating func show() async throws {
        guard let id = someEvent() else { return }
        try await run(["events", "show", id], allowed: [0, 1], name: "events show EVENT")
    }

    private mutating func retry() async throws {
        guard let id = someEvent() else { return }
        try await run(["retry", id], allowed: [0, 1], name: "retry EVENT")
    }

    private mutating func retrigger() async throws {
        guard let id = someEvent() else { return }
        bench.ledger.update { $0.emits[id]?.mayBeRetriggered = true }
        let form =
            (random.chance(50) ? ["--detach"] : ["--wait", "2s"]) + (random.chance(50) ? ["--duplicate"] : [])
        let name = "retrigger EVENT \(form.joined(separator: " "))"
        try await run(["retrigger", id] + form, allowed: [0, 1], name: name)
    }
}
