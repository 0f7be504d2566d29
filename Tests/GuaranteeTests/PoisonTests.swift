import Foundation
import GRDB
import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// One bad row, one bad event: the others go on. And no command waits for ever for a store that doesn't work.
///
/// SQLite's alone: a mark beside the file remembers what ended the process, and disk and locks are files. Rows that PostgreSQL
/// refuses are for `PostgresFaultTests`.
@Suite struct PoisonTests {
    /// A trigger of the host's refuses one subscription's deliveries, another the record of one event's attempts.
    @Test func refusedRows() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("good", receiver.url), .retry("bad", receiver.url)])
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", "first"]).exit == .code(0))
        try stage.withDatabase { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER host_delivery BEFORE INSERT ON webhooks_deliveries WHEN new.body IS NOT NULL
                        AND new.subscription = (SELECT id FROM webhooks_subscriptions WHERE name = 'bad')
                    BEGIN SELECT RAISE(ROLLBACK, 'not this subscriber'); END;
                    CREATE TRIGGER host_attempt BEFORE INSERT ON webhooks_attempts WHEN new.delivery IN (
                        SELECT d.id FROM webhooks_deliveries d JOIN webhooks_events e ON e.id = d.event
                        WHERE e.event_id = 'unrecorded'
                    )
                    BEGIN SELECT RAISE(ABORT, 'not this attempt'); END;
                    CREATE TRIGGER host_event BEFORE INSERT ON webhooks_events WHEN new.event_id = 'refused'
                    BEGIN SELECT RAISE(ABORT, 'not this event'); END;
                    """
            )
        }
        for detach in [[], ["--detach"]] {
            let (exit, command) = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "refused"] + detach)
            #expect(exit == .code(65), "\(command.errors)")
            #expect(command.errors.contains("not this event"))
        }
        for id in ["before", "unrecorded", "after"] {
            #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", id, "--detach"]).exit == .code(0))
        }
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        #expect(exit == .code(1), "\(command.errors)")
        #expect(command.errors.contains("not this subscriber") && command.errors.contains("not this attempt"))
        #expect(!command.errors.contains("the store failed"))
        let deliveries = try await stage.deliveries()
        let good = deliveries.filter { $0.subscription == "good" && $0.event != "unrecorded" }
        #expect(good.count == 3 && good.allSatisfy { $0.state == .delivered })
        let bad = deliveries.filter { $0.subscription == "bad" && $0.event != "first" }
        #expect(bad.count == 3 && bad.allSatisfy { $0.state == .failed && $0.lastError == .internal })
    }

    /// The process ends while it renders an event, twice: the event is set aside, and the others go on.
    @Test func deadlyRendering() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        for id in ["deadly", "good"] {
            #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", id, "--detach"]).exit == .code(0))
        }
        let row = try stage.withDatabase { database in
            try Int64.fetchOne(database, sql: "SELECT id FROM webhooks_events WHERE event_id = 'deadly'") ?? 0
        }
        // As the process leaves it that is killed within a rendering: the mark is set, the event waits.
        func leaveMark() throws {
            let file = open(stage.storePath + "-rendering", O_RDWR | O_CREAT, 0o600)
            defer { close(file) }
            let record = [row, ~row]
            #expect(pwrite(file, record, 16, 0) == 16)
        }
        try stage.withDatabase { database in
            // One end is counted already.
            try database.execute(sql: "UPDATE webhooks_pending SET ends = 1 WHERE event = ?", arguments: [row])
        }
        try leaveMark()
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        #expect(exit == .code(0), "\(command.errors)")
        #expect(command.errors.contains("set aside") && command.errors.contains("deadly"))
        #expect(receiver.requestCount == 1)
        let check = try await stage.run(["check"])
        #expect(check.exit == .code(1) && check.command.output.contains("deadly"))
        #expect(try await stage.run(["stats"]).command.errors.contains("deadly"))
        #expect(try await stage.run(["events", "show", "deadly"]).command.output.contains("set aside"))
        // A person asks for it again.
        let again = try await stage.run(["retrigger", "deadly"])
        #expect(again.exit == .code(0), "\(again.command.errors)")
        #expect(receiver.requestCount == 2)
        #expect(try await stage.run(["check"]).exit == .code(0))
    }

    /// The process ends while it makes an attempt's request, twice: that delivery fails, and the others go on.
    @Test func deadlyRequest() async throws {
        let receiver = try Receiver { $0.number <= 2 ? .neverAnswer : .noContent }
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", "deadly", "--detach"]).exit == .code(0))
        for request in 1...2 {
            let dispatcher = try stage.start(["run"])
            try await receiver.waitForRequests(count: request)
            dispatcher.send(SIGKILL)
            await dispatcher.exit()
            // As if it had been killed before the request left: the mark is set, the attempt is claimed.
            let row = try stage.withDatabase { database in
                try Int64.fetchOne(database, sql: "SELECT max(id) FROM webhooks_deliveries") ?? 0
            }
            let file = open(stage.storePath + "-rendering", O_RDWR)
            defer { close(file) }
            #expect(pwrite(file, [-row, ~(-row)], 16, 0) == 16)
        }
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", "good", "--detach"]).exit == .code(0))
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        #expect(exit == .code(1), "\(command.errors)")
        #expect(command.errors.contains("ended the process 2 times"), "\(command.errors)")
        #expect(receiver.requestCount == 3)
        let deliveries = try await stage.deliveries()
        #expect(deliveries.map(\.state) == [.failed, .delivered] && deliveries[0].lastError == .internal)
        #expect(try await stage.attempts(of: deliveries[0]).count == 2)
        // A person asks for it again.
        #expect(try await stage.run(["retrigger", "deadly"]).exit == .code(0))
        #expect(receiver.requestCount == 4)
        try await stage.expectIntegrity()
    }

    /// Row 42: an interrupted attempt is left over, and the disk is full.
    @Test func fullDiskAfterACrash() async throws {
        guard let disk = SmallDisk(test: "full disk after a crash", megabytes: 8) else { return }
        let receiver = try Receiver { $0.number == 1 ? .neverAnswer : .noContent }
        let stage = try TestEnvironment()
        try stage.configure(
            [.retry("crm", receiver.url)],
            dispatcher: "shutdownGrace: 60s",
            store: disk.path + "/webhooks.sqlite"
        )
        let dispatcher = try stage.start(["run"])
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt", "--detach"])
        try await receiver.waitForRequests(count: 1)
        dispatcher.send(SIGKILL)
        await dispatcher.exit()
        try disk.fill()
        let large = #"{"text":"\#(String(repeating: "x", count: 100_000))"}"#
        let commands = [["emit", "a.b", "--data", "-"], ["test", "crm"], ["retrigger", "evt"]]
        for arguments in commands {
            // Were it to wait for the store, that would be for the grace at least, which is beyond the patience here.
            let (exit, command) = try await stage.run(arguments, input: large)
            #expect([.code(69), .code(1)].contains(exit), "\(arguments): \(command.errors)")
            if arguments[0] == "emit" { #expect(exit == .code(69), "\(command.errors)") }
        }
        disk.free()
        #expect(try await stage.run(["run", "--until-settled"]).exit != .code(69))
        try await Audit(stage, [receiver]).checkSafety()
        try await stage.expectIntegrity()
    }

    /// Row 42: past its grace a dispatcher ends although an attempt's result can't be recorded.
    @Test func lockedStorePastTheGrace() async throws {
        let receiver = try Receiver { $0.number == 1 ? .noContent.after(.milliseconds(500)) : .noContent }
        let stage = try TestEnvironment()
        try stage.configure([.singleShot("once", receiver.url)], dispatcher: "shutdownGrace: 100ms")
        let dispatcher = try await stage.startDispatcher()
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt", "--detach"])
        try await receiver.waitForRequests(count: 1)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let host = try DatabaseQueue(path: stage.storePath, configuration: configuration)
        try await host.writeWithoutTransaction { try $0.execute(sql: "PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE") }
        dispatcher.send(SIGTERM)
        let exit = await dispatcher.exit()
        #expect(exit == .code(69), "\(dispatcher.errors)")
        #expect(dispatcher.errors.contains("interrupted"), "\(dispatcher.errors)")
        try await host.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try host.close()
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(1))
        #expect(try await stage.deliveries().map(\.state) == [.unknown])
        #expect(receiver.requestCount == 1)
        try await stage.expectIntegrity()
    }
}
