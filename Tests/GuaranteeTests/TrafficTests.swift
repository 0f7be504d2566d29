import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// What people do while events come and go.
@Suite struct TrafficTests {
    /// Row 34: one configuration after another, during traffic.
    @Test(arguments: TestStore.here)
    func reloads(on store: TestStore) async throws {
        var random = Soak.generator("reloads under traffic")
        let receiver = try Receiver { $0.number % 5 == 0 ? .status(500) : .noContent.after(.milliseconds(2)) }
        let stage = try TestEnvironment()
        let fixed: [Endpoint] = [.retry("again", receiver.url), .singleShot("once", receiver.url)]
        let coming: [Endpoint] = [
            .retry("comes", receiver.url), .retry("ordered", receiver.url, "ordered: true, schedule: [1ms, 1ms, 1ms]"),
        ]
        try stage.configure(fixed + coming, on: store)
        let dispatcher = try await stage.startDispatcher()
        let library = try await stage.library()
        let rounds = Soak.rounds(12, soak: 600)
        var acknowledged: [String] = []
        for round in 0..<rounds {
            let ids = (0..<random.pick(1...15)).map { "evt-\(round)-\($0)" }
            try await library.emit(ids.map { try Event(topic: "a.b", data: "{}", id: $0) })
            acknowledged += ids
            var endpoints = fixed + coming.filter { _ in random.chance(50) }
            for index in endpoints.indices where random.chance(30) {
                endpoints[index].secrets = [Endpoint.nextSecret, Endpoint.secret]
            }
            try stage.configure(endpoints, on: store)
            dispatcher.send(SIGHUP)
            if random.chance(30) { try await Task.sleep(for: .milliseconds(random.pick(1...60))) }
        }
        try stage.configure(fixed + coming, on: store)
        dispatcher.send(SIGHUP)
        try await eventually("nothing is left") {
            // One read: matching may come between two of them.
            let deliveries = try await stage.deliveries()
            return deliveries.count { $0.subscription == "again" } == acknowledged.count
                && deliveries.allSatisfy { $0.state.isSettled }
        }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(acknowledged, retry: ["again"])
        for delivery in try await stage.deliveries() where delivery.mode == .singleShot {
            #expect([.delivered, .failed].contains(delivery.state), "nothing crashed: \(delivery)")
            #expect(audit.count("once", delivery.event) == 1)
        }
        try await stage.expectIntegrity()
    }

    /// Row 34: disabled and enabled, again and again: nothing hangs, and nothing is sent that isn't on record.
    @Test(arguments: TestStore.here)
    func disablingAndEnabling(on store: TestStore) async throws {
        var random = Soak.generator("disabling and enabling under traffic")
        let receiver = try Receiver { $0.number % 4 == 0 ? .status(500) : .noContent.after(.milliseconds(1)) }
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url), .retry("other", receiver.url)], on: store)
        let dispatcher = try await stage.startDispatcher()
        let library = try await stage.library()
        var count = 0
        for _ in 0..<Soak.rounds(25, soak: 1500) {
            let more = random.pick(1...10)
            try await library.emit(try (0..<more).map { try Event(topic: "a.b", data: "{}", id: "evt-\(count + $0)") })
            count += more
            try await library.administration.setEnabled(random.chance(50), subscription: "crm")
            if random.chance(60) { try await Task.sleep(for: .milliseconds(random.pick(1...150))) }
        }
        if random.chance(50) { try await library.administration.setEnabled(true, subscription: "crm") }
        try await eventually("nothing is left") {
            let deliveries = try await stage.deliveries()
            return deliveries.count == 2 * count && deliveries.allSatisfy { $0.state.isSettled }
        }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness((0..<count).map { "evt-\($0)" }, retry: ["other"])
        for delivery in try await stage.deliveries(subscription: "crm") {
            #expect([.delivered, .cancelled].contains(delivery.state), "\(delivery)")
        }
        try await stage.expectIntegrity()
    }

    /// A cancel at about the time of a retry: afterwards nothing more is sent.
    @Test(arguments: TestStore.here)
    func cancelAgainstRetry(on store: TestStore) async throws {
        var random = Soak.generator("cancel against retry")
        let receiver = try Receiver(responses: [.status(500)])
        let stage = try TestEnvironment()
        let waits = Array(repeating: "15ms", count: 400).joined(separator: ", ")
        let delivery = "schedule: [\(waits)], jitter: 0%, breaker: { failures: 1000000, pause: 1s }"
        try stage.configure([.retry("crm", receiver.url, delivery)], on: store)
        let dispatcher = try await stage.startDispatcher()
        let library = try await stage.library()
        for round in 0..<Soak.rounds(15, soak: 1000) {
            let id = "evt-\(round)"
            try await library.emit(Event(topic: "a.b", data: "{}", id: id))
            try await eventually("it is tried") { receiver.requests.contains { $0.header("webhook-id") == id } }
            try await eventually("it is cancelled, once it isn't on the wire") {
                try await Task.sleep(for: .milliseconds(random.pick(0...20)))
                // An attempt that is under way is the last one: a look again finds nothing left to cancel.
                let result = try await library.administration.cancel([id])
                return result.underWay.isEmpty && result.tooLate.isEmpty
            }
        }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        for delivery in try await stage.deliveries() {
            #expect(delivery.state == .cancelled)
            // Nobody crashed: exactly what is on record.
            #expect(audit.count("crm", delivery.event) == delivery.attempts)
        }
    }
}
