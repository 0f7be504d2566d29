/// Turns events into bodies and deliveries into requests: pure, and callable from any thread.
package protocol DeliveryRenderer: Sendable {
    /// Renders an event for subscriptions that want it, each distinct representation once.
    ///
    /// - Returns: `bodies`, and for each subscription in order the index of its body, or why there is none.
    func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent

    /// Makes the request of one attempt: headers with fresh timestamp and signature around a stored body.
    func request(for attempt: AttemptContext, to subscription: Subscription, body: ByteString) throws(RenderingError)
        -> PreparedRequest

    /// Prepares the requests to a subscription, so that what no attempt changes is worked out once.
    func requests(to subscription: Subscription) -> any RequestMaker

    /// The renderer for a registry that differs from this one's by some subscriptions; what is prepared for the others
    /// stays.
    ///
    /// - Parameter canonical: the topics of the canonical event, where one of them is the first to ask for those.
    func changing(
        removing names: [String],
        adding subscriptions: [Subscription],
        canonical: [ProfileTopic]
    ) -> any DeliveryRenderer
}

/// Makes the requests to one subscription: pure, and callable from any thread.
package protocol RequestMaker: AnyObject, Sendable {
    /// Makes the request of one attempt; see ``DeliveryRenderer/request(for:to:body:)``.
    func request(for attempt: AttemptContext, body: ByteString) throws(RenderingError) -> PreparedRequest
}

extension DeliveryRenderer {
    /// Works everything out at each attempt.
    package func requests(to subscription: Subscription) -> any RequestMaker {
        UnpreparedRequests(renderer: self, subscription: subscription)
    }

    /// Nothing is prepared.
    package func changing(
        removing names: [String],
        adding subscriptions: [Subscription],
        canonical: [ProfileTopic]
    ) -> any DeliveryRenderer {
        self
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
package struct RenderedEvent: Sendable {
    package var bodies: [ByteString]
    /// Runs parallel to the subscriptions asked for.
    package var renderedBodies: [Result<RenderedBody, RenderingError>]
    /// Bodies whose payload does not fit the catalogue and which are sent all the same.
    package var findings: [SchemaFinding] = []

    /// A rendered body's index with its content type.
    package struct RenderedBody: Sendable, Hashable {
        package var body: Int
        package var contentType: ContentType

        package init(body: Int, contentType: ContentType) {
            self.body = body
            self.contentType = contentType
        }
    }

    package init(bodies: [ByteString], renderedBodies: [Result<RenderedBody, RenderingError>]) {
        self.bodies = bodies
        self.renderedBodies = renderedBodies
    }
}

/// A payload that does not fit the fields that the catalogue lists for its topic.
package struct SchemaFinding: Sendable, Hashable {
    /// The first subscription that gets it.
    package var subscription: String
    package var profile: String
    package var topic: String
    /// Name paths of the catalogue, and no value of the event's.
    package var violations: [String]

    package init(_ subscription: Subscription, topic: String, _ violations: [String]) {
        self.subscription = subscription.name
        profile = subscription.profile.name
        self.topic = topic
        self.violations = violations
    }
}

/// The reason why a body or a request can't be made. The text names place and cause, and no value of the event's.
package struct RenderingError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// The values that differ between the headers of two attempts.
package struct AttemptContext: Sendable, Hashable {
    package var event: EventHeader
    /// `nil` for a rendering that is not sent.
    package var delivery: Delivery.ID?
    /// From 1.
    package var attempt: Int
    package var contentType: ContentType
    package var mode: DeliveryMode
    /// The signature's time.
    package var at: Timestamp

    package init(
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
package struct PreparedRequest: Sendable {
    package var request: TransportRequest
    /// All headers as sent, `Host` and `Content-Length` included, with credentials as `***`.
    package var redactedHeaders: [HTTPHeader]
    /// Removes the subscription's secrets from what a receiver answered.
    package var redactor: Redactor

    package init(request: TransportRequest, redactedHeaders: [HTTPHeader], redactor: Redactor) {
        self.request = request
        self.redactedHeaders = redactedHeaders
        self.redactor = redactor
    }

    /// Adds headers that are no secret, but for those of a name that is there already.
    package mutating func add(_ headers: [HTTPHeader]) {
        let names = Set(request.headers.map { $0.name.lowercased() })
        let new = headers.filter { !names.contains($0.name.lowercased()) }
        request.headers += new
        // `Content-Length` is the last.
        redactedHeaders.insert(contentsOf: new, at: max(0, redactedHeaders.count - 1))
    }
}
