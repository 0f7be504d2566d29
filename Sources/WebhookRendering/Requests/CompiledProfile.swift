internal import WebhookCore

/// A profile prepared for rendering: its envelope for every topic, or its templates, and its headers.
final class CompiledProfile: Sendable {
    let profile: Profile
    private let plans: [String: Result<EnvelopePlan, RenderingError>]
    private let templates: [ContentType: Result<CompiledTemplate, RenderingError>]
    /// In the profile's order.
    let headers: [CompiledHeader]

    init(_ profile: Profile) {
        self.profile = profile
        var plans: [String: Result<EnvelopePlan, RenderingError>] = [:]
        var templates: [ContentType: Result<CompiledTemplate, RenderingError>] = [:]
        switch profile.body {
        case .envelope(let members):
            for topic in profile.topics {
                plans[topic.topic] = Result { () throws(RenderingError) in try EnvelopePlan(members, for: topic) }
            }
        case .templates(let bodies):
            templates = bodies.mapValues { body in
                Result { () throws(RenderingError) in try CompiledTemplate.forSending(body) }
            }
        }
        self.plans = plans
        self.templates = templates
        headers = profile.headers.map(CompiledHeader.init)
    }

    /// The body of an event in the profile's own form.
    func body(
        _ facts: EventFacts,
        as contentType: ContentType,
        _ limit: BodyLimit
    ) throws(RenderingError) -> ByteString {
        let topic = try self.topic(facts.event.topic)
        guard case .envelope = profile.body else {
            guard let template = templates[contentType] else {
                throw RenderingError("the profile \(profile.name) has no body for \(contentType.rawValue)")
            }
            return try template.get().body(TemplateRoot(body: facts, topic: topic), as: contentType, limit)
        }
        guard let plan = try plans[topic.topic]?.get() else { throw unknown(facts.event.topic) }
        switch contentType {
        case .json: return try plan.json(facts, limit)
        case .xml: return try XMLWriter.document(try plan.tree(facts), limit)
        case .form: return try FormWriter.form(try plan.tree(facts), limit)
        }
    }

    /// What the profile knows of a topic.
    func topic(_ name: String) throws(RenderingError) -> ProfileTopic {
        guard let topic = profile.topic(name) else { throw unknown(name) }
        return topic
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
