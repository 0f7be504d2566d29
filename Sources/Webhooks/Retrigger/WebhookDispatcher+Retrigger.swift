public import WebhookCore
internal import WebhooksSQLite

/// Sending again: same event, same bytes, a new delivery that is linked to the old one.
extension WebhookDispatcher {
    /// Looks up what to send again by ids: of deliveries, or of events, which stand for the newest delivery of each of
    /// their subscriptions.
    ///
    /// - Parameters:
    ///   - ids: of deliveries or events.
    ///   - duplicates: whether a delivery that has not settled gets a second copy; else it is refused.
    public func retriggerPlan(ids: [String], duplicates: Bool = false) async throws(WebhooksError) -> RetriggerPlan {
        var builder = try await retriggerPlanBuilder(duplicates)
        var seen: Set<Delivery.ID> = []
        for id in ids {
            let found: [Delivery]
            if let id = Delivery.ID(id), let delivery = try await log.delivery(id) {
                found = [delivery]
            } else {
                found = try await log.read { log throws(StoreError) in try await log.newestDeliveries(ofEvent: id) }
            }
            if found.isEmpty {
                switch try await log.loggedEvent(id) {
                case let event? where event.setAside != nil: builder.plan.setAside.append(id)
                case .some: builder.plan.withoutDeliveries.append(id)
                case nil: builder.plan.unknown.append(id)
                }
            }
            for delivery in found where seen.insert(delivery.id).inserted { try await builder.add(delivery, log) }
        }
        return builder.finished()
    }

    /// Looks up what to send again by a query, its limit aside.
    ///
    /// Only an event's newest delivery to a subscription counts: what was sent again since is left out, so that doing
    /// it twice, or going on where one was interrupted, sends nothing twice. What somebody has cancelled is left out, too:
    /// whoever wants that sent names it by its id.
    /// - Parameters:
    ///   - query: which deliveries.
    ///   - duplicates: whether a delivery that has not settled gets a second copy; else it is refused.
    public func retriggerPlan(
        _ query: DeliveryQuery,
        duplicates: Bool = false
    ) async throws(WebhooksError) -> RetriggerPlan {
        var builder = try await retriggerPlanBuilder(duplicates)
        var query = query
        query.newestOnly = true
        query.limit = Self.retriggerBatch
        while true {
            let page = try await deliveries(query)
            for delivery in page {
                if delivery.isCancelledByHand {
                    builder.plan.cancelledByHand += 1
                } else {
                    try await builder.add(delivery, log)
                }
            }
            guard page.count == query.limit, let last = page.last else { return builder.finished() }
            query.after = last.id
        }
    }

    /// Looks up events that a subscription wants and that have no delivery to it, its limit aside: emitted before it was there, or
    /// matched by a dispatcher that doesn't know it. What waits to be matched is not missed yet, and tests are left out.
    ///
    /// - Parameters:
    ///   - name: the subscription's.
    ///   - query: which events.
    package func retriggerPlan(
        missedBy name: String,
        _ query: EventQuery
    ) async throws(WebhooksError) -> RetriggerPlan {
        var builder = try await retriggerPlanBuilder(false)
        guard let subscription = registry.subscription(named: name) else {
            builder.add(missing: query.ids, asked: [], of: name)
            return builder.finished()
        }
        var query = query
        query.isTest = false
        query.limit = Self.retriggerBatch
        var found: Set<String> = []
        var missed: [String] = []
        while true {
            let page = try await log.events(query)
            found.formUnion(page.map(\.id))
            let wanted = page.filter {
                !$0.isCancelled && !$0.isUnmatched && subscription.mayWant(topic: $0.topic, tenant: $0.tenant)
            }
            missed += try await self.missed(wanted.map(\.id), by: subscription)
            guard page.count == query.limit, let last = page.last else { break }
            query.after = last.id
        }
        builder.add(missing: missed.reversed(), asked: query.ids.filter(found.contains), of: name)
        builder.plan.unknown = query.ids.filter { !found.contains($0) }
        return builder.finished()
    }

