import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// One dispatcher at a time, and many commands beside it.
@Suite struct DispatcherTests {
    /// Row 5. Of a file alone: PostgreSQL is for several.
    @Test func secondRunIsRefused() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        let first = try await stage.startDispatcher()
        let (exit, second) = try await stage.run(["run"])
        #expect(exit == .code(69))
        #expect(second.errors.contains("\(first.processID)"), "\(second.errors)")
        // The first goes on, and follows what others emit.
        #expect(try await stage.run(["emit", "a.b", "--data", "{}"]).exit == .code(0))
        first.send(SIGTERM)
        #expect(await first.exit() == .code(0))
        #expect(receiver.requestCount == 1)
    }

    /// Row 5: a command's lock is only for a moment.
    @Test(arguments: TestStore.here)
    func runWaitsForEmit(on store: TestStore) async throws {
        let receiver = try Receiver { request in
            request.header("webhook-id") == "slow" ? .noContent.after(.milliseconds(1500)) : .noContent
        }
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], on: store)
        let emit = try stage.start(["emit", "a.b", "--data", "{}", "--id", "slow"])
        try await receiver.waitForRequests(count: 1)
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", "other", "--detach"]).exit == .code(0))
        let run = try stage.start(["run", "--until-settled"])
        #expect(await emit.exit() == .code(0))
        #expect(await run.exit() == .code(0), "\(run.errors)")
        #expect(receiver.requestCount == 2)
    }

    /// A dispatcher that waits for a command's lock, of a file, can be stopped.
    @Test func waitingRunIsStopped() async throws {
        let receiver = try Receiver(responses: [.neverAnswer])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        let emit = try stage.start(["emit", "a.b", "--data", "{}"])
        try await receiver.waitForRequests(count: 1)
        let run = try stage.start(["run"])
        try await eventually("it waits") {
            if run.hasEnded { throw Problem("it ended: \(run.errors)") }
            return run.errors.contains("waiting for")
        }
        run.send(SIGTERM)
        #expect(await run.exit() == .code(0), "\(run.errors)")
        emit.send(SIGKILL)
        await emit.exit()
    }

    /// A command whose deliveries another process would see to takes that one's place when it is killed.
    @Test(arguments: ["emit", "run"], TestStore.here)
    func takesTheKilledHoldersPlace(_ holder: String, on store: TestStore) async throws {
        let receiver = try Receiver { request in
            request.header("webhook-id") == "holder" ? .neverAnswer : .noContent
        }
        let stage = try TestEnvironment()
        try stage.configure([.singleShot("crm", receiver.url)], on: store)
        let first: Command
        if holder == "run" {
            #expect(
                try await stage.run(["emit", "a.b", "--data", "{}", "--id", "holder", "--detach"]).exit == .code(0)
            )
            first = try stage.start(["run"])
        } else {
            first = try stage.start(["emit", "a.b", "--data", "{}", "--id", "holder"])
        }
        try await receiver.waitForRequests(count: 1)
        // The endpoint's one slot is taken: the new event waits until the holder is gone.
        let second = try stage.start(["emit", "a.b", "--data", "{}", "--id", "follower"])
        try await eventually("it is stored") { try await stage.library().log.loggedEvent("follower") != nil }
        first.send(SIGKILL)
        await first.exit()
        #expect(await second.exit() == .code(0), "\(second.output)\(second.errors)")
        let states = Dictionary(uniqueKeysWithValues: try await stage.deliveries().map { ($0.event, $0.state) })
        #expect(states == ["holder": .unknown, "follower": .delivered])
        #expect(receiver.requestCount == 2)
    }

    /// Row 22: beside a running dispatcher.
    @Test(arguments: TestStore.here)
    func stormBesideADispatcher(on store: TestStore) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("again", receiver.url), .singleShot("once", receiver.url)], on: store)
        let dispatcher = try await stage.startDispatcher()
        let count = Soak.rounds(4, soak: 100)
        let acknowledged = try await storm(stage, callers: 8) { caller in
            (0..<count).map { round in
                let line = #"{"topic":"a.b","id":"batch-\#(caller)-\#(round)","data":{}}"#
                return switch caller % 3 {
                case 0: (["emit", "a.b", "--data", "{}", "--id", "detached-\(caller)-\(round)", "--detach"], nil)
                case 1: (["emit", "a.b", "--data", "{}", "--id", "followed-\(caller)-\(round)"], nil)
                default: (["emit", "--batch", "-"], line)
                }
            }
        }
        #expect(acknowledged.count == 8 * count)
        try await eventually("all are delivered") {
            let deliveries = try await stage.deliveries()
            return deliveries.count == 16 * count && deliveries.allSatisfy { $0.state.isSettled }
        }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(acknowledged, retry: ["again"], singleShot: ["once"])
        #expect(receiver.requestCount == 16 * count)
        try await stage.expectIntegrity()
    }

    /// Row 22: without one, where each takes its turn.
    @Test(arguments: TestStore.here)
    func stormWithoutADispatcher(on store: TestStore) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("again", receiver.url), .singleShot("once", receiver.url)], on: store)
        let count = Soak.rounds(2, soak: 50)
        let acknowledged = try await storm(stage, callers: 8) { caller in
            (0..<count).map { (["emit", "a.b", "--data", "{}", "--id", "evt-\(caller)-\($0)"], nil) }
        }
        #expect(acknowledged.count == 8 * count)
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(acknowledged, retry: ["again"], singleShot: ["once"])
        #expect(receiver.requestCount == 16 * count)
        try await stage.expectIntegrity()
    }

    /// Runs commands one after another in each of several callers; gives back the events of those that exited 0.
    private func storm(
        _ stage: TestEnvironment,
        callers: Int,
        _ commands: @escaping @Sendable (Int) -> [(arguments: [String], input: String?)]
    ) async throws -> [String] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var acknowledged: [String] = []
                    for (arguments, input) in commands(caller) {
                        let (exit, command) = try await stage.run(arguments + ["--json"], input: input)
                        #expect(exit == .code(0), "\(arguments): \(command.output)\(command.errors)")
                        if exit == .code(0) { acknowledged += Self.eventIDs(command.output) }
                    }
                    return acknowledged
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// The events' ids in the output of `emit --json`.
    private static func eventIDs(_ output: String) -> [String] {
        output.split(separator: "\n").compactMap { line in
            let mark = #"{"event":{"id":""#
            return line.hasPrefix(mark) ? String(line.dropFirst(mark.count).prefix { $0 != "\"" }) : nil
        }
    }
}
