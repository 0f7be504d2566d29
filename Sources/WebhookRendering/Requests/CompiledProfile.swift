internal import WebhookCore

/// A profile prepared for rendering: its envelope for every topic, or its templates, and its headers.
final class CompiledProfile: Sendable {
    let profile: Profile
    /// True when bodies hold the payload. Otherwise they pick values out of the data by themselves.
    private let holdsPayload: Bool
    private let plans: [String: Result<EnvelopePlan, RenderingError>]
    private let payloads: [String: Result<PayloadSource, RenderingError>]
    private let templates: [ContentType: Result<CompiledTemplate, RenderingError>]
    /// In the profile's order.
    let headers: [CompiledHeader]

    init(_ profile: Profile) {
        self.profile = profile
        holdsPayload = profile.body.holdsPayload
        var plans: [String: Result<EnvelopePlan, RenderingError>] = [:]
        var templates: [ContentType: Result<CompiledTemplate, RenderingError>] = [:]
        switch profile.body {
        case .envelope(let members):
            for topic in profile.topics {
                plans[topic.topic] = Result { () throws(RenderingError) in
                    try EnvelopePlan(members, for: topic, isList: profile.isListBody)
                }
            }
        case .whole(let reference):
            for topic in profile.topics { plans[topic.topic] = .success(EnvelopePlan(whole: reference, for: topic)) }
        case .templates(let bodies):
            templates = bodies.mapValues { body in
                Result { () throws(RenderingError) in try CompiledTemplate.forSending(body) }
            }
        }
        var payloads: [String: Result<PayloadSource, RenderingError>] = [:]
        for topic in profile.topics {
            payloads[topic.topic] = Result { () throws(RenderingError) in try PayloadSource(topic) }
        }
        self.payloads = payloads
        self.plans = plans
        self.templates = templates
        headers = profile.headers.map(CompiledHeader.init)
    }

    /// The body of an event in the profile's own form.
    func body(_ scope: BodyScope, as contentType: ContentType) throws(RenderingError) -> ByteString {
        if case .templates = profile.body {
            guard let template = templates[contentType] else {
                throw RenderingError("the profile \(profile.name) has no body for \(contentType.rawValue)")
            }
            return try template.get().body(TemplateRoot(body: scope), as: contentType, scope.limit)
        }
        guard let plan = try plans[scope.topic.topic]?.get() else { throw unknown(scope.topic.topic) }
        switch contentType {
        case .json: return try plan.json(scope)
        case .xml: return try XMLWriter.document(try plan.tree(scope), scope.limit)
        case .form: return try FormWriter.form(try plan.tree(scope), scope.limit)
        }
    }

    /// The places where a body's payload, or what the body picks out of the data by itself, differs from the catalogue.
    ///
    /// - Throws: where the mode is `enforce`, and where the payload can't be made.
    func violations(_ scope: BodyScope, _ schema: SchemaMode) throws(RenderingError) -> [String] {
        guard schema != .off else { return [] }
        let violations =
            if holdsPayload {
                try scope.payload().violations
            } else {
                try plans[scope.topic.topic]?.get().violations(scope) ?? []
            }
        guard schema == .enforce, !violations.isEmpty else { return violations }
        throw RenderingError(
            "the payload does not fit the fields of \(scope.topic.topic): " + violations.joined(separator: "; ")
        )
    }

    /// The way to a topic's payload.
    func payload(_ name: String) throws(RenderingError) -> PayloadSource {
        guard let source = try payloads[entry(for: name)]?.get() else { throw unknown(name) }
        return source
    }

    /// The name of the profile's entry for a topic.
    func entry(for name: String) throws(RenderingError) -> String {
        guard let entry = profile.entry(for: name) else { throw unknown(name) }
        return entry
    }

    private func unknown(_ topic: String) -> RenderingError {
        RenderingError("the profile \(profile.name) does not know the topic \(topic)")
    }
}

extension CompiledTemplate {
    /// Reads a body's template when a delivery needs it.
    static func forSending(_ body: BodyTemplate) throws(RenderingError) -> CompiledTemplate {
        do {
            return try CompiledTemplate(body)
        } catch {
            throw RenderingError("\(body.name): \(error.text)")
        }
    }
}

/// Prepares subscriptions, each profile and each custom body once.
struct SubscriptionCompiler: Sendable {
    private var profiles: [ObjectIdentifier: CompiledProfile] = [:]
    private var templates: [BodyTemplate: Result<CompiledTemplate, RenderingError>] = [:]
    var canonical: CanonicalSchema

    init(_ canonical: CanonicalSchema) {
        self.canonical = canonical
    }

    /// The parts of a subscription that others may share.
    struct Parts: Sendable {
        let profile: CompiledProfile
        let templates: CompiledSubscription.Templates
        let canonical: CanonicalSchema
    }

    mutating func compile(_ subscription: Subscription, _ egress: EgressPolicy) -> CompiledSubscription {
        CompiledSubscription(subscription, parts(for: subscription), egress)
    }

    mutating func parts(for subscription: Subscription) -> Parts {
        Parts(
            profile: profile(subscription.profile),
            templates: CompiledSubscription.Templates(
                all: subscription.topicBodies.isEmpty ? subscription.body.map { template($0) } : nil,
                byTopic: subscription.topicBodies.map { ($0.pattern, template($0.body)) }
            ),
            canonical: canonical
        )
    }

    /// The same with the templates of another one alone.
    func withTemplates(of other: SubscriptionCompiler) -> SubscriptionCompiler {
        var compiler = self
        compiler.templates = other.templates
        return compiler
    }

    private mutating func profile(_ profile: Profile) -> CompiledProfile {
        let identity = ObjectIdentifier(profile)
        if let compiled = profiles[identity] { return compiled }
        let compiled = CompiledProfile(profile)
        // It holds the profile, so the identity can't pass to another.
        profiles[identity] = compiled
        return compiled
    }

    private mutating func template(_ body: BodyTemplate) -> CompiledSubscription.Template {
        if let compiled = templates[body] { return (body.contentType, compiled) }
        let compiled = Result { () throws(RenderingError) in try CompiledTemplate.forSending(body) }
        templates[body] = compiled
        return (body.contentType, compiled)
    }
}
