internal import HashTreeCollections
package import WebhookCore

/// Renders events into bodies and attempts into requests.
///
/// Whatever depends on a subscription alone is prepared once: for the configuration's when the renderer is made, for those that
/// come at run time when they are first rendered for, for there may be tens of thousands and most are idle. Make a new one when
/// the configuration was reloaded. A subscription that it was not made with is prepared on the fly.
package final class WebhookRenderer: DeliveryRenderer {
    private let compiler: SubscriptionCompiler
    private let compiled: [String: CompiledSubscription]
    /// The subscriptions that have come since, in place of what ``compiled`` has of the same name.
    private let added: TreeDictionary<String, LazySubscription>
    private let egress: EgressPolicy
    private let maxBody: Int

    /// Prepares subscriptions.
    ///
    /// - Parameters:
    ///   - subscriptions: those that will be rendered for; names are unique.
    ///   - egress: goes into every request; defaults to public addresses only.
    ///   - maxBody: the most bytes of a body; defaults to 64 MiB. A small event's is less: see `dispatcher.maxBody`.
    ///   - canonical: the topics of the canonical event; needed where a subscription has `schema: enforce`.
    package init(
        subscriptions: [Subscription],
        egress: EgressPolicy = EgressPolicy(),
        maxBody: Int = DispatcherSettings.standardMaxBody,
        canonical: [ProfileTopic] = []
    ) {
        var compiler = SubscriptionCompiler(CanonicalSchema(canonical))
        var compiled: [String: CompiledSubscription] = [:]
        for subscription in subscriptions { compiled[subscription.name] = compiler.compile(subscription, egress) }
        self.compiler = compiler
        self.compiled = compiled
        added = [:]
        self.egress = egress
        self.maxBody = maxBody
    }

    /// Prepares what a registry's configuration holds; what is given beside it comes by ``changing(removing:adding:)``.
    package convenience init(registry: Registry) {
        let settings = registry.settings
        self.init(
            subscriptions: registry.configuredSubscriptions,
            egress: settings.egress,
            maxBody: settings.maxBody,
            canonical: registry.canonicalTopics
        )
    }

    private init(
        _ renderer: WebhookRenderer,
        _ compiler: SubscriptionCompiler,
        _ added: TreeDictionary<String, LazySubscription>
    ) {
        self.compiler = compiler
        self.added = added
        compiled = renderer.compiled
        egress = renderer.egress
        maxBody = renderer.maxBody
    }

    package func changing(
        removing names: [String],
        adding subscriptions: [Subscription],
        canonical: [ProfileTopic]
    ) -> any DeliveryRenderer {
        var (compiler, added) = (compiler, added)
        // Those that are prepared already don't ask for it.
        if !canonical.isEmpty { compiler.canonical = CanonicalSchema(canonical) }
        for name in names { added[name] = nil }
        for subscription in subscriptions {
            let parts = compiler.parts(for: subscription)
            added[subscription.name] = LazySubscription(subscription, parts, egress)
        }
        // A profile is prepared once for all; of templates there may be as many as there ever were subscriptions.
        return WebhookRenderer(self, compiler.withTemplates(of: self.compiler), added)
    }

    package func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent {
        let context = EventContext(event)
        let limit = BodyLimit(maxBody: maxBody, dataSize: event.data.count)
        var compiler: SubscriptionCompiler?
        var bodies: [ByteString] = []
        // A single one shares its body with nobody.
        let shares = subscriptions.count > 1
        var known: [CompiledSubscription.RenderedBody: Result<RenderedEvent.RenderedBody, RenderingError>] = [:]
        var findings: [SchemaFinding] = []
        let renderedBodies = subscriptions.map { subscription in
            let prepared = prepare(subscription, &compiler)
            let parts: CompiledSubscription.Parts
            do throws(RenderingError) {
                parts = try prepared.parts(for: event.topic)
            } catch {
                return Result<RenderedEvent.RenderedBody, RenderingError>.failure(error)
            }
            if let objection = subscription.objection(toID: event.id) { return .failure(RenderingError(objection)) }
            if shares, let result = known[parts.key] { return result }
            let result: Result<RenderedEvent.RenderedBody, RenderingError>
            do throws(RenderingError) {
                let (body, violations) = try prepared.body(context, parts, limit)
                bodies.append(body)
                if !violations.isEmpty {
                    findings.append(SchemaFinding(subscription, topic: event.topic, violations))
                }
                result = .success(
                    RenderedEvent.RenderedBody(body: bodies.count - 1, contentType: parts.contentType)
                )
            } catch {
                result = .failure(error)
            }
            if shares { known[parts.key] = result }
            return result
        }
        var rendered = RenderedEvent(bodies: bodies, renderedBodies: renderedBodies)
        rendered.findings = findings
        return rendered
    }

    package func request(
        for attempt: AttemptContext,
        to subscription: Subscription,
        body: ByteString
    ) throws(RenderingError) -> PreparedRequest {
        var compiler: SubscriptionCompiler?
        return try prepare(subscription, &compiler).request(for: attempt, body: body)
    }

    package func requests(to subscription: Subscription) -> any RequestMaker {
        if let known = added[subscription.name], known.subscription == subscription { return known }
        var compiler: SubscriptionCompiler?
        return prepare(subscription, &compiler)
    }

    /// A request's headers as they go over the wire, secrets included, for `--show-secrets`.
    ///
    /// `Host` comes first and `Content-Length` last, as in ``PreparedRequest/redactedHeaders``.
    package static func wireHeaders(of request: TransportRequest) -> [HTTPHeader] {
        let length = HTTPHeader("Content-Length", String(request.body.count))
        return [HTTPHeader("Host", request.url.hostHeader)] + request.headers + [length]
    }

    /// Returns what was prepared for a subscription; prepares it on the fly where this very subscription was not.
    private func prepare(_ subscription: Subscription, _ local: inout SubscriptionCompiler?) -> CompiledSubscription {
        if let known = added[subscription.name] {
            if known.subscription == subscription { return known.compiled }
        } else if let known = compiled[subscription.name], known.isPrepared(for: subscription) {
            return known
        }
        var compiler = local ?? self.compiler
        let prepared = compiler.compile(subscription, egress)
        local = compiler
        return prepared
    }
}

extension WebhookRenderer: CustomReflectable {
    /// The subscriptions' names: what is prepared for them holds secrets.
    package var customMirror: Mirror {
        Mirror(self, children: ["subscriptions": (Array(compiled.keys) + added.keys).sorted()])
    }
}
