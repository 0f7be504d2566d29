package import WebhookCore

#if PostgreSQL
    internal import WebhooksPostgres
#endif

extension WebhookLog {
    /// The store's status now.
    ///
    /// - Parameter configured: the subscriptions that a configuration has; `nil` where nobody knows them. Those that the store
    ///   keeps need not be among them.
    package func status(
        configured: [(name: String, isEnabled: Bool)]?,
        at now: Timestamp = .now
    ) async throws(WebhooksError) -> StoreStatus {
        let store: any WebhookStore
        let backlog: StoreBacklog
        var health: [SubscriptionHealth]
        var failures: [(subscription: String, failure: SubscriptionStatistics.Failure)]
        var status: StoreStatus
        let served: Set<String>?
        do throws(StoreError) {
            store = try await stores.reader()
            backlog = try await store.backlog(at: now, late: now - StatusRules.lateness)
            health = try await store.health()
            failures = try await store.lastFailures()
            status = StoreStatus(at: now, files: try await StoreStatus.Files(of: store))
            status.scheduled = try await store.scheduledEvents(after: now)
            status.nodes = try await Self.nodes(of: store)
            served = try await Self.served(in: store, by: status.nodes)
            (status.lost, status.unknown) = try await Self.lost(store, since: now - StatusRules.lossWindow)
        } catch {
            throw WebhooksError(error)
        }
        status.dispatcher = await dispatcherRecord().map { running in
            var dispatcher = StoreStatus.Dispatcher(processID: running.holder.processID)
            (dispatcher.host, dispatcher.version, dispatcher.since) = (running.host, running.version, running.since)
            (dispatcher.isStopping, dispatcher.trouble) = (running.isStopping, running.trouble)
            dispatcher.lastSignOfLife = running.lastSignOfLife
            (dispatcher.unusable, dispatcher.refusals) = (running.unusable, running.refusals)
            return dispatcher
        }
        // What an endpoint has left behind that was deleted is nobody's concern.
        let deleted = try await deleted(
            among: health.map(\.subscription) + failures.map(\.subscription),
            configured
        )
        health.removeAll { deleted.contains($0.subscription) }
        failures.removeAll { deleted.contains($0.subscription) }
        status.fill(backlog, health, try await adding(storedTo: configured), served: served)
        status.lastError = failures.max { $0.failure.at < $1.failure.at }.map {
            StoreStatus.LastError(subscription: $0.subscription, failure: $0.failure)
        }
        status.owners = try await owners(
            of: status.holds.map(\.subscription) + [status.lastError?.subscription].compactMap(\.self)
        )
        return status
    }

    /// The subscriptions that nodes serve; `nil` where there are none.
    static func served(
        in store: any WebhookStore,
        by nodes: [LivingNode]?
    ) async throws(StoreError) -> Set<String>? {
        guard let store = store as? any LeaseStore, let nodes, !nodes.isEmpty else { return nil }
        let living = Set(nodes.map(\.record.id))
        return Set(try await store.leases().filter { living.contains($0.node) }.map(\.subscription))
    }

    /// The number of deliveries that have failed for good since a time, or are unknown, of the newest; tests, and what was sent again, aside.
    ///
    /// - Returns: all, and those of them whose outcome is unknown.
    private static func lost(
        _ store: any WebhookStore,
        since: Timestamp
    ) async throws(StoreError) -> (all: Int, unknown: Int) {
        var query = DeliveryQuery(states: [.failed, .unknown])
        (query.newestOnly, query.isTest, query.limit) = (true, false, StatusRules.mostLost)
        let lost = try await store.deliveries(query).filter { ($0.settledAt ?? since) >= since && !$0.isExpunged }
        return (lost.count, lost.count { $0.state == .unknown })
    }

    /// The burdens that the store's server should be relieved of; none where the store is a file.
    package func serverWarnings() async throws(WebhooksError) -> [StatusProblem] {
        #if PostgreSQL
            do throws(StoreError) {
                guard let store = try await stores.reader() as? PostgresStore else { return [] }
                let holders = try await store.vacuumHolders(patience: ServerFindings.patience)
                return holders.map(ServerFindings.holder).map { StatusProblem($0.code, $0.message, hint: $0.hint) }
            } catch {
                throw WebhooksError(error)
            }
        #else
            return []
        #endif
    }

