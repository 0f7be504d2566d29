/// A signing secret that was replaced, and signs beside its successor until receivers have changed over.
package struct RetiringSecret: Sendable, Hashable {
    package var secret: Secret
    /// From then on it signs nothing, whatever the configuration says.
    package var until: Timestamp

    package init(secret: Secret, until: Timestamp) {
        self.secret = secret
        self.until = until
    }
}

/// The place that a subscription's current signing secret comes from.
package enum SecretOrigin: Sendable, Hashable {
    /// A file, as the process opens it.
    case file(String)
    /// An environment variable.
    case environment(String)
    /// The configuration itself.
    case literal
}
