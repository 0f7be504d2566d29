public import WebhookCore
internal import WebhookEngine

extension WebhookDispatcher {
    /// The send test: one attempt with a topic's example, recorded as a test. Works while the subscription is disabled.
    ///
    /// - Parameters:
    ///   - name: the subscription's.
    ///   - topic: defaults to the first that the subscription names, or of its profile that it wants.
    ///   - profile: whose example to send; defaults to the canonical event's, or else the subscription's own platform's.
    ///   - timeout: how long to wait for the attempt; defaults to 30 s.
    /// - Returns: the delivery; its log tells what happened.
    public func sendTest(
        to name: String,
        topic: String? = nil,
        profile: String? = nil,
        timeout: Duration = .seconds(30)
    ) async throws(WebhooksError) -> Delivery {
        let event = try preview.testEvent(for: name, topic: topic, profile: profile)
        let delivery = try await delivering(as: .test) { [self] () throws(WebhooksError) in
            _ = try await emitWithinCommand(event, target: name)
            _ = try await waitForFirstAttempts(of: [event.id], timeout: timeout)
            var query = DeliveryQuery()
            query.events = [event.id]
            guard let delivery = try await deliveries(query).first else {
                let age = await log.runningDispatcher()?.silence?.components.seconds
                let silence = age.map { "doesn't respond: its last sign of life is \($0) s old" }
                let reason = silence ?? "has not taken up the test within \(timeout)"
                throw WebhooksError(.refused, "the running dispatcher \(reason); the test is on disk")
            }
            return delivery
        }
        // What was on its way has ended meanwhile.
        return try await log.delivery(delivery.id) ?? delivery
    }
}
