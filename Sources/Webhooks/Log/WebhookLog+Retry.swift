public import WebhookCore

/// The next attempt now: the same delivery, due at once. Works beside a running dispatcher, which notices.
extension WebhookLog {
    /// Looks up what to retry by ids: of deliveries, or of events, which stand for their open deliveries.
    public func retryPlan(ids: [String]) async throws(WebhooksError) -> RetryPlan {
        var plan = RetryPlan()
        for id in ids {
            if let number = Delivery.ID(id), let delivery = try await delivery(number) {
                plan.add(delivery)
                continue
            }
            var query = DeliveryQuery()
            query.events = [id]
            query.limit = Self.retryPortion
            let found = try await deliveries(query)
            let open = found.filter { !$0.state.isSettled }
            for delivery in open { plan.add(delivery) }
            guard open.isEmpty else { continue }
            if !found.isEmpty {
                plan.settled.append(id)
            } else if try await read({ log throws(StoreError) in try await log.event(id) }) != nil {
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
        query.limit = Self.retryPortion
        while true {
            let page = try await deliveries(query)
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
        var done = plan
        done.deliveries = []
        var rest = plan.deliveries[...]
        while !rest.isEmpty {
            // In portions, so that a dispatcher gets its turn in between.
            let portion = Array(rest.prefix(Self.retryPortion))
            rest = rest.dropFirst(portion.count)
            let outcomes = try await write { log throws(StoreError) in try await log.retry(portion) }
            for (id, outcome) in zip(portion, outcomes) {
                switch outcome {
                case .due: done.deliveries.append(id)
                case .inFlight: done.inFlight.append(id)
                case .settled: done.settled.append(id.description)
                case .unknown: done.unknown.append(id.description)
                case .refused(let reason): done.refused.append(RefusedItem(id: id.description, reason: reason))
                }
            }
        }
        return done
    }

    /// How many deliveries are looked at, or made due, at once.
    static let retryPortion = 500
}

extension RetryPlan {
    /// Oldest first, each once.
    func sorted() -> RetryPlan {
        var plan = self
        plan.deliveries = Set(deliveries).sorted()
        plan.inFlight = Set(inFlight).sorted()
        return plan
    }
}