    /// The events of some that a subscription wants and has no delivery of.
    private func missed(_ ids: [String], by subscription: Subscription) async throws(WebhooksError) -> [String] {
        guard !ids.isEmpty else { return [] }
        var query = DeliveryQuery()
        (query.events, query.subscription, query.limit) = (ids, subscription.name, 100_000)
        let known = Set(try await deliveries(query).map(\.event))
        var missed: [String] = []
        for id in ids where !known.contains(id) {
            guard let event = try await log.event(id), !Tombstone.stands(in: event.data) else { continue }
            if subscription.wants(event) { missed.append(id) }
        }
        return missed
    }

    /// Sends deliveries again: each gets a new one, linked to it and due at once. Events that were set aside are given out
    /// once more. A running dispatcher delivers them, in this process or another.
    ///
    /// - Parameter plan: from ``retriggerPlan(_:duplicates:)`` or ``retriggerPlan(ids:duplicates:)``.
    /// - Returns: the new deliveries' ids, in order; one that is gone meanwhile, or that the store refuses, has none.
    @discardableResult
    public func retrigger(_ plan: RetriggerPlan) async throws(WebhooksError) -> [Delivery.ID] {
        try await retrigger(plan, goesOn: { _ in true })
    }

    /// Sends deliveries again, and tells how far it is.
    ///
    /// - Parameters:
    ///   - plan: from ``retriggerPlan(_:duplicates:)`` or ``retriggerPlan(ids:duplicates:)``.
    ///   - goesOn: told after every batch how many are on disk; `false` ends it there.
    ///   - refused: told of each delivery that the store won't send again, which is logged otherwise; the others are sent.
    /// - Returns: the new deliveries' ids, in order; one that is gone meanwhile has none.
    @discardableResult
    package func retrigger(
        _ plan: RetriggerPlan,
        goesOn: (_ count: Int) -> Bool,
        refused: ((RefusedItem) -> Void)? = nil
    ) async throws(WebhooksError) -> [Delivery.ID] {
        var new: [Delivery.ID] = []
        var rest = plan.retriggers[...]
        if !plan.setAside.isEmpty {
            do throws(StoreError) {
                see(to: try await stores.existingWriter().releaseSetAside(plan.setAside))
            } catch {
                throw WebhooksError(error)
            }
        }
        var missing = plan.missing[...]
        while !missing.isEmpty {
            let ids = Array(missing.prefix(Self.retriggerBatch))
            missing = missing.dropFirst(ids.count)
            new += try await sendMissing(ids, to: plan.receiver) { item in
                if let refused { refused(item) } else { LogObserver.refused([item], "not sent", lines) }
            }
            if !goesOn(new.count) { return new }
        }
        while !rest.isEmpty {
            let batchSize = Array(rest.prefix(Self.retriggerBatch))
            rest = rest.dropFirst(batchSize.count)
            let result: RetriggerResult
            do throws(StoreError) {
                result = try await stores.existingWriter().insertRetriggers(batchSize, at: .now)
            } catch {
                throw WebhooksError(error)
            }
            new += result.made.map(\.id)
            if let refused {
                for item in result.refused { refused(item) }
            } else {
                LogObserver.refused(result.refused, "not sent again", lines)
            }
            see(to: Array(Set(result.made.map(\.event))))
            if !goesOn(new.count) { break }
        }
        return new
    }

    /// Sees to what was written for events (rows), where a command sees to its own; a dispatcher that runs notices all that
    /// is written.
    func see(to rows: [Int64]) {
        let session = state.withLock { state in
            if state.isCommandUnderWay { state.ownEvents += rows }
            return state.session
        }
        if let session, session.role != .run { session.runner.takeOver(rows) }
    }

    /// The number of deliveries that are looked at, or sent again, at once.
    static let retriggerBatch = 500

    private func retriggerPlanBuilder(_ duplicates: Bool) async throws(WebhooksError) -> RetriggerPlanBuilder {
        let health = try await log.read { log throws(StoreError) in try await log.health() }
        return RetriggerPlanBuilder(
            snapshot: state.withLock { $0.snapshot },
            health: health,
            allowsDuplicates: duplicates
        )
    }
}
