import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// A host that runs a dispatcher and works on the log in the same process: the dispatcher notices.
@Suite struct InProcessTests {
    @Test(arguments: TestStore.here)
    func cancelRetriggerAndDisable(on store: TestStore) async throws {
        let isMended = Flag()
        let receiver = try Receiver { _ in isMended.isSet ? .noContent : .status(500) }
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url, "schedule: [1h], jitter: 0%")], on: store)
        let library = try await stage.library()
        let running = Task { try await library.run() }
        func delivery(_ event: String) async throws -> Delivery? {
            var query = DeliveryQuery()
            query.events = [event]
            return try await library.deliveries(query).first
        }
        for event in ["a", "b", "c"] { try await library.emit(Event(topic: "x.y", data: "{}", id: event)) }
        try await eventually("all have failed once") {
            try await library.deliveries(DeliveryQuery(states: [.waiting])).count == 3
        }

        #expect(try await library.administration.cancel(["a"]).deliveries.count == 1)
        #expect(try await delivery("a")?.state == .cancelled)
        isMended.set()
        // Sent again at once, and not in an hour; "b" is still open.
        let plan = try await library.retriggerPlan(ids: ["a", "b"], duplicates: true)
        try await library.retrigger(plan)
        try await receiver.waitForRequests(count: 5)
        try await eventually("both are delivered") {
            try await library.deliveries(DeliveryQuery(states: [.delivered])).count == 2
        }

        try await library.administration.setEnabled(false, subscription: "crm")
        try await eventually("what waits is cancelled") { try await delivery("c")?.lastError == .disabled }
        try await library.emit(Event(topic: "x.y", data: "{}", id: "missed"))
        try await eventually("what comes is cancelled") { try await delivery("missed")?.state == .cancelled }
        try await library.administration.setEnabled(true, subscription: "crm")
        try await eventually("it is sent to again") {
            let id = "again-\(Timestamp.now.milliseconds)"
            try await library.emit(Event(topic: "x.y", data: "{}", id: id))
            try await eventually("it settles") { try await delivery(id)?.state.isSettled == true }
            return try await delivery(id)?.state == .delivered
        }
        library.shutDown()
        try await running.value
        try await Audit(stage, [receiver]).checkSafety()
    }
}
