public import WebhookCore

/// The next attempt now: the same delivery, due at once. Works beside a running dispatcher, which notices.
extension WebhookAdministration {
    /// Looks up what to retry by ids: of deliveries, or of events, which stand for their open deliveries.
    public func retryPlan(ids: [String]) async throws(WebhooksError) -> RetryPlan {
        var plan = RetryPlan()
        for id in ids {
            if let number = Delivery.ID(id), let delivery = try await log.delivery(number) {
                plan.add(delivery)
                continue
            }
            var query = DeliveryQuery()
            query.events = [id]
            query.limit = Self.retryBatch
            let found = try await log.deliveries(query)
            let open = found.filter { !$0.state.isSettled }
            for delivery in open { plan.add(delivery) }
            guard open.isEmpty else { continue }
            if !found.isEmpty {
                found.allSatisfy(\.isExpunged) ? plan.erased.append(id) : plan.settled.append(id)
            } else if try await log.read({ log throws(StoreError) in try await log.event(id) }) != nil {
                plan.unmatched.append(id)
            } else {
                plan.unknown.append(id)
            }
        }
        return plan.sorted()
    }

    /// Looks up what to retry by a query, its limit aside: of what it finds, what waits for an attempt.
    public func retryPlan(_ query: DeliveryQuery) async throws(WebhooksError) -> RetryPlan {
        var plan = RetryPlan()
        var query = query
        let open: Set<DeliveryState> = [.pending, .waiting]
        query.states = query.states.isEmpty ? open : query.states.intersection(open)
        guard !query.states.isEmpty else { return plan }
        query.limit = Self.retryBatch
        while true {
            let page = try await log.deliveries(query)
            for delivery in page { plan.add(delivery) }
            guard page.count == query.limit, let last = page.last else { return plan.sorted() }
            query.after = last.id
        }
    }

    /// Makes the next attempts due at once: each leaves as soon as a dispatcher, in this process or another, has a slot
    /// for it. Breaker, limits, order and pauses stay in force, and the attempt uses up the step of the schedule that it
    /// would have used later.
    ///
    /// - Parameter plan: from ``retryPlan(_:)`` or ``retryPlan(ids:)``.
    /// - Returns: the plan as it turned out: what was claimed or has settled meanwhile is left out.
    @discardableResult
    public func retry(_ plan: RetryPlan) async throws(WebhooksError) -> RetryPlan {
        try await endAbandoned()
        var done = plan
        (done.deliveries, done.inFlight) = ([], [])
        // An attempt that was under way may have ended since.
        var rest = (plan.deliveries + plan.inFlight)[...]
        while !rest.isEmpty {
            // In batches, so that a dispatcher gets its turn in between.
            let batchSize = Array(rest.prefix(Self.retryBatch))
            rest = rest.dropFirst(batchSize.count)
            let outcomes = try await log.write { log throws(StoreError) in try await log.retry(batchSize) }
            for (id, outcome) in zip(batchSize, outcomes) {
                switch outcome {
                case .due: done.deliveries.append(id)
                case .inFlight: done.inFlight.append(id)
                case .settled: done.settled.append(id.description)
                case .unknown: done.unknown.append(id.description)
                case .refused(let reason): done.refused.append(RefusedItem(id: id.description, reason: reason))
                }
            }
        }
        return done.sorted()
    }

    /// The number of deliveries that are looked at, or made due, at once.
    static let retryBatch = 500
}

extension WebhookAdministration.RetryPlan {
    /// Oldest first, each once.
    func sorted() -> Self {
        var plan = self
        plan.deliveries = Set(deliveries).sorted()
        plan.inFlight = Set(inFlight).sorted()
        return plan
    }
}

extension WebhookAdministration {
    /// The deliveries that a retry makes due, and those that it skips.
    public struct RetryPlan: Sendable, Hashable {
        /// The deliveries whose next attempt is to be due at once, or is, oldest first.
        public internal(set) var deliveries: [Delivery.ID] = []
        /// The deliveries with an attempt under way.
        public internal(set) var inFlight: [Delivery.ID] = []
        /// Ids of deliveries that have settled, and of events whose deliveries all have: `retrigger` sends those again.
        public internal(set) var settled: [String] = []
        /// Ids of deliveries and events that were erased: nothing sends them again.
        package internal(set) var erased: [String] = []
        /// Ids of events that have no deliveries: nobody subscribed, or they wait to be matched.
        package internal(set) var unmatched: [String] = []
        /// Ids that name nothing.
        public internal(set) var unknown: [String] = []
        /// The items that the store would not change.
        package internal(set) var refused: [RefusedItem] = []

        mutating func add(_ delivery: Delivery) {
            switch delivery.state {
            case .pending, .waiting: deliveries.append(delivery.id)
            case .inFlight: inFlight.append(delivery.id)
            case _ where delivery.isExpunged: erased.append(delivery.id.description)
            case .delivered, .failed, .unknown, .cancelled: settled.append(delivery.id.description)
            }
        }
    }
}
