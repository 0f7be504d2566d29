internal import WebhookCore
internal import WebhookRendering

/// Checks what subscriptions render, each distinct template and profile once.
enum TemplateDiagnostics {
    private struct Key: Hashable {
        var profile: ObjectIdentifier
        var contentType: ContentType
        var body: BodyTemplate?
        var topics: [TopicPattern]
    }

    static func check(_ subscriptions: [Subscription], maxBody: Int) -> [Diagnostic] {
        var seen: Set<Key> = []
        var reported: Set<Diagnostic> = []
        var diagnostics: [Diagnostic] = []
        for subscription in subscriptions {
            let key = Key(
                profile: ObjectIdentifier(subscription.profile),
                contentType: subscription.contentType,
                body: subscription.body,
                topics: subscription.topics
            )
            guard seen.insert(key).inserted else {
                // The secrets are each subscription's own.
                if let problem = TemplateChecker.checkSecrets(of: subscription) { diagnostics.append(problem) }
                continue
            }
            for diagnostic in TemplateChecker.check(subscription: subscription, maxBody: maxBody)
            where reported.insert(diagnostic).inserted {
                diagnostics.append(diagnostic)
            }
        }
        return diagnostics
    }
}
