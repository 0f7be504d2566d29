import Foundation
import GRDB
import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks
import WebhooksSQLite

/// The disk is full, read-only, damaged or newer. SQLite's alone: the files of PostgreSQL are its server's.
@Suite struct StoreFaultTests {
    /// Row 19: nothing is acknowledged that isn't on disk, and nothing that is gets lost.
    @Test func diskFullOnEmit() async throws {
        guard let disk = SmallDisk(test: "disk full on emit", megabytes: 8) else { return }
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], store: disk.path + "/webhooks.sqlite")
        var acknowledged: [String] = []
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", "first"]).exit == .code(0))
        acknowledged.append("first")
        try disk.fill()
        // What the log has room for already may go through; large ones don't.
        let large = #"{"text":"\#(String(repeating: "x", count: 100_000))"}"#
        var refusals = 0
        for number in 0..<6 {
            let id = "evt-\(number)"
            let form = number % 2 == 0 ? ["--detach"] : []
            let (exit, command) = try await stage.run(["emit", "a.b", "--data", "-", "--id", id] + form, input: large)
            if exit == .code(0) {
                acknowledged.append(id)
            } else {
                refusals += 1
                #expect(exit == .code(69), "\(command.errors)")
                #expect(command.errors.contains("webhooks.sqlite"), "\(command.errors)")
            }
        }
        #expect(refusals > 0)
        disk.free()
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(0))
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(acknowledged, retry: ["crm"])
        #expect(receiver.requestCount == acknowledged.count, "what was refused was never sent")
        try await stage.expectIntegrity()
    }

    /// Row 19: a log that can't grow any more is moved into the database, and starts again.
    @Test func logWithoutRoom() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        let ids = (0..<400).map { "evt-\($0)" }
        let lines = ids.map { #"{"topic":"a.b","id":"\#($0)","data":{}}"# }.joined(separator: "\n")
        // A megabyte or two for every file: more than the database needs, and less than its log.
        let limits = "-f 2000 && trap '' XFSZ"
        let command = try stage.start(["emit", "--batch", "-", "--wait", "60s"], input: lines, limits: limits)
        #expect(await command.exit() == .code(0), "\(command.errors)")
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(ids, retry: ["crm"])
        #expect(receiver.requestCount == ids.count)
        try await stage.expectIntegrity()
    }

    /// Row 19: a dispatcher whose disk is full sends nothing that it can't account for, and goes on by itself.
    @Test func diskFullBesideADispatcher() async throws {
        guard let disk = SmallDisk(test: "disk full beside a dispatcher", megabytes: 16) else { return }
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure(
            [.retry("again", receiver.url), .singleShot("once", receiver.url)],
            store: disk.path + "/webhooks.sqlite"
        )
        let library = try await stage.library()
        let data = ByteString(#"{"text":"\#(String(repeating: "x", count: 2000))"}"#)
        let ids = (0..<400).map { "evt-\($0)" }
        try await library.emit(ids.map { try Event(topic: "a.b", data: data, id: $0) })
        try disk.fill()
        let dispatcher = try stage.start(["run", "--log-level", "debug"])
        try await eventually("the full disk is logged again and again: \(dispatcher.errors)") {
            if dispatcher.hasEnded { throw Problem("the dispatcher ended: \(dispatcher.errors)") }
            return dispatcher.errors.components("the store failed") >= 4
        }
        // Nothing new is sent: one failure later, and the one after, nothing has come in.
        let before = receiver.requestCount
        let failures = dispatcher.errors.components("the store failed")
        try await eventually("it has failed again") { dispatcher.errors.components("the store failed") >= failures + 2 }
        #expect(receiver.requestCount == before)
        #expect(before < 800)
        let (exit, _) = try await stage.run(["emit", "a.b", "--data", "-", "--id", "late"], input: "\(data.text)")
        #expect(exit == .code(69))
        disk.free()
        try await eventually("all is delivered") {
            try await library.deliveries(DeliveryQuery(states: [.delivered]), limit: 10_000).count == 800
        }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(ids, retry: ["again"], singleShot: ["once"])
        #expect(receiver.requestCount == 800)
        #expect(dispatcher.errors.components("error the store") == 1, "\(dispatcher.errors)")
        #expect(dispatcher.errors.components("the store works again") == 1, "\(dispatcher.errors)")
        try await stage.expectIntegrity()
    }

    /// Row 19: an emit that finds no room is told so, and leaves nothing to be recorded; with room again it is ready by itself.
    @Test func readyAgainWithoutTraffic() async throws {
        guard let disk = SmallDisk(test: "ready again without traffic", megabytes: 16) else { return }
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], store: disk.path + "/webhooks.sqlite")
        let library = try await stage.library()
        let running = Task { try await library.run() }
        try await eventually("it delivers") { library.readiness.isReady }
        try disk.fill()
        let large = ByteString(#"{"text":"\#(String(repeating: "x", count: 100_000))"}"#)
        let refused = await #expect(throws: WebhooksError.self) {
            while true { try await library.emit(Event(topic: "a.b", data: large)) }
        }
        #expect(refused?.store?.code == .full, "\(String(describing: refused))")
        try await eventually("it says so") { library.readiness.obstacle == .storeFailing }
        disk.free()
        try await eventually("it is ready again, and nobody has written") { library.readiness.isReady }
        let record = await library.log.runningDispatcher()
        #expect(record?.storeTrouble == nil)
        library.shutDown()
        try await running.value
    }

    /// Row 19: nothing works again on a disk that is full, though the log may have room for a page.
    @Test func trialOnASmallDisk() async throws {
        guard let disk = SmallDisk(test: "a trial on a small disk", megabytes: 8) else { return }
        let store = try SQLiteStore.open(path: disk.path + "/webhooks.sqlite", role: .writer)
        defer { store.close() }
        func trial() async -> StoreError.Code? {
            var batch = StoreBatch()
            batch.isTrial = true
            let result = await withCheckedContinuation { continuation in
                store.commit(batch) { continuation.resume(returning: $0) }
            }
            if case .failure(let error) = result { return error.code }
            return nil
        }
        #expect(await trial() == nil)
        try disk.fill()
        for _ in 0..<3 { #expect(await trial() == .full) }
        disk.free()
        #expect(await trial() == nil)
    }

    /// Rows 5 and 19: who has started on a full disk, where not even its name could be written down, is told from others.
    @Test(arguments: [true, false])
    func secondDispatcherAfterAFullDisk(_ isFull: Bool) async throws {
        guard let disk = SmallDisk(test: "second dispatcher after a full disk", megabytes: 16) else { return }
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], store: disk.path + "/webhooks.sqlite")
        let library = try await stage.library()
        let data = ByteString(#"{"text":"\#(String(repeating: "x", count: 2000))"}"#)
        try await library.emit((0..<400).map { try Event(topic: "a.b", data: data, id: "evt-\($0)") })
        // The file of a lock, which takes no record any more.
        #expect(FileManager.default.createFile(atPath: disk.path + "/webhooks.sqlite.lock", contents: nil))
        try disk.fill()
        let dispatcher = try stage.start(["run"])
        try await eventually("the dispatcher fails for want of room: \(dispatcher.errors)") {
            if dispatcher.hasEnded { throw Problem("the dispatcher ended: \(dispatcher.errors)") }
            return dispatcher.errors.contains("the store failed")
        }
        if !isFull { disk.free() }
        let (exit, second) = try await stage.run(["run"])
        #expect(exit == .code(69))
        #expect(second.errors.contains("process \(dispatcher.processID)"), "\(second.errors)")
        if isFull { disk.free() }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
    }

    /// Row 19: the disk fills up while answers come in; what they say is kept until there is room, or lost by a kill, and
    /// then it is as with every other kill.
    @Test(arguments: [false, true])
    func diskFullOnRecording(_ isKilled: Bool) async throws {
        guard let disk = SmallDisk(test: "disk full on recording", megabytes: 48) else { return }
        let receiver = try Receiver { request in
            if request.number == 100 { try? disk.fill() }
            return .noContent
        }
        let stage = try TestEnvironment()
        try stage.configure(
            [.retry("again", receiver.url), .singleShot("once", receiver.url)],
            store: disk.path + "/webhooks.sqlite"
        )
        let library = try await stage.library()
        let data = ByteString(#"{"text":"\#(String(repeating: "x", count: 500))"}"#)
        let ids = (0..<600).map { "evt-\($0)" }
        try await library.emit(ids.map { try Event(topic: "a.b", data: data, id: $0) })
        let dispatcher = try stage.start(["run"])
        try await eventually("the full disk is noticed") {
            if dispatcher.hasEnded { throw Problem("the dispatcher ended: \(dispatcher.errors)") }
            return dispatcher.errors.contains("the store failed")
        }
        #expect(receiver.requestCount < 1200)
        if isKilled {
            dispatcher.send(SIGKILL)
            await dispatcher.exit()
        }
        disk.free()
        if isKilled {
            let (exit, command) = try await stage.run(["run", "--until-settled"])
            #expect([.code(0), .code(1)].contains(exit), "\(command.errors)")
        } else {
            try await eventually("all is delivered") {
                try await library.deliveries(DeliveryQuery(states: [.delivered]), limit: 10_000).count == 1200
            }
            dispatcher.send(SIGTERM)
            #expect(await dispatcher.exit() == .code(0))
            #expect(receiver.requestCount == 1200)
        }
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(ids, retry: ["again"], singleShot: ["once"])
        try await stage.expectIntegrity()
    }

    /// Row 19: a folder that can't be written.
    @Test func readOnlyFolder() async throws {
        guard let disk = SmallDisk(test: "read-only folder", megabytes: 8) else { return }
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], store: disk.path + "/store/webhooks.sqlite")
        try disk.setReadOnly(true)
        // Neither made nor, later, written.
        for _ in 0..<2 {
            for arguments in [["emit", "a.b", "--data", "{}"], ["emit", "a.b", "--data", "{}", "--detach"], ["run"]] {
                let (exit, command) = try await stage.run(arguments)
                #expect(exit == .code(69), "\(arguments): \(command.errors)")
                #expect(command.errors.contains(disk.path), "\(command.errors)")
            }
            try disk.setReadOnly(false)
            if receiver.requestCount == 0 {
                #expect(try await stage.run(["emit", "a.b", "--data", "{}"]).exit == .code(0))
            }
            try disk.setReadOnly(true)
        }
        #expect(receiver.requestCount == 1)
    }

    /// Row 20: an event and a body that are not as they were written are left out, and the others go on.
    @Test func damagedRows() async throws {
        let receiver = try Receiver(responses: [.status(500), .noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt-0"]).exit == .code(1))
        for number in 1...3 {
            let emit = ["emit", "a.b", "--data", "{}", "--id", "evt-\(number)", "--detach"]
            #expect(try await stage.run(emit).exit == .code(0))
        }
        try stage.withDatabase { db in
            try db.execute(sql: "UPDATE webhooks_bodies SET content = x'00'")
            try db.execute(sql: "UPDATE webhooks_deliveries SET due_at = 1 WHERE state = 1")
            try db.execute(sql: "UPDATE webhooks_events SET data = x'7b' WHERE event_id = 'evt-2'")
        }
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        #expect(exit != .code(69), "\(command.errors)")
        #expect(Set(receiver.requests.compactMap { $0.header("webhook-id") }) == ["evt-0", "evt-1", "evt-3"])
        #expect(receiver.requestCount == 3)
        let stats = try await stage.run(["stats", "--json"])
        #expect(stats.command.errors.contains("evt-2"), "\(stats.command.errors)")
        let failed = try await stage.run(["deliveries", "list", "--state", "failed", "--json"])
        #expect(failed.command.output.contains("evt-0"), "\(failed.command.output)")
        #expect(try await stage.run(["check"]).exit == .code(69))
    }

    /// Row 20: a dispatcher that meets damage stops, and names the file.
    @Test func damage() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        let library = try await stage.library()
        let data = ByteString(#"{"text":"\#(String(repeating: "x", count: 3000))"}"#)
        try await library.emit((0..<50).map { try Event(topic: "a.b", data: data, id: "evt-\($0)") })
        try stage.withDatabase { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        let file = try #require(FileHandle(forUpdatingAtPath: stage.storePath))
        // Everything behind the first pages, which name the tables.
        let size = try file.seekToEnd()
        for offset in stride(from: UInt64(4096 * 14), to: size, by: 4096) {
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xa5, count: 64))
        }
        try file.close()
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        #expect(exit == .code(69), "\(command.errors)")
        #expect(command.errors.contains("webhooks.sqlite"), "\(command.errors)")
        #expect(receiver.requestCount == 0)
        #expect(try await stage.run(["check"]).exit == .code(69))
    }

    /// Row 33: an older program leaves a newer one's file alone.
    @Test func newerSchema() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--detach"]).exit == .code(0))
        try stage.withDatabase { database in
            try database.execute(sql: "UPDATE webhooks_schema SET version = 1000")
            try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: stage.storePath))
        let all = [
            ["run"], ["emit", "a.b", "--data", "{}"], ["emit", "a.b", "--data", "{}", "--detach"],
            ["deliveries", "list"],
            ["cancel", "dlv_1"], ["check"], ["prune"],
        ]
        for arguments in all {
            let (exit, command) = try await stage.run(arguments)
            #expect(exit == .code(69), "\(arguments): \(command.errors)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: stage.storePath)) == before)
        #expect(receiver.requestCount == 0)
    }
}
