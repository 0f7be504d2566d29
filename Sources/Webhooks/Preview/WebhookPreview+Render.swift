public import WebhookCore
internal import WebhookEngine
internal import WebhookRendering

extension WebhookPreview {
    /// The exact request that an event would make; neither sends nor stores anything.
    ///
    /// - Parameters:
    ///   - event: neither checked nor stored.
    ///   - subscription: a name; also one that is not enabled.
    ///   - at: the signature's time; defaults to now.
    /// - Throws: ``WebhooksError`` with `notFound` for the subscription, `unknown` for the topic, or `rendering`.
    public func render(_ event: Event, for subscription: String, at: Timestamp = .now) throws(WebhooksError)
        -> RenderedRequest
    {
        let subscription = try find(subscription)
        guard subscription.profile.topic(event.topic) != nil else {
            let found = TopicCatalog.unknown(event.topic, of: subscription.profile)
            throw WebhooksError(
                .unknown,
                "subscription \(subscription.name): \(found.message)",
                remedy: found.remedy
            )
        }
        let rendered = snapshot.renderer.render(event, for: [subscription])
        do throws(RenderingError) {
            let renderedBody = try rendered.renderedBodies[0].get()
            let context = AttemptContext(
                event: EventHeader(
                    row: 0,
                    id: event.id,
                    topic: event.topic,
                    tenant: event.tenant,
                    isTest: event.isTest
                ),
                delivery: nil,
                attempt: 1,
                contentType: renderedBody.contentType,
                mode: subscription.policy.mode,
                at: at
            )
            let body = rendered.bodies[renderedBody.body]
            let prepared = try snapshot.renderer.request(for: context, to: subscription, body: body)
            return RenderedRequest(
                method: "POST",
                url: subscription.url.display,
                target: subscription.url.isSecret ? "/***" : subscription.url.target,
                headers: prepared.redactedHeaders,
                revealedHeaders: WebhookRenderer.wireHeaders(of: prepared.request),
                body: body,
                notes: rendered.findings.flatMap(\.violations)
            )
        } catch {
            throw WebhooksError(error)
        }
    }

    /// A subscription by name.
    ///
    /// - Throws: ``WebhooksError`` with `unknown`, naming those there are.
    package func subscription(named name: String) throws(WebhooksError) -> Subscription { try find(name) }

    /// A subscription by name, or an error that names those there are.
    func find(_ name: String) throws(WebhooksError) -> Subscription {
        if let subscription = registry.subscription(named: name) { return subscription }
        let names = registry.subscriptions.map(\.name)
        let hint =
            NameHint.question(name, in: names)
            ?? (names.isEmpty ? "the configuration has none" : "there are: \(names.prefix(20).joined(separator: ", "))")
        throw WebhooksError(.notFound, "there is no subscription named \(name); \(hint)")
    }
}

extension WebhookPreview {
    /// An HTTP request as it would be sent.
    public struct RenderedRequest: Sendable, Hashable {
        /// Always `POST`.
        public var method: String
        /// As it may be shown.
        public var url: String
        /// Path and query, for the request line; `***` where the URL is a secret.
        public var target: String
        /// In the order of the wire, `Host` and `Content-Length` included; credentials are `***`.
        public var headers: [HTTPHeader]
        /// The same with the credentials.
        public var revealedHeaders: [HTTPHeader]
        /// The exact body.
        public var body: ByteString
        /// The places where the payload differs from the catalogue.
        package var notes: [String] = []
    }
}

extension WebhookPreview.RenderedRequest: CustomStringConvertible, CustomReflectable {
    /// The request without credentials: ``revealedHeaders`` have to be asked for by name.
    public var description: String { "\(method) \(url) \(headers), \(body)" }
    /// A mirror without credentials.
    public var customMirror: Mirror {
        Mirror(self, children: ["method": method, "url": url, "headers": headers, "body": body])
    }
}