    /// The number of deliveries that are due and that nothing but the lack of a dispatcher holds.
    package func dueDeliveries(configured: [(name: String, isEnabled: Bool)]?) async throws(WebhooksError) -> Int {
        try await status(configured: configured).due
    }
}

extension StoreStatus.Files {
    /// The room that a store takes now.
    init(of store: any WebhookStore) async throws(StoreError) {
        let size = try await store.size()
        self.init(path: store.name, size: size.bytes, walSize: size.wal, free: size.free)
    }
}

extension StoreStatus {
    /// Sorts what waits into what is due and what something holds.
    ///
    /// - Parameter served: the subscriptions that dispatchers serve which share the store; `nil`: nobody knows.
    mutating func fill(
        _ backlog: StoreBacklog,
        _ health: [SubscriptionHealth],
        _ configured: [(name: String, isEnabled: Bool)]?,
        served: Set<String>? = nil
    ) {
        (events, oldestEventAt, setAside) = (backlog.events, backlog.oldestEventAt, backlog.setAside)
        let open = Dictionary(backlog.subscriptions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let known = Dictionary(health.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
        let enabled = configured.map { Set($0.filter(\.isEnabled).map(\.name)) }
        let unusable = dispatcher?.unusable ?? UnusableSubscriptions()
        for name in Set(open.keys).union(known.keys).union(unusable.held).union(unusable.refused).sorted() {
            let own = open[name] ?? StoreBacklog.Subscription(name: name)
            waiting += own.waiting
            inFlight += own.inFlight
            var reasons: [Hold.Reason] = []
            let isServed = served?.contains(name)
            if let enabled, !enabled.contains(name), isServed != true { reasons.append(.parked) }
            if unusable.held.contains(name) { reasons.append(.broken) }
            if unusable.refused.contains(name) { reasons.append(.refused) }
            if reasons.isEmpty, isServed == false, own.waiting + own.inFlight > 0 {
                reasons.append(.unserved(since: unservedSince(own)))
            }
            reasons += self.reasons(known[name], isHeld: !reasons.isEmpty, waiting: own.waiting)
            guard reasons.isEmpty else {
                holds += reasons.map {
                    Hold(subscription: name, reason: $0, waiting: own.waiting, inFlight: own.inFlight)
                }
                continue
            }
            if own.behind > 0 { holds.append(Hold(subscription: name, reason: .order, waiting: own.behind)) }
            due += own.due
            late += own.late
            oldestDueAt = [oldestDueAt, own.oldestDueAt].compactMap(\.self).min()
        }
    }

    /// The time since which nobody serves a subscription, as far as it can be told: something of it has been due, and a dispatcher
    /// ran that could have served it.
    private func unservedSince(_ subscription: StoreBacklog.Subscription) -> Timestamp? {
        guard let due = subscription.oldestDueAt, let start = nodes?.map(\.record.startedAt).min() else { return nil }
        return max(due, start)
    }

    /// The reasons in what is remembered of a subscription that hold its deliveries.
    ///
    /// - Parameter isHeld: whether there are others already.
    private func reasons(_ health: SubscriptionHealth?, isHeld: Bool, waiting: Int) -> [Hold.Reason] {
        var reasons: [Hold.Reason] = []
        if let disabled = health?.disabled { reasons.append(.disabled(disabled)) }
        if let paused = health?.paused, paused.isInForce(at: at) { reasons.append(.paused(paused)) }
        // What a dispatcher has left that runs no more holds nothing; nor does a breaker whose pause is over, and that only
        // waits for something to try.
        if !isHeld, reasons.isEmpty, dispatcher != nil, let breaker = health?.breaker,
            breaker.until > at || waiting > 0
        {
            reasons.append(.breaker(breaker))
        }
        return reasons
    }
}
