internal import WebhookCore

/// Prepares subscriptions, each profile and each custom body once.
struct SubscriptionCompiler: Sendable {
    private var profiles: [ObjectIdentifier: CompiledProfile] = [:]
    private var templates: [BodyTemplate: Result<CompiledTemplate, RenderingError>] = [:]

    mutating func compile(_ subscription: Subscription, _ egress: EgressPolicy) -> CompiledSubscription {
        CompiledSubscription(
            subscription,
            profile: profile(subscription.profile),
            template: subscription.body.map { template($0) },
            egress: egress
        )
    }

    private mutating func profile(_ profile: Profile) -> CompiledProfile {
        let identity = ObjectIdentifier(profile)
        if let compiled = profiles[identity] { return compiled }
        let compiled = CompiledProfile(profile)
        // It holds the profile, so the identity can't pass to another.
        profiles[identity] = compiled
        return compiled
    }

    private mutating func template(_ body: BodyTemplate) -> Result<CompiledTemplate, RenderingError> {
        if let compiled = templates[body] { return compiled }
        let compiled = Result { () throws(RenderingError) in try CompiledTemplate.forSending(body) }
        templates[body] = compiled
        return compiled
    }
}
