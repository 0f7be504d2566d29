internal import WebhookCore
internal import WebhookRegistry

/// Checks subscriptions and settings that a host gave as values, by the rules for those of a file.
enum ValueDiagnostics {
    static func check(_ subscriptions: [Subscription], _ settings: DispatcherSettings) -> [Diagnostic] {
        var diagnostics = SettingsRules.problems(settings, DiskFiles()).map { problem in
            Diagnostic(problem.severity, file: "settings", message: problem.message)
        }
        let validator = SubscriptionValidator(egress: settings.egress, for: .host)
        for subscription in subscriptions {
            diagnostics += validator.problems(of: subscription).map { problem in
                Diagnostic(
                    problem.severity,
                    file: file(of: subscription),
                    key: problem.part.key,
                    message: problem.message
                )
            }
        }
        for index in SubscriptionValidator.duplicates(in: subscriptions) {
            let message = "the name is taken by an earlier subscription"
            diagnostics.append(Diagnostic(.error, file: file(of: subscriptions[index]), message: message))
        }
        return diagnostics
    }

    /// A name that is none may hold anything.
    private static func file(of subscription: Subscription) -> String {
        SubscriptionValidator.isName(subscription.name) ? "subscription \(subscription.name)" : "subscription"
    }
}
