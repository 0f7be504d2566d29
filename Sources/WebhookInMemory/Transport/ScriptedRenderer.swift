package import WebhookCore
package import WebhookEngine

/// A renderer for tests: a body is the event's id and data, so that a checker knows what must arrive.
package struct ScriptedRenderer: DeliveryRenderer {
    /// Topics whose body can't be rendered.
    package var poisonTopics: Set<String>
    /// Subscriptions for which no request can be made, although there is a body.
    package var brokenSubscriptions: Set<String>

    package init(poisonTopics: Set<String> = [], brokenSubscriptions: Set<String> = []) {
        self.poisonTopics = poisonTopics
        self.brokenSubscriptions = brokenSubscriptions
    }

    /// The body of an event.
    package static func body(of event: Event) -> ByteString {
        ByteString(Array("\(event.id) ".utf8) + event.data.bytes)
    }

    package func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent {
        if poisonTopics.contains(event.topic) {
            let failure = Result<RenderedEvent.RenderedBody, RenderingError>.failure(RenderingError("poison"))
            return RenderedEvent(bodies: [], renderedBodies: subscriptions.map { _ in failure })
        }
        return RenderedEvent(
            bodies: [Self.body(of: event)],
            renderedBodies: subscriptions.map { .success(.init(body: 0, contentType: $0.contentType)) }
        )
    }

    package func request(
        for attempt: AttemptContext,
        to subscription: Subscription,
        body: ByteString
    ) throws(RenderingError) -> PreparedRequest {
        if brokenSubscriptions.contains(subscription.name) { throw RenderingError("broken") }
        let headers = [HTTPHeader("webhook-id", attempt.event.id)]
        let request = TransportRequest(
            url: subscription.url,
            headers: headers,
            body: body,
            timeout: subscription.policy.timeout,
            connectTimeout: subscription.policy.connectTimeout,
            freshConnection: attempt.mode == .singleShot,
            attempt: attempt.attempt
        )
        return PreparedRequest(request: request, redactedHeaders: headers, redactor: Redactor(secrets: []))
    }
}

extension DeliveryEngine {
    /// An engine whose requests are scripted.
    package init(
        settings: EngineSettings,
        subscriptions: [Subscription],
        random: any RandomNumberGenerator
    ) {
        self.init(settings: settings, targets: Self.targets(subscriptions), random: random)
    }

    /// Takes over a new set of subscriptions.
    package mutating func reload(_ subscriptions: [Subscription], maxInFlight: Int? = nil, at time: EngineTime) {
        reload(Self.targets(subscriptions), maxInFlight: maxInFlight, at: time)
    }

    private static func targets(_ subscriptions: [Subscription]) -> [SharedSubscription] {
        let renderer = ScriptedRenderer()
        return subscriptions.map { SharedSubscription($0, requests: renderer.requests(to: $0)) }
    }
}

extension Profile {
    /// A profile that takes every topic.
    package static let anything = anything(contentTypes: [.json], body: .envelope([]))

    /// A profile that takes every topic, and writes it as a test likes.
    package static func anything(contentTypes: [ContentType], body: ProfileBody) -> Profile {
        Profile(
            name: "anything",
            title: "Anything",
            contentTypes: contentTypes,
            anyTopic: true,
            body: body,
            topics: [
                ProfileTopic(
                    topic: ProfileTopic.anyName,
                    title: "",
                    trigger: "",
                    isDocumented: false,
                    example: JSONValue(kind: .null, document: "null", range: 0..<4)
                )
            ]
        )
    }
}
