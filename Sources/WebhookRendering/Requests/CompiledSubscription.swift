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
    }

    let subscription: Subscription
    let profile: CompiledProfile
    /// The custom body, where there is one.
    let template: Result<CompiledTemplate, RenderingError>?
    let contentType: ContentType
    let redactor: Redactor
    private let egress: EgressPolicy
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
        self.egress = egress
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
    var renderedBody: RenderedBody {
        RenderedBody(
            profile: ObjectIdentifier(profile.profile),
            contentType: contentType,
            template: (try? template?.get()).map { ObjectIdentifier($0) }
        )
    }

    /// The body of an event.
    func body(_ context: EventContext, _ limit: BodyLimit) throws(RenderingError) -> ByteString {
        guard let template = try template?.get() else { return try profile.body(context, as: contentType, limit) }
        let topic = try profile.topic(context.event.topic)
        return try template.body(TemplateRoot(body: context, topic: topic), as: contentType, limit)
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
                    root ?? TemplateRoot(header: attempt, topic: subscription.profile.topic(attempt.event.topic))
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
        let headers = try signer.headers(id: attempt.event.id, timestamp: attempt.at.unixSeconds, body: body)
        for header in headers {
            guard HTTPHeader.isValid(header.value) else {
                throw RenderingError("the value of the header \(header.name) holds control characters")
            }
            sent.append(header)
            shown.append(signer.revealsSecret ? HTTPHeader(header.name, "***") : header)
        }
    }
}
