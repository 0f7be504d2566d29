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
    struct RenderedBody: Hashable {
        var profile: ObjectIdentifier
        var contentType: ContentType
        var template: ObjectIdentifier?
        var payload: ObjectIdentifier?
        var variables: [Variable]
        var schema: SchemaMode
    }

    /// A custom body's template, with the content type of what it makes.
    typealias Template = (contentType: ContentType, compiled: Result<CompiledTemplate, RenderingError>)

    /// The custom bodies.
    struct Templates: Sendable {
        /// For every topic.
        var all: Template?
        /// The first that matches.
        var byTopic: [(pattern: TopicPattern, template: Template)]

        func template(for topic: String) -> Template? {
            byTopic.isEmpty ? all : byTopic.first { $0.pattern.matches(topic) }?.template
        }
    }

    let subscription: Subscription
    let profile: CompiledProfile
    private let templates: Templates
    /// The subscription's own mappings, each for every topic that it could be asked for.
    private let payloads: [(pattern: TopicPattern, sources: [String: Result<PayloadSource, RenderingError>])]
    private let canonical: CanonicalSchema
    let redactor: Redactor
    private let egress: EgressPolicy
    let host: HTTPHeader
    /// In the order in which they are sent.
    let entries: [Entry]
    let signer: Signer?
    /// The reason why no request can be made at all.
    let failure: RenderingError?

    init(_ subscription: Subscription, _ parts: SubscriptionCompiler.Parts, _ egress: EgressPolicy) {
        self.subscription = subscription
        (profile, templates, canonical) = (parts.profile, parts.templates, parts.canonical)
        self.egress = egress
        payloads = subscription.topicPayloads.map { mapping in
            let topics = subscription.profile.topics.filter {
                $0.topic == ProfileTopic.anyName || mapping.pattern.matches($0.topic)
            }
            let sources = topics.map { topic in
                let source = Result { () throws(RenderingError) in
                    try PayloadSource(topic, mapping: mapping.value)
                }
                return (topic.topic, source)
            }
            return (mapping.pattern, Dictionary(sources, uniquingKeysWith: { first, _ in first }))
        }
        redactor = Redactor(secrets: SecretTexts.all(of: subscription, egress))
        host = HTTPHeader("Host", subscription.url.hostHeader)
        var plan = HeaderPlan(redactor)
        plan.add(subscription, profile)
        entries = plan.entries
        // Nothing leaves with half of its credentials, or to a place that nobody named.
        var failure = subscription.obstacles.first.map { RenderingError("it can't be sent: \($0)") } ?? plan.failure
        var signer: Signer?
        if let scheme = subscription.profile.signature {
            do {
                signer = try Signer(
                    scheme: scheme,
                    secrets: subscription.secrets,
                    retiring: subscription.retiringSecrets,
                    url: subscription.url
                )
            } catch {
                failure = failure ?? error
            }
        }
        self.signer = signer
        self.failure = failure
    }

    /// Tells whether this is what was prepared for a subscription.
    func isPrepared(for other: Subscription) -> Bool { subscription == other }

    /// The parts that make the body of an event of a topic.
    ///
    /// - Throws: where a template or a mapping can't be read, or the profile doesn't know the topic.
    func parts(for topic: String) throws(RenderingError) -> Parts {
        let template = templates.template(for: topic)
        let own = payloads.isEmpty ? nil : payloads.first { $0.pattern.matches(topic) }
        let known = try profile.entry(for: topic)
        let source: PayloadSource
        if let mapped = own?.sources[known] {
            source = try mapped.get()
        } else {
            source = try profile.payload(topic)
        }
        let compiled = try template?.compiled.get()
        return Parts(
            template: compiled,
            contentType: template?.contentType ?? subscription.contentType,
            source: source,
            key: RenderedBody(
                profile: ObjectIdentifier(profile.profile),
                contentType: template?.contentType ?? subscription.contentType,
                template: compiled.map { ObjectIdentifier($0) },
                payload: own == nil ? nil : ObjectIdentifier(source),
                variables: subscription.variables,
                schema: subscription.schema
            )
        )
    }

    /// The parts of a subscription that one topic's body is made by.
    struct Parts {
        /// The custom body, where there is one.
        var template: CompiledTemplate?
        var contentType: ContentType
        var source: PayloadSource
        /// The key that tells this body from another subscription's.
        var key: RenderedBody
    }

    /// The body of an event, and where its payload differs from the catalogue.
    func body(
        _ context: EventContext,
        _ parts: Parts,
        _ limit: BodyLimit
    ) throws(RenderingError) -> (body: ByteString, violations: [String]) {
        let isCompared = parts.template == nil && parts.source.topic.hasSchema
        let schema: SchemaMode = isCompared ? subscription.schema : .off
        // A custom body is the subscription's own, and a profile for any topic expects nothing: what can be judged then is
        // the event.
        if subscription.schema == .enforce, !isCompared { try canonical.enforce(context, parts.source.topic) }
        let scope = BodyScope(context, parts.source, variables: subscription.variables, schema: schema, limit)
        guard let template = parts.template else {
            let violations = try profile.violations(scope, schema)
            return (try profile.body(scope, as: parts.contentType), violations)
        }
        return (try template.body(TemplateRoot(body: scope), as: parts.contentType, limit), [])
    }
}

