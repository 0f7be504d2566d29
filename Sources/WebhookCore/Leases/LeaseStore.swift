/// A store that several dispatchers share: each subscription is served by the one that holds its lease.
///
/// A lease is a row (subscription, node). It is held as long as the node's own row stands, so that a heartbeat is one row,
/// however many leases there are. A node whose row has expired by the store's clock is declared dead by whoever comes first:
/// its row is removed, and with that everything that it held is free.
///
/// It is safe by one rule: **a transaction with ``StoreBatch/node`` keeps that node's row from being removed until it
/// has ended.** So what a dead node had claimed is all to be seen by whoever acquires its leases, and a node that was declared
/// dead, or that ended its term, claims nothing any more. In SQL: `SELECT … FROM nodes WHERE id = $1 FOR KEY SHARE` comes
/// first in the transaction; removing the row waits for that, renewing it doesn't.
package protocol LeaseStore: DeliveryStore {
    /// Renews, releases and acquires, in one transaction of its own and in the order of ``LeaseRound``'s members.
    ///
    /// - Parameter completion: called once. After an error the round may have happened or not; it may be tried again.
    func hold(_ round: LeaseRound, completion: @escaping @Sendable (Result<LeaseRoundResult, StoreError>) -> Void)

    /// The nodes whose rows stand, by process; those that have expired and were not removed yet with an
    /// ``LivingNode/expiresIn`` of zero or less.
    func nodes() async throws(StoreError) -> [LivingNode]

    /// The leases of nodes whose rows stand, by subscription.
    func leases() async throws(StoreError) -> [Lease]

    /// The time since the oldest delivery was due that a node serves and nothing holds; `nil`: nothing is due, or it isn't known.
    func lag(of node: NodeID, at now: Timestamp) async throws(StoreError) -> Duration?

    /// Tells from now on what others have written, as far as they say so. Hints: one may be lost.
    func listen(_ tell: @escaping @Sendable (StoreHint) -> Void)
}

/// News of what somebody else has written.
package enum StoreHint: String, Sendable, Hashable, CaseIterable {
    /// Events that wait for their fan-out.
    case events
    /// Deliveries of events that were fanned out.
    case deliveries
    /// Anything, a subscription's health included.
    case everything
    /// A node has released leases, or has ended.
    case leases
}

extension LeaseStore {
    package func listen(_ tell: @escaping @Sendable (StoreHint) -> Void) {}
    package func lag(of node: NodeID, at now: Timestamp) async throws(StoreError) -> Duration? { nil }
}

/// A subscription's lease.
package struct Lease: Sendable, Hashable {
    package var subscription: String
    package var node: NodeID

    package init(subscription: String, node: NodeID) {
        self.subscription = subscription
        self.node = node
    }
}

/// A node's regular exchange with the store about its leases.
package struct LeaseRound: Sendable, Hashable {
    /// Terms of the same process that are over: their rows are removed, expired or not. One that a transaction still keeps is
    /// left for the next round.
    package var ends: [NodeID] = []
    /// The node's row: inserted where it ``registers``, renewed otherwise, unless it was removed.
    package var node: NodeRecord
    /// The time from now, by the store's clock, at which the row expires.
    package var length: Duration
    /// True when the row is new with this term. It may be there: the answer to the round before was lost.
    package var registers = false
    /// True when the node ends: its row is removed, and nothing else is done.
    package var leaves = false
    /// Subscriptions to let go of, where the node holds them.
    package var releases: [String] = []
    /// Subscriptions to acquire, where they are free. Before that the rows of other nodes are removed that have expired; those
    /// that a transaction still keeps are left for the next round.
    package var acquires: [String] = []

    package init(node: NodeRecord, length: Duration) {
        self.node = node
        self.length = length
    }
}

/// The result of a ``LeaseRound``.
package struct LeaseRoundResult: Sendable, Hashable {
    /// True when the node's row stands. Otherwise it was removed, and everything that the node held is lost.
    package var stands: Bool
    /// The subscriptions of ``LeaseRound/acquires`` that the node holds now, also where it held them before. In no
    /// order.
    package var acquired: [String] = []
    /// The nodes that are alive after that, this one included.
    package var nodes: [LivingNode] = []

    package init(stands: Bool) {
        self.stands = stands
    }
}
