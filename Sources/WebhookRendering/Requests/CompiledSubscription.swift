internal import WebhookCore

/// A subscription prepared for rendering: whatever no event and no attempt changes.
final class CompiledSubscription: Sendable {
    /// A header of a request, or where one goes.
    enum Entry: Sendable {
        /// By the body's content type.
        case contentType
        case fixed(HTTPHeader, shown: HTTPHeader)
        /// Rendered for every attempt.
        case template(name: String, CompiledTemplate)
        case signature
    }

    /// Subscriptions with the same one share a body.
    struct Representation: Hashable {
        var profile: ObjectIdentifier
        var contentType: ContentType
        var template: ObjectIdentifier?
    }

    let subscription: Subscription
    let profile: CompiledProfile
    /// The custom body, where there is one.
    let template: Result<CompiledTemplate, RenderingError>?
    let contentType: ContentType
    let redactor: Redactor
    let host: HTTPHeader
    /// In the order in which they are sent.
    let entries: [Entry]
    let signer: Signer?
    /// Why no request can be made at all.
    let failure: RenderingError?

    init(
        _ subscription: Subscription,
        profile: CompiledProfile,
        template: Result<CompiledTemplate, RenderingError>?,
        egress: EgressPolicy
    ) {
        self.subscription = subscription
        self.profile = profile
        self.template = template
        contentType = subscription.body?.contentType ?? subscription.contentType
        redactor = Redactor(secrets: SecretTexts.all(of: subscription, egress))
        host = HTTPHeader("Host", subscription.url.hostHeader)
        var plan = HeaderPlan(redactor)
        plan.add(subscription, profile)
        entries = plan.entries
        var failure = plan.failure
        var signer: Signer?
        if let scheme = subscription.profile.signature {
            do {
                signer = try Signer(scheme: scheme, secrets: subscription.secrets)
            } catch {
                failure = failure ?? error
            }
        }
        self.signer = signer
        self.failure = failure
    }

    /// What tells this subscription's bodies from another's. A custom body that can't be read has none.
    var representation: Representation {
        Representation(
            profile: ObjectIdentifier(profile.profile),
            contentType: contentType,
            template: (try? template?.get()).map { ObjectIdentifier($0) }
        )
    }

    /// The body of an event.
    func body(_ facts: EventFacts, _ limit: BodyLimit) throws(RenderingError) -> ByteString {
        guard let template = try template?.get() else { return try profile.body(facts, as: contentType, limit) }
        let topic = try profile.topic(facts.event.topic)
        return try template.body(TemplateRoot(body: facts, topic: topic), as: contentType, limit)
    }
}
