internal import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// Checks what subscriptions render, each distinct template and profile once.
struct TemplateChecks {
    private struct Key: Hashable {
        var profile: ObjectIdentifier
        var contentType: ContentType
        var bodies: [TopicBody]
        var body: BodyTemplate?
        var payloads: [TopicPayload]
        var variables: [Variable]
        var schema: SchemaMode
        var topics: [TopicPattern]

        init(_ subscription: Subscription) {
            profile = ObjectIdentifier(subscription.profile)
            contentType = subscription.contentType
            bodies = subscription.topicBodies
            body = subscription.body
            payloads = subscription.topicPayloads
            variables = subscription.variables
            schema = subscription.schema
            topics = subscription.topics
        }
    }

    /// The findings that are kept for subscriptions that come one after another.
    private static let most = 1_000

    private var seen: Set<Key> = []

    /// The problems of one subscription; of what was checked before and found usable, those of its secrets alone.
    mutating func check(_ subscription: Subscription, maxBody: Int, _ catalog: ProfileCatalog) -> [Diagnostic] {
        let key = Key(subscription)
        if seen.contains(key) { return TemplateChecker.checkSecrets(of: subscription).map { [$0] } ?? [] }
        let canonical = catalog.profile(named: ProfileCatalog.canonicalName)?.topics ?? []
        let found = TemplateChecker.check(subscription: subscription, maxBody: maxBody, canonical: canonical)
        if found.contains(where: { $0.severity == .error }) { return found }
        if seen.count >= Self.most { seen = [] }
        seen.insert(key)
        return found
    }

    /// The problems of a configuration's subscriptions.
    static func check(_ subscriptions: [Subscription], maxBody: Int, _ catalog: ProfileCatalog) -> [Diagnostic] {
        let canonical = catalog.profile(named: ProfileCatalog.canonicalName)?.topics ?? []
        var seen: Set<Key> = []
        var reported: Set<Diagnostic> = []
        var diagnostics: [Diagnostic] = []
        for subscription in subscriptions {
            guard seen.insert(Key(subscription)).inserted else {
                // The secrets are each subscription's own.
                if let problem = TemplateChecker.checkSecrets(of: subscription) { diagnostics.append(problem) }
                continue
            }
            let found = TemplateChecker.check(
                subscription: subscription,
                maxBody: maxBody,
                canonical: canonical
            )
            for diagnostic in found where reported.insert(diagnostic).inserted {
                diagnostics.append(diagnostic)
            }
        }
        return diagnostics
    }
}
