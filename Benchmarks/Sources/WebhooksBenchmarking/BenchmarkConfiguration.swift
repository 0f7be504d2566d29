internal import WebhookCore
internal import WebhookRegistry
public import Webhooks

/// A configuration whose subscriptions are a file's, not given at run time: what most hosts have, by the thousand.
public enum BenchmarkConfiguration {
    /// Builds subscriptions of drafts, by the rules for drafts.
    ///
    /// - Throws: ``WebhooksError`` with every problem.
    public static func make(
        _ drafts: [SubscriptionDraft],
        settings: DispatcherSettings
    ) throws -> WebhookConfiguration {
        let rules = DraftRules(settings: settings)
        var subscriptions: [Subscription] = []
        for draft in drafts {
            let result = rules.build(draft)
            guard let subscription = result.subscription else { throw WebhooksError(result.diagnostics) }
            subscriptions.append(subscription)
        }
        return .values(subscriptions, settings: settings)
    }
}
