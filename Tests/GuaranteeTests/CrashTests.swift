import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// kill -9 at random times, on each store: nothing acknowledged is lost, nothing single-shot is sent twice.
@Suite struct CrashTests {
    /// Row 1.
    @Test(arguments: ["emit", "emit --detach", "emit --batch"], TestStore.here)
    func emitKilledAtAnyPoint(_ form: String, on store: TestStore) async throws {
        var random = Soak.generator("\(form) killed at any point, on \(store.rawValue)")
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("again", receiver.url), .singleShot("once", receiver.url)], on: store)
        var acknowledged: [String] = []
        // How long it takes when nobody kills it, measured on the way: the times are spread over all of it.
        var longest: Duration = .milliseconds(50)
        for round in 0..<Soak.rounds(8, soak: 1000) {
            let ids = form == "emit --batch" ? (0..<20).map { "batch-\(round)-\($0)" } : ["evt-\(round)"]
            let command: Command
            if form == "emit --batch" {
                let lines = ids.map { #"{"topic":"a.b","id":"\#($0)","data":{"n":1}}"# }
                command = try stage.start(["emit", "--batch", "-", "--json"], input: lines.joined(separator: "\n"))
            } else {
                let extra = form == "emit" ? [] : ["--detach"]
                command = try stage.start(["emit", "a.b", "--data", "{}", "--id", ids[0]] + extra)
            }
            let start = ContinuousClock.now
            if round > 0 {
                // Past the end now and then, and never long before it.
                try await command.kill(after: longest * random.pick(0...120) / 100)
            }
            if await command.exit() == .code(0) {
                acknowledged += ids
                if round == 0 { longest = ContinuousClock.now - start }
            }
            if random.chance(10) { try await stage.run(["run", "--until-idle"]) }
        }
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        // A single-shot that was cut off is unknown, and says so.
        #expect([.code(0), .code(1)].contains(exit), "\(command.errors)")
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        #expect(!acknowledged.isEmpty)
        audit.checkLiveness(acknowledged, retry: ["again"], singleShot: ["once"])
        try await stage.expectIntegrity()
    }

    /// Row 1, exactly: killed as it is about to make its n-th call of one kind, which is where durability is decided.
    @Test(arguments: [["emit"], ["emit", "--detach"], ["run"]], TestStore.here)
    func killedAtASystemCall(_ form: [String], on store: TestStore) async throws {
        guard Strace.isUsable(test: "killed at a system call") else { return }
        let name = form.joined(separator: " ")
        var random = Soak.generator("\(name) killed at a system call, on \(store.rawValue)")
        var points = Strace.points(of: store).flatMap { call, count in (1...count).map { (call: call, number: $0) } }
        if !Soak.isOn { points = Array(points.shuffled(using: &random).prefix(store == .sqlite ? 8 : 5)) }
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("again", receiver.url), .singleShot("once", receiver.url)], on: store)
        var acknowledged: [String] = []
        for (call, number) in points {
            let id = "\(call)-\(number)"
            let emit = ["emit", "a.b", "--data", "{}", "--id", id]
            if form == ["run"] {
                #expect(try await stage.run(emit + ["--detach"]).exit == .code(0))
                acknowledged.append(id)
                let command = try stage.start(["run", "--until-settled"], killedBefore: (call, number))
                await command.exit()
                try stage.endLeases(on: store)
            } else {
                let command = try stage.start(emit + form.dropFirst(), killedBefore: (call, number))
                if await command.exit() == .code(0) { acknowledged.append(id) }
            }
            if random.chance(30) { try await stage.run(["run", "--until-settled"]) }
        }
        let (exit, command) = try await stage.run(["run", "--until-settled"])
        #expect([.code(0), .code(1)].contains(exit), "\(command.errors)")
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(acknowledged, retry: ["again"], singleShot: ["once"])
        try await stage.expectIntegrity()
    }

    /// Row 2, at random times.
    @Test(arguments: TestStore.here)
    func dispatcherKilledAtRandomMoments(on store: TestStore) async throws {
        var random = Soak.generator("dispatcher killed at random moments, on \(store.rawValue)")
        // Answers that take their time leave requests on the wire at any time.
        let receiver = try Receiver { request in
            request.number % 3 == 0
                ? .noContent.after(.milliseconds(10)) : request.number % 7 == 0 ? .status(500) : .noContent
        }
        let stage = try TestEnvironment()
        try stage.configure(
            [
                .retry("again", receiver.url), .singleShot("once", receiver.url),
                .retry(
                    "ordered",
                    receiver.url,
                    "ordered: true, schedule: [1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms], jitter: 0%"
                ),
            ],
            on: store
        )
        let ids = (0..<Soak.rounds(60, soak: 2000)).map { "evt-\($0)" }
        let lines = ids.map { #"{"topic":"a.b","id":"\#($0)","data":{"n":1}}"# }
        let (exit, _) = try await stage.run(["emit", "--batch", "-", "--detach"], input: lines.joined(separator: "\n"))
        #expect(exit == .code(0))
        for _ in 0..<Soak.rounds(8, soak: 300) {
            let command = try stage.start(["run"])
            try await command.kill(after: .milliseconds(random.pick(20...250)))
            try stage.endLeases(on: store)
        }
        let (last, command) = try await stage.run(["run", "--until-settled"])
        #expect([.code(0), .code(1)].contains(last), "\(command.errors)")
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        let library = try await stage.library()
        for delivery in try await stage.deliveries() {
            #expect(delivery.state.isSettled)
            let expected: Set<DeliveryState> =
                delivery.mode == .singleShot ? [.delivered, .unknown, .failed] : [.delivered]
            #expect(expected.contains(delivery.state), "\(delivery)")
            #expect(try await library.attempts(of: delivery.id).count == delivery.attempts)
        }
        // In order: an event's first request never comes before the one of an event accepted earlier.
        var seen: Set<String> = []
        let order = receiver.requests.filter { $0.target == "/ordered" }.compactMap { $0.header("webhook-id") }
        #expect(order.filter { seen.insert($0).inserted } == ids)
        try await stage.expectIntegrity()
    }

    /// Row 2, at the one time that matters.
    @Test(arguments: TestStore.here)
    func dispatcherKilledBeforeTheAnswer(on store: TestStore) async throws {
        let receiver = try Receiver { $0.number <= 2 ? .neverAnswer : .noContent }
        let stage = try TestEnvironment()
        try stage.configure([.retry("again", receiver.url), .singleShot("once", receiver.url)], on: store)
        try await stage.run(["emit", "a.b", "--data", #"{"n":1}"#, "--id", "evt", "--detach"])
        let first = try stage.start(["run"])
        try await receiver.waitForRequests(count: 2)
        first.send(SIGKILL)
        await first.exit()
        try stage.endLeases(on: store)
        let (exit, _) = try await stage.run(["run", "--until-settled"])
        #expect(exit == .code(1), "one is unknown")

        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        #expect(audit.count("again", "evt") == 2)
        #expect(audit.count("once", "evt") == 1)
        for delivery in try await stage.deliveries() {
            let attempts = try await stage.attempts(of: delivery)
            #expect(attempts[0].error == .interrupted)
            #expect(attempts[0].outcome == .unknown)
            #expect(delivery.state == (delivery.mode == .retry ? .delivered : .unknown))
            #expect(attempts.count == (delivery.mode == .retry ? 2 : 1))
        }
        let signatures = receiver.requests.filter { $0.target == "/again" }.compactMap {
            $0.header("webhook-timestamp")
        }
        #expect(signatures.count == 2)
    }

    /// An interruption uses up no step of the schedule.
    @Test(arguments: TestStore.here)
    func interruptionsUseUpNoStep(on store: TestStore) async throws {
        let receiver = try Receiver { $0.number <= 3 ? .neverAnswer : $0.number == 4 ? .status(500) : .noContent }
        let stage = try TestEnvironment()
        try stage.configure([.retry("again", receiver.url, "schedule: [1ms], jitter: 0%")], on: store)
        try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt", "--detach"])
        for round in 1...3 {
            let command = try stage.start(["run"])
            try await receiver.waitForRequests(count: round)
            command.send(SIGKILL)
            await command.exit()
            try stage.endLeases(on: store)
        }
        let (exit, _) = try await stage.run(["run", "--until-settled"])
        #expect(exit == .code(0))
        let delivery = try #require(try await stage.deliveries().first)
        #expect(delivery.attempts == 5)
        #expect(receiver.requestCount == 5)
    }
}