extension CompiledSubscription: RequestMaker {
    func request(for attempt: AttemptContext, body: ByteString) throws(RenderingError) -> PreparedRequest {
        let headers = try headers(for: attempt, body: body)
        let request = TransportRequest(
            url: subscription.url,
            headers: headers.sent,
            body: body,
            tls: subscription.tls,
            httpVersion: subscription.httpVersion,
            timeout: subscription.policy.timeout,
            connectTimeout: subscription.policy.connectTimeout,
            freshConnection: attempt.mode == .singleShot,
            attempt: attempt.attempt,
            egress: egress
        )
        return PreparedRequest(request: request, redactedHeaders: headers.shown, redactor: redactor)
    }

    /// The headers of one attempt: those to send, and all as they may be shown, with `Host` first and `Content-Length` last.
    func headers(
        for attempt: AttemptContext,
        body: ByteString
    ) throws(RenderingError) -> (sent: [HTTPHeader], shown: [HTTPHeader]) {
        if let failure { throw failure }
        var sent: [HTTPHeader] = []
        var shown: [HTTPHeader] = []
        sent.reserveCapacity(entries.count + 2)
        shown.reserveCapacity(entries.count + 4)
        shown.append(host)
        var root: TemplateRoot?
        for entry in entries {
            switch entry {
            case .contentType:
                let header = HTTPHeader("Content-Type", attempt.contentType.rawValue)
                sent.append(header)
                shown.append(header)
            case .fixed(let header, let mask):
                sent.append(header)
                shown.append(mask)
            case .template(let name, let template):
                let scope =
                    root
                    ?? TemplateRoot(
                        header: attempt,
                        topic: subscription.profile.topic(attempt.event.topic),
                        subscription.variables
                    )
                root = scope
                let value: String
                do {
                    value = try template.text(scope, .header)
                } catch {
                    throw RenderingError("header \(name): \(error.description)")
                }
                guard HTTPHeader.isValid(value) else {
                    throw RenderingError("the rendered header \(name) holds control characters")
                }
                // An empty value is left out: there is nothing to say.
                guard !value.isEmpty else { continue }
                sent.append(HTTPHeader(name, value))
                shown.append(HTTPHeader(name, redactor.redact(value)))
            case .signature:
                try appendSignature(attempt, body, &sent, &shown)
            }
        }
        shown.append(HTTPHeader("Content-Length", String(body.count)))
        return (sent, shown)
    }

    private func appendSignature(
        _ attempt: AttemptContext,
        _ body: ByteString,
        _ sent: inout [HTTPHeader],
        _ shown: inout [HTTPHeader]
    ) throws(RenderingError) {
        guard let signer else { return }
        let headers = try signer.headers(id: attempt.event.id, at: attempt.at, body: body)
        for header in headers {
            guard HTTPHeader.isValid(header.value) else {
                throw RenderingError("the value of the header \(header.name) holds control characters")
            }
            sent.append(header)
            shown.append(signer.revealsSecret ? HTTPHeader(header.name, "***") : header)
        }
    }
}
