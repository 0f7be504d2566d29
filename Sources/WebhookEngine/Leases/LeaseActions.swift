package import WebhookCore

/// The actions that follow from an input of a ``LeaseKeeper``.
package struct LeaseActions: Sendable {
    /// A round to begin with the store; answered by ``LeaseKeeper/ended(_:now:)``.
    package var round: LeaseRound?
    /// The engine serves these from now on.
    package var serve: [String] = []
    /// The engine begins nothing of these any more; answered by ``LeaseKeeper/drained(_:now:)``.
    package var stop: [String] = []
    package var notices: [LeaseNotice] = []

    /// Tells whether there is anything to do.
    package var isPressing: Bool { round != nil || !serve.isEmpty || !stop.isEmpty || !notices.isEmpty }
}

/// A notice for operators about leases.
package enum LeaseNotice: Sendable, Hashable {
    /// The number of subscriptions that are served here, and of those that the configuration has.
    case serves(subscriptions: Int, of: Int)
    /// The store has declared this node dead: what it served may be another's.
    case lost(subscriptions: Int)
    /// Nodes on these hosts have another configuration; none: all agree again.
    case disagreement(hosts: [String])
}
