import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// One event once, and what is due later.
@Suite struct IdentityTests {
    /// The same id: once with the same content, refused with other content.
    @Test(arguments: TestStore.here)
    func sameID(on store: TestStore) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], on: store)
        for form in [[], ["--detach"], []] {
            let (exit, command) = try await stage.run(["emit", "a.b", "--data", #"{"n":1}"#, "--id", "evt"] + form)
            #expect(exit == .code(0), "\(command.errors)")
        }
        let (exit, _) = try await stage.run(["emit", "a.b", "--data", #"{"n":2}"#, "--id", "evt"])
        #expect(exit == .code(65))
        let (detached, _) = try await stage.run(["emit", "a.b", "--data", #"{"n":2}"#, "--id", "evt", "--detach"])
        #expect(detached == .code(65))
        try await stage.run(["run", "--until-settled"])
        #expect(receiver.requestCount == 1)
        #expect(try await stage.deliveries().count == 1)
    }

    /// Many at once with the same id.
    @Test(arguments: TestStore.here)
    func sameIDAtOnce(on store: TestStore) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], on: store)
        let commands = try (0..<6).map { number in
            try stage.start(["emit", "a.b", "--data", "{}", "--id", "evt"] + (number % 2 == 0 ? ["--detach"] : []))
        }
        for command in commands {
            let exit = await command.exit()
            #expect(exit == .code(0), "\(command.arguments): \(command.output)\(command.errors)")
        }
        try await stage.run(["run", "--until-settled"])
        #expect(receiver.requestCount == 1)
    }

    /// `--in 60m` waits until it is cancelled, and is never sent.
    @Test(arguments: TestStore.here)
    func cancelledBeforeItIsDue(on store: TestStore) async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], on: store)
        let (exit, _) = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "later", "--in", "60m"])
        #expect(exit == .code(0))
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(0))
        #expect(try await stage.run(["cancel", "later"]).exit == .code(0))
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(0))
        #expect(receiver.requestCount == 0)
    }

    /// A cancel at about the time at which the event is due: one of the two happens, whichever.
    @Test(arguments: TestStore.here)
    func cancelAgainstDue(on store: TestStore) async throws {
        var random = Soak.generator("cancel against due")
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)], on: store)
        let dispatcher = try await stage.startDispatcher()
        let count = Soak.rounds(40, soak: 2000)
        let library = try await stage.library()
        var cancelled: Set<String> = []
        for round in 0..<count {
            let id = "evt-\(round)"
            let due = Timestamp.now + .milliseconds(random.pick(1...40))
            try await library.emit(Event(topic: "a.b", data: "{}", id: id, deliverAt: due))
            let wait = due.milliseconds - Timestamp.now.milliseconds + Int64(random.pick(-15...30))
            if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
            let result = try await library.administration.cancel([id])
            if !result.events.isEmpty || !result.deliveries.isEmpty { cancelled.insert(id) }
        }
        try await eventually("the others are delivered") { receiver.requestCount >= count - cancelled.count }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        let received = receiver.requests.compactMap { $0.header("webhook-id") }
        #expect(Set(received).count == received.count)
        #expect(cancelled.isDisjoint(with: received), "cancelled and delivered")
        #expect(received.count + cancelled.count == count)
        print("cancel against due: \(cancelled.count) of \(count) were cancelled")
    }

    /// Row 6: a due time that only a wrong clock can have written holds nothing up. The rule is the engine's; the row is written by SQL
    /// for SQLite.
    @Test func dueInTheFarFuture() async throws {
        let receiver = try Receiver { $0.number == 1 ? .status(500) : .noContent }
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url, "schedule: [1h], jitter: 0%")])
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt"])
        // As a clock that went ten years fast would have left it.
        try stage.withDatabase { database in
            try database.execute(sql: "UPDATE webhooks_deliveries SET due_at = due_at + 315360000000")
        }
        // Due at the latest after the longest wait that a schedule or a receiver can ask for. First attempts at once:
        try stage.withDatabase { database in
            try database.execute(
                sql: "UPDATE webhooks_deliveries SET state = 0, attempts = 0, claimed_at = NULL, last_status = NULL"
            )
            try database.execute(sql: "DELETE FROM webhooks_attempts")
        }
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(0))
        #expect(receiver.requestCount == 2)
    }
}
