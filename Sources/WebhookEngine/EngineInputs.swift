package import WebhookCore

/// A finished request, ready to be recorded.
package struct FinishedAttempt: Sendable {
    package var token: UInt64
    package var result: TransportResult
    /// As it may be shown.
    package var url: String
    /// As sent, redacted.
    package var requestHeaders: [HTTPHeader]

    package init(token: UInt64, result: TransportResult, url: String, requestHeaders: [HTTPHeader]) {
        self.token = token
        self.result = result
        self.url = url
        self.requestHeaders = requestHeaders
    }
}

/// An event to accept, matched and rendered.
package struct EmitRequest: Sendable {
    package var token: UInt64
    package var event: Event
    package var target: String?
    /// `nil`: not to be fanned out now.
    package var deliveries: PreparedDeliveries?

    package init(token: UInt64, event: Event, target: String? = nil, deliveries: PreparedDeliveries?) {
        self.token = token
        self.event = event
        self.target = target
        self.deliveries = deliveries
    }
}

/// An event's deliveries before the engine has decided how each starts.
package struct PreparedDeliveries: Sendable {
    package var bodies: [ByteString]
    package var entries: [Entry]
    /// The version of the store's subscriptions that they were matched by; `nil`: it makes no difference.
    package var subscriptionsVersion: Int64?

    package struct Entry: Sendable {
        package var subscription: String
        /// This and what follows count where the engine doesn't know the subscription (any more).
        package var mode: DeliveryMode
        package var isOrdered: Bool
        package var contentType: ContentType
        package var renderedBody: Result<RenderedEvent.RenderedBody, RenderingError>

        package init(_ subscription: Subscription, renderedBody: Result<RenderedEvent.RenderedBody, RenderingError>) {
            self.subscription = subscription.name
            mode = subscription.policy.mode
            isOrdered = subscription.policy.ordered
            contentType = subscription.contentType
            self.renderedBody = renderedBody
        }
    }

    package init(bodies: [ByteString], entries: [Entry], subscriptionsVersion: Int64? = nil) {
        self.subscriptionsVersion = subscriptionsVersion
        self.bodies = bodies
        self.entries = entries
    }
}
