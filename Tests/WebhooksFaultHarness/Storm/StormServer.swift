import WebhookCore
import WebhookSimulation

/// The faults of the server: it restarts without warning, and its sessions are ended.
struct StormServer {
    let bench: Workbench
    let database: StormDatabase
    let stop: Stop
    /// Seconds from one restart to the next.
    let pause: ClosedRange<Int>
    var random: SeededGenerator

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var server = self
                await server.restartAgain()
            }
            group.addTask {
                var server = self
                server.random = SeededGenerator(seed: ~server.random.next())
                await server.endSessions()
            }
            try await group.waitForAll()
        }
    }

    private mutating func restartAgain() async {
        while !stop.isOver {
            await stop.sleep(milliseconds: random.pick(pause) * 1000)
            guard !stop.isOver else { return }
            bench.ledger.count("restarts of the server")
            await bench.ledger.disturbing {
                database.restartImmediately()
                // It recovers what its log has before it takes sessions.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// `pg_terminate_backend` on a few sessions, whosever they are.
    private mutating func endSessions() async {
        while !stop.isOver {
            await stop.sleep(milliseconds: random.pick(200...2500))
            let statement = """
                SELECT count(pg_terminate_backend(pid)) FROM (
                    SELECT pid FROM pg_stat_activity
                    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                    ORDER BY random() LIMIT \(random.pick(1...4))
                ) sessions
                """
            await bench.ledger.disturbing {
                let words = ["timeout", "20"] + database.psql(statement)
                guard let process = try? bench.start(words, program: "/usr/bin/env", limit: .seconds(30)) else {
                    return
                }
                if await process.command.exit() == .code(0) { bench.ledger.count("ended sessions") }
                process.removeFiles()
            }
        }
    }
}
