public import WebhookCore

/// A finished request, ready to be recorded.
public struct FinishedAttempt: Sendable {
    public var token: UInt64
    public var result: TransportResult
    /// As it may be shown.
    public var url: String
    /// As sent, redacted.
    public var requestHeaders: [HTTPHeader]

    public init(token: UInt64, result: TransportResult, url: String, requestHeaders: [HTTPHeader]) {
        self.token = token
        self.result = result
        self.url = url
        self.requestHeaders = requestHeaders
    }
}

/// An event to accept, matched and rendered.
public struct EmitRequest: Sendable {
    public var token: UInt64
    public var event: Event
    public var target: String?
    /// `nil`: not to be fanned out now.
    public var deliveries: PreparedDeliveries?

    public init(token: UInt64, event: Event, target: String? = nil, deliveries: PreparedDeliveries?) {
        self.token = token
        self.event = event
        self.target = target
        self.deliveries = deliveries
    }
}

/// An event's deliveries before the engine has decided how each starts.
public struct PreparedDeliveries: Sendable {
    public var bodies: [ByteString]
    public var entries: [Entry]

    public struct Entry: Sendable {
        public var subscription: String
        public var renderedBody: Result<RenderedEvent.RenderedBody, RenderingError>

        public init(subscription: String, renderedBody: Result<RenderedEvent.RenderedBody, RenderingError>) {
            self.subscription = subscription
            self.renderedBody = renderedBody
        }
    }

    public init(bodies: [ByteString], entries: [Entry]) {
        self.bodies = bodies
        self.entries = entries
    }
}
