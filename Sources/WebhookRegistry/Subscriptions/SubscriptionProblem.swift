package import WebhookCore

/// A rule that a subscription breaks, apart from where the subscription comes from.
package struct SubscriptionProblem: Sendable, Hashable {
    /// The part of a subscription that a problem is about. Positions are those in the subscription.
    package enum Part: Sendable, Hashable {
        case name, title, url, topics, tenant, contentType, authentication, secrets, httpVersion, tls, delivery
        case topic(Int)
        case secret(Int)
        case header(Int)
    }

    package var severity: Diagnostic.Severity
    package var part: Part
    /// Never quotes a value that could be a secret.
    package var message: String

    init(_ part: Part, _ message: String, _ severity: Diagnostic.Severity = .error) {
        self.severity = severity
        self.part = part
        self.message = message
    }
}
