package import WebhookCore

/// A node as the ``InMemoryStore`` keeps it.
struct InMemoryNodeRow: Sendable {
    var record: NodeRecord
    var heartbeatAt: Timestamp
    /// In nanoseconds of the store's own clock, which never steps.
    var expiresAt: Int64
}

extension InMemoryRows {
    /// Renews, releases and acquires.
    ///
    /// - Parameter uptime: nanoseconds.
    mutating func hold(_ round: LeaseRound, at now: Timestamp, uptime: Int64) -> LeaseRoundResult {
        for id in round.ends { nodes[id] = nil }
        let id = round.node.id
        let stands = !round.leaves && (round.registers || nodes[id] != nil)
        var result = LeaseRoundResult(stands: stands)
        guard stands else {
            nodes[id] = nil
            result.nodes = livingNodes(uptime: uptime).filter { $0.expiresIn > .zero }
            return result
        }
        nodes[id] = InMemoryNodeRow(
            record: round.node,
            heartbeatAt: now,
            expiresAt: uptime + round.length.wholeMilliseconds * 1_000_000
        )
        bury(except: id, uptime: uptime)
        for name in round.releases where leases[name] == id { leases[name] = nil }
        for name in round.acquires where isFree(name) || leases[name] == id {
            leases[name] = id
            result.acquired.append(name)
        }
        result.nodes = livingNodes(uptime: uptime)
        return result
    }

    /// Removes the rows of nodes that have expired.
    mutating func bury(except id: NodeID?, uptime: Int64) {
        nodes = nodes.filter { $0.key == id || $0.value.expiresAt > uptime }
    }

    func isFree(_ name: String) -> Bool { leases[name].map { nodes[$0] == nil } ?? true }

    func livingNodes(uptime: Int64) -> [LivingNode] {
        nodes.values.sorted { ($0.record.id.process, $0.record.id.term) < ($1.record.id.process, $1.record.id.term) }
            .map { row in
                let left = Duration.nanoseconds(row.expiresAt - uptime)
                return LivingNode(row.record, heartbeatAt: row.heartbeatAt, expiresIn: left)
            }
    }

    /// The node that holds a lease that has not expired.
    ///
    /// - Parameter uptime: the store's clock, in nanoseconds.
    package func holder(of subscription: String, uptime: UInt64) -> NodeID? {
        guard let node = leases[subscription], let row = nodes[node], row.expiresAt > Int64(uptime) else { return nil }
        return node
    }

    /// Tells whether a node's row stands.
    package func holds(_ node: NodeID) -> Bool { nodes[node] != nil }

    var heldLeases: [Lease] {
        leases.filter { nodes[$0.value] != nil }.map { Lease(subscription: $0.key, node: $0.value) }
            .sorted { $0.subscription < $1.subscription }
    }

    /// Tells whether something that was accepted before a first attempt of an ordered subscription goes first.
    func isBehind(_ row: InMemoryDeliveryRow) -> Bool {
        guard let position = row.position, AcceptancePlace.isPlace(position.dueAt) else { return false }
        if let turn = dueEvents.first, turn.place < position.dueAt.milliseconds { return true }
        return (waiting[row.subscription]?.values ?? []).contains { other in
            if other.delivery == row.id { return false }
            if deliveries[other.delivery.rawValue].map({ $0.attempts > 0 }) ?? false { return true }
            return AcceptancePlace.isPlace(other.dueAt) && other < position
        }
    }
}

/// The subscriptions that a batch may decide about.
struct LeaseFence {
    /// The subscriptions that the batch needs and its node doesn't hold.
    let unheld: Set<String>

    init(_ batch: StoreBatch, _ rows: InMemoryRows) {
        guard let node = batch.node else {
            unheld = []
            return
        }
        var names = Set(batch.claims.compactMap { rows.deliveries[$0.delivery.rawValue]?.subscription })
        names.formUnion(batch.health.map(\.subscription))
        names.formUnion(batch.resumptions.map(\.subscription))
        names.formUnion(batch.openCancellations.map(\.subscription))
        names.formUnion(batch.reads.acquired)
        for new in batch.acceptances.compactMap(\.deliveries) + batch.fanOuts.map(\.deliveries) {
            for delivery in new.deliveries { if case .claimed = delivery.start { names.insert(delivery.subscription) } }
        }
        let stands = rows.nodes[node] != nil
        unheld = names.filter { !stands || rows.leases[$0] != node }
    }

    func stops(_ subscription: String?) -> Bool { subscription.map(unheld.contains) ?? false }

    /// Lets wait what the node may not claim.
    func withoutClaims(_ new: NewDeliveries) -> NewDeliveries {
        guard !unheld.isEmpty else { return new }
        var new = new
        for index in new.deliveries.indices where unheld.contains(new.deliveries[index].subscription) {
            if case .claimed(let instant) = new.deliveries[index].start {
                new.deliveries[index].start = .pending(dueAt: instant)
            }
        }
        return new
    }
}

extension InMemoryStore: LeaseStore {
    /// Holds a round at once.
    package func holdNow(_ round: LeaseRound) -> Result<LeaseRoundResult, StoreError> {
        let (now, uptime) = (clock.now, Int64(clock.uptimeNanoseconds))
        return database.write(by: connection) { $0.hold(round, at: now, uptime: uptime) }
    }

    package func hold(
        _ round: LeaseRound,
        completion: @escaping @Sendable (Result<LeaseRoundResult, StoreError>) -> Void
    ) {
        let result = holdNow(round)
        executor { completion(result) }
    }

    package func nodes() async throws(StoreError) -> [LivingNode] {
        rows.livingNodes(uptime: Int64(clock.uptimeNanoseconds))
    }

    package func leases() async throws(StoreError) -> [Lease] { rows.heldLeases }
}
