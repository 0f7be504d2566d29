/// Turns events into bodies and deliveries into requests: pure, and callable from any thread.
public protocol DeliveryRenderer: Sendable {
    /// Renders an event for subscriptions that want it, each distinct representation once.
    ///
    /// - Returns: `bodies`, and for each subscription in order the index of its body, or why there is none.
    func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent

    /// Makes the request of one attempt: headers with fresh timestamp and signature around a stored body.
    func request(for attempt: AttemptContext, to subscription: Subscription, body: ByteString) throws(RenderingError)
        -> PreparedRequest

    /// Prepares the requests to a subscription, so that what no attempt changes is worked out once.
    func requests(to subscription: Subscription) -> any RequestMaker
}

/// Makes the requests to one subscription: pure, and callable from any thread.
public protocol RequestMaker: AnyObject, Sendable {
    /// Makes the request of one attempt; see ``DeliveryRenderer/request(for:to:body:)``.
    func request(for attempt: AttemptContext, body: ByteString) throws(RenderingError) -> PreparedRequest
}

extension DeliveryRenderer {
    /// Works everything out at each attempt.
    public func requests(to subscription: Subscription) -> any RequestMaker {
        UnpreparedRequests(renderer: self, subscription: subscription)
    }
}

private final class UnpreparedRequests: RequestMaker {
    private let renderer: any DeliveryRenderer
    private let subscription: Subscription

    init(renderer: any DeliveryRenderer, subscription: Subscription) {
        self.renderer = renderer
        self.subscription = subscription
    }

    func request(for attempt: AttemptContext, body: ByteString) throws(RenderingError) -> PreparedRequest {
        try renderer.request(for: attempt, to: subscription, body: body)
    }
}

/// An event's distinct bodies and who gets which.
public struct RenderedEvent: Sendable {
    public var bodies: [ByteString]
    /// Runs parallel to the subscriptions asked for.
    public var renderedBodies: [Result<RenderedBody, RenderingError>]

    /// A rendered body's index with its content type.
    public struct RenderedBody: Sendable, Hashable {
        public var body: Int
        public var contentType: ContentType

        public init(body: Int, contentType: ContentType) {
            self.body = body
            self.contentType = contentType
        }
    }

    public init(bodies: [ByteString], renderedBodies: [Result<RenderedBody, RenderingError>]) {
        self.bodies = bodies
        self.renderedBodies = renderedBodies
    }
}

/// Why a body or a request can't be made. The text names place and cause, and no value of the event's.
public struct RenderingError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// The values that differ between the headers of two attempts.
public struct AttemptContext: Sendable, Hashable {
    public var event: EventHeader
    /// `nil` for a rendering that is not sent.
    public var delivery: Delivery.ID?
    /// From 1.
    public var attempt: Int
    public var contentType: ContentType
    public var mode: DeliveryMode
    /// The signature's time.
    public var at: Timestamp

    public init(
        event: EventHeader,
        delivery: Delivery.ID?,
        attempt: Int,
        contentType: ContentType,
        mode: DeliveryMode,
        at: Timestamp
    ) {
        self.event = event
        self.delivery = delivery
        self.attempt = attempt
        self.contentType = contentType
        self.mode = mode
        self.at = at
    }
}

/// A request, and how it may be shown.
public struct PreparedRequest: Sendable {
    public var request: TransportRequest
    /// All headers as sent, `Host` and `Content-Length` included, with credentials as `***`.
    public var redactedHeaders: [HTTPHeader]
    /// Removes the subscription's secrets from what a receiver answered.
    public var redactor: Redactor

    public init(request: TransportRequest, redactedHeaders: [HTTPHeader], redactor: Redactor) {
        self.request = request
        self.redactedHeaders = redactedHeaders
        self.redactor = redactor
    }
}
