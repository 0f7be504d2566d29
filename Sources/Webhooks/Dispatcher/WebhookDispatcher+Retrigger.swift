internal import SQLiteStore
public import WebhookCore

/// Sending again: same event, same bytes, a new delivery.
extension WebhookDispatcher {
    /// What a retrigger is for, and for what it is refused.
    public struct RetriggerPlan: Sendable, Hashable {
        /// Deliveries to send again, oldest first.
        public var deliveries: [Delivery] = []
        /// Why not, by subscription, with how many deliveries are left out.
        public var refusals: [Refusal] = []
        /// Ids that name nothing.
        public var unknown: [String] = []

        /// A subscription that can't be sent to now.
        public struct Refusal: Sendable, Hashable {
            public var subscription: String
            public var deliveries: Int
            /// With what to do next.
            public var reason: String
        }
    }

    /// Looks up what to send again by ids: of deliveries, or of events, which stand for the newest delivery of each of
    /// their subscriptions.
    public func retriggerPlan(ids: [String]) async throws(WebhooksError) -> RetriggerPlan {
        var found: [Delivery] = []
        var unknown: [String] = []
        for id in ids {
            let deliveries: [Delivery]
            if let id = Delivery.ID(id), let delivery = try await delivery(id) {
                deliveries = [delivery]
            } else {
                deliveries = try await read { log throws(StoreError) in try await log.newestDeliveries(ofEvent: id) }
            }
            if deliveries.isEmpty, try await loggedEvent(id) == nil { unknown.append(id) }
            found += deliveries
        }
        return try await plan(found, unknown: unknown)
    }

    /// Looks up what to send again by a query, its limit aside. Of several deliveries of an event to a subscription,
    /// the newest.
    public func retriggerPlan(_ query: DeliveryQuery) async throws(WebhooksError) -> RetriggerPlan {
        var query = query
        query.limit = 1000
        var found: [Delivery] = []
        while true {
            let page = try await deliveries(query)
            found += page
            guard page.count == query.limit, let last = page.last else { break }
            query.after = last.id
        }
        return try await plan(found, unknown: [])
    }

    /// Sends deliveries again, for ``delivering(as:_:)``: each gets a new one, linked to it and due at once.
    ///
    /// - Returns: the new deliveries' ids, in order; one that is gone meanwhile has none.
    public func retriggerWithinCommand(_ deliveries: [Delivery]) async throws(WebhooksError) -> [Delivery.ID] {
        do throws(StoreError) {
            let store = try stores.existingWriter()
            let ids = try await store.insertRetrigger(of: deliveries.map(\.id), at: .now)
            // The new deliveries keep their events from being pruned, so that an event that is there is found again by
            // storing it once more: as a duplicate, which changes nothing and tells its row.
            for id in Set(deliveries.map(\.event)) {
                guard let event = try await store.event(id),
                    case .duplicate(let row) = try await store.append(event, target: nil)
                else { continue }
                let session = state.withLock { state in
                    state.ownEvents.append(row)
                    return state.session
                }
                session?.runner.adopt([row])
            }
            return ids
        } catch {
            throw WebhooksError(error)
        }
    }

    private func plan(_ found: [Delivery], unknown: [String]) async throws(WebhooksError) -> RetriggerPlan {
        var plan = RetriggerPlan(unknown: unknown)
        let health = try await read { log throws(StoreError) in try await log.health() }
        let disabled = Dictionary(
            uniqueKeysWithValues: health.compactMap { row in row.disabled.map { (row.subscription, $0) } }
        )
        var refused: [String: Int] = [:]
        var seen: Set<[String]> = []
        for delivery in found.sorted(by: { $0.id > $1.id }) {
            guard seen.insert([delivery.event, delivery.subscription]).inserted else { continue }
            let isKnown = registry.subscription(named: delivery.subscription)?.isEnabled ?? false
            if isKnown, disabled[delivery.subscription] == nil {
                plan.deliveries.append(delivery)
            } else {
                refused[delivery.subscription, default: 0] += 1
            }
        }
        plan.deliveries.reverse()
        plan.refusals = refused.sorted { $0.key < $1.key }.map { name, count in
            let reason =
                if let disabled = disabled[name] {
                    "it is disabled (\(disabled.cause.rawValue), since \(disabled.at)); `webhooks enable \(name)` first"
                } else if registry.subscription(named: name) != nil {
                    "the configuration says `enabled: false`"
                } else {
                    "the configuration has no such subscription"
                }
            return RetriggerPlan.Refusal(subscription: name, deliveries: count, reason: reason)
        }
        return plan
    }
}
