import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

@Suite struct RetriggerTests {
    private static let signed = "secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]"

    private func subscription(_ receiver: Receiver, _ name: String = "crm", delivery: String = "{}") -> String {
        """
          - name: \(name)
            url: \(receiver.url)/\(name)
            topics: ["**"]
            \(Self.signed)
            delivery: \(delivery)
        """
    }

    private func event(_ id: String, _ data: ByteString = #"{"a":1.50}"#) throws -> Event {
        try Event(topic: "grade.released", data: data, id: id, occurredAt: Timestamp(milliseconds: 1_772_357_400_000))
    }

    @Test(arguments: ["retry", "single-shot"])
    func sendsTheSameBytesUnderAFreshSignature(_ mode: String) async throws {
        let receiver = try Receiver(responses: [.status(500), .status(200)])
        let dispatcher = try await TestEnvironment().dispatcher(
            subscription(receiver, delivery: "{ mode: \(mode), schedule: [] }")
        )
        let old = try #require(try await dispatcher.deliver(try event("evt_1")).first).delivery
        #expect(old.state == .failed && old.lastStatus == 500)

        let plan = try await dispatcher.retriggerPlan(DeliveryQuery(states: [.failed]))
        #expect(plan.deliveries == [old.id] && plan.refusals.isEmpty)
        let ids = try await dispatcher.retrigger(plan)
        try await dispatcher.run(until: .idle)
        let new = try #require(try await dispatcher.log.delivery(ids[0]))
        #expect(new.state == .delivered && new.retriggerOf == old.id && new.mode.rawValue == mode)
        #expect(try await dispatcher.log.delivery(old.id) == old, "the old one stays as it is")

        let requests = receiver.requests
        #expect(requests.count == 2)
        #expect(requests[0].body == requests[1].body)
        #expect(requests[0].header("webhook-id") == "evt_1")
        #expect(requests[1].header("webhook-id") == "evt_1")
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        for request in requests {
            let signature = try #require(request.header("webhook-signature"))
            let timestamp = try #require(request.header("webhook-timestamp").flatMap { Int64($0) })
            let check = Signatures.verify(
                id: "evt_1",
                timestamp: timestamp,
                body: request.body,
                signatures: signature,
                key: Secret(secret)
            )
            #expect(check)
        }
        // What was sent again is not found a second time.
        #expect(try await dispatcher.retriggerPlan(DeliveryQuery(states: [.failed])).count == 0)
    }

