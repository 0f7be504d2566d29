/// Traces attempts: told when each begins and ends.
package protocol AttemptTracer: Sendable {
    func begin(_ attempt: TracedAttempt) -> any AttemptSpan
}

/// An attempt that is traced.
package protocol AttemptSpan: Sendable {
    /// The context in which a receiver may go on; `nil` where the tracer has none of W3C's form.
    var context: TraceContext? { get }

    func end(_ result: TransportResult)
}

/// The facts about an attempt that a trace tells.
package struct TracedAttempt: Sendable {
    package var event: EventHeader
    package var delivery: Delivery.ID?
    /// From 1.
    package var number: Int
    package var subscription: String
    package var url: EndpointURL
    /// The size of the body in bytes.
    package var bodySize: Int

    package init(_ context: AttemptContext, to subscription: Subscription, bodySize: Int) {
        event = context.event
        delivery = context.delivery
        number = context.attempt
        self.subscription = subscription.name
        url = subscription.url
        self.bodySize = bodySize
    }
}