    @Test func anEventStandsForItsNewestDeliveries() async throws {
        let receiver = try Receiver(responses: [.status(200)])
        let dispatcher = try await TestEnvironment().dispatcher(
            subscription(receiver, "one") + "\n" + subscription(receiver, "two")
        )
        let first = try await dispatcher.deliver(try event("evt_1")).map(\.delivery.id)
        try await dispatcher.retrigger(try await dispatcher.retriggerPlan(ids: [first[0].description]))
        let plan = try await dispatcher.retriggerPlan(ids: ["evt_1", "nothing"], duplicates: true)
        #expect(plan.deliveries == [first[1], Delivery.ID(rawValue: 3)])
        #expect(plan.unknown == ["nothing"])
        // The newest has not settled: a second copy only for who asks for one.
        let careful = try await dispatcher.retriggerPlan(ids: ["evt_1"])
        #expect(careful.deliveries == [first[1]])
        #expect(
            careful.refusals.map(\.deliveries) == [1]
                && careful.refusals[0].reason.contains("`administration.retry(_:)`")
        )
    }

    @Test func filtersLeaveOutWhatSomebodyCancelled() async throws {
        let receiver = try Receiver(responses: [.status(500)])
        let dispatcher = try await TestEnvironment().dispatcher(
            subscription(receiver, delivery: "{ schedule: [1h], jitter: 0% }")
        )
        var ids: [Delivery.ID] = []
        for id in ["a", "b", "c"] { ids += try await dispatcher.deliver(try event(id)).map(\.delivery.id) }
        let administration = dispatcher.administration
        _ = try await administration.cancel(["a"])
        try await administration.setEnabled(false, subscription: "crm")
        try await dispatcher.run(until: .idle)
        try await administration.setEnabled(true, subscription: "crm")
        #expect(try await administration.cancel(["b"]).deliveries == [ids[1]])
        var query = DeliveryQuery()
        query.subscription = "crm"
        for states in [[], [.cancelled]] as [Set<DeliveryState>] {
            query.states = states
            let plan = try await dispatcher.retriggerPlan(query)
            #expect(plan.deliveries == [ids[2]] && plan.cancelledByHand == 2)
        }
        #expect(try await administration.cancel([], subscription: "crm").deliveries == [ids[2]])
        query.errors = [.disabled]
        #expect(try await dispatcher.retriggerPlan(query).count == 0)
        let plan = try await dispatcher.retriggerPlan(ids: ["a", ids[1].description])
        #expect(plan.deliveries == [ids[0], ids[1]] && plan.cancelledByHand == 0)
    }

    @Test func anEventWithoutDeliveriesIsNotUnknown() async throws {
        let receiver = try Receiver(responses: [.status(200)])
        let dispatcher = try await TestEnvironment().dispatcher(subscription(receiver))
        let later = try Event(topic: "a.b", data: "1", id: "later", deliverAt: .now + .seconds(3_600))
        try await dispatcher.emit([later])
        let plan = try await dispatcher.retriggerPlan(ids: ["later", "nothing"])
        #expect(plan.withoutDeliveries == ["later"] && plan.unknown == ["nothing"] && plan.count == 0)
    }

    @Test func isRefusedForTheDisabledAndTheGone() async throws {
        let receiver = try Receiver(responses: [.status(410), .status(200)])
        let workspace = try TestEnvironment()
        let dispatcher = try await workspace.dispatcher(subscription(receiver))
        _ = try await dispatcher.deliver(try event("evt_1"))
        let plan = try await dispatcher.retriggerPlan(ids: ["evt_1"])
        #expect(plan.count == 0)
        #expect(plan.refusals.map(\.subscription) == ["crm"])
        #expect(plan.refusals[0].reason(for: .commandLine).contains("webhooks enable crm"))
        try await dispatcher.administration.setEnabled(true, subscription: "crm")
        #expect(try await dispatcher.retriggerPlan(ids: ["evt_1"]).count == 1)

        let other = try await workspace.dispatcher(subscription(receiver, "other"))
        let gone = try await other.retriggerPlan(ids: ["evt_1"])
        #expect(gone.count == 0 && gone.refusals[0].reason.contains("no such subscription"))
    }

    @Test func rendersAnewWhereThereWasNothingToSend() async throws {
        let receiver = try Receiver(responses: [.status(200)])
        let workspace = try TestEnvironment()
        try workspace.write(##"{{#data.bad}}x{{/data.bad}}{"n":"{{data.a}}"}"##, to: "crm.json.mustache")
        let dispatcher = try await workspace.dispatcher(subscription(receiver) + "\n    body: crm.json.mustache")
        let bad = try event("evt_1", #"{"a":1.50,"bad":true}"#)
        let old = try #require(try await dispatcher.deliver(bad).first).delivery
        #expect(old.lastError == .template && receiver.requests.isEmpty)
        let refused = try await dispatcher.retriggerPlan(ids: ["evt_1"])
        #expect(refused.count == 0 && refused.refusals[0].reason.contains("can't be rendered"))

        try workspace.write(#"{"n":"{{data.a}}"}"#, to: "crm.json.mustache")
        #expect(dispatcher.reload())
        let plan = try await dispatcher.retriggerPlan(ids: ["evt_1"])
        let ids = try await dispatcher.retrigger(plan)
        try await dispatcher.run(until: .idle)
        #expect(try await dispatcher.log.delivery(ids[0])?.state == .delivered)
        #expect(receiver.requests.map(\.body) == [#"{"n":"1.50"}"#])
        #expect(try await dispatcher.log.integrityProblems() == [])
    }

    @Test func goesOnWhereItWasStopped() async throws {
        let receiver = try Receiver(responses: [.status(200)])
        let dispatcher = try await TestEnvironment().dispatcher(
            subscription(receiver, delivery: "{ mode: single-shot }")
        )
        let events = try (0..<1_100).map { try event("evt_\($0)") }
        try await dispatcher.emit(events)
        _ = try await dispatcher.administration.cancel([], subscription: "crm")
        _ = try await dispatcher.administration.cancel(events.map(\.id))
        // Cancelled before they were fanned out: there is nothing to send again.
        #expect(try await dispatcher.retriggerPlan(DeliveryQuery(states: [.cancelled])).count == 0)

        try await dispatcher.emit(try (0..<1_100).map { try event("again_\($0)") })
        try await dispatcher.administration.setEnabled(false, subscription: "crm")
        try await dispatcher.run(until: .idle)
        try await dispatcher.administration.setEnabled(true, subscription: "crm")
        let query = DeliveryQuery(states: [.cancelled])
        let plan = try await dispatcher.retriggerPlan(query)
        #expect(plan.count == 1_100 && plan.deliveries == plan.deliveries.sorted())
        var counts: [Int] = []
        let ids = try await dispatcher.retrigger(plan) { count in
            counts.append(count)
            return count < 1_000
        }
        #expect(counts == [500, 1_000] && ids.count == 1_000)
        #expect(try await dispatcher.retriggerPlan(query).count == 100, "the others are still to be sent again")
    }
}
