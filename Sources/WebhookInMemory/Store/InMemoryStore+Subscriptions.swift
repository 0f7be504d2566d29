package import WebhookCore

extension InMemoryStore: SubscriptionStore {
    package func apply(
        _ changes: [StoredSubscriptionChange],
        answer: StoredAnswer?
    ) async throws(StoreError) -> StoredSubscriptionResult {
        let now = clock.now
        return try database.write(by: connection) { rows in
            let before = rows
            if let answer {
                if let known = rows.answers[answer.key], known.expiresAt > now { return .answered }
                rows.answers[answer.key] = answer
            }
            for change in changes {
                if let refusal = rows.apply(change) {
                    rows = before
                    return refusal
                }
            }
            return .done(version: rows.subscriptionsVersion)
        }
        .get()
    }

    package func endDeliveries(
        of subscription: String,
        detail: String,
        at instant: Timestamp
    ) async throws(StoreError) -> Int {
        try database.write(by: connection) { $0.endDeliveries(of: subscription, detail: detail, at: instant) }.get()
    }

    package func subscriptionsVersion() async throws(StoreError) -> Int64 { rows.subscriptionsVersion }

    package func storedNames() async throws(StoreError) -> [String] {
        rows.storedSubscriptions.values.filter { $0.deletedAt == nil }.sorted { $0.version < $1.version }.map(\.name)
    }

    package func subscriptions(
        changedSince version: Int64,
        limit: Int
    ) async throws(StoreError) -> [StoredSubscription] {
        let changed = rows.storedSubscriptions.values.filter { $0.version > version }
        return Array(changed.sorted { $0.version < $1.version }.prefix(limit))
    }

    package func storedSubscription(_ id: String) async throws(StoreError) -> StoredSubscription? {
        rows.storedSubscriptions[id].flatMap { $0.deletedAt == nil ? $0 : nil }
    }

    package func storedSubscription(
        uid: String,
        ofTenant tenant: String
    ) async throws(StoreError) -> StoredSubscription? {
        rows.storedSubscriptions.values.first { $0.deletedAt == nil && $0.uid == uid && $0.tenant ?? "" == tenant }
    }

    package func storedSubscriptions(ids: [String]) async throws(StoreError) -> [StoredSubscription] {
        Set(ids).compactMap { rows.storedSubscriptions[$0] }
    }

    package func owners(of names: [String]) async throws(StoreError) -> [String: SubscriptionOwner] {
        // Applications are not kept in memory.
        Dictionary(
            Set(names).compactMap { name in
                rows.storedSubscriptions[name].map { (name, SubscriptionOwner(uid: $0.uid, tenant: $0.tenant)) }
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    package func storedSubscriptions(
        ofTenant tenant: String?,
        _ page: PageWalk
    ) async throws(StoreError) -> [StoredSubscription] {
        let living = rows.storedSubscriptions.values.filter { row in
            row.deletedAt == nil && (tenant == nil || row.tenant == tenant)
                && (page.from.map { page.isDescending ? row.id < $0 : row.id > $0 } ?? true)
        }
        return Array(living.sorted { page.isDescending ? $0.id > $1.id : $0.id < $1.id }.prefix(page.limit))
    }
}

extension InMemoryRows {
    /// Makes a change; gives the reason where it doesn't.
    fileprivate mutating func apply(_ change: StoredSubscriptionChange) -> StoredSubscriptionResult? {
        switch change {
        case .insert(let row, let most):
            let living = storedSubscriptions.values.count { $0.tenant == row.tenant && $0.deletedAt == nil }
            if let most, living >= most { return .full }
            guard storedSubscriptions[row.id] == nil, !isTaken(row) else { return .taken(id: row.id) }
            put(row)
            if row.isDisabled { writeHealth(of: row) }
        case .update(var row, let enables):
            guard let known = storedSubscriptions[row.id], known.deletedAt == nil else { return .missing(id: row.id) }
            guard known.version == row.version else { return .outdated(id: row.id) }
            guard !isTaken(row) else { return .taken(id: row.id) }
            row.createdAt = known.createdAt
            put(row)
            if row.isDisabled != known.isDisabled || enables { writeHealth(of: row) }
        case .delete(let id, let instant):
            guard var row = storedSubscriptions[id], row.deletedAt == nil else { return .missing(id: id) }
            (row.credentials, row.signingSecrets) = (nil, [])
            (row.uid, row.definition, row.channels, row.metadata) = (nil, "{}", [], "{}")
            (row.deletedAt, row.updatedAt) = (instant, instant)
            put(row)
            healthRows[row.name] = nil
        }
        return nil
    }

    /// Disables or enables by hand, as the row says.
    private mutating func writeHealth(of row: StoredSubscription) {
        if !row.isDisabled, healthRows[row.name]?.health.disabled == nil { return }
        let disabled = row.isDisabled ? SubscriptionHealth.Disabled(cause: .manual, at: row.updatedAt) : nil
        setHealth(disabled, of: row.name, at: row.updatedAt)
    }

    /// Writes down in its row that one was disabled or enabled by hand; does nothing where it isn't kept here.
    mutating func setStored(_ isDisabled: Bool, _ name: String, at instant: Timestamp) {
        let known = storedSubscriptions.values.first { $0.name == name && $0.deletedAt == nil }
        guard var row = known else { return }
        (row.isDisabled, row.updatedAt) = (isDisabled, instant)
        put(row)
    }

    private mutating func put(_ row: StoredSubscription) {
        subscriptionsVersion += 1
        var row = row
        row.version = subscriptionsVersion
        storedSubscriptions[row.id] = row
    }

    private func isTaken(_ row: StoredSubscription) -> Bool {
        storedSubscriptions.values.contains { other in
            other.id != row.id && other.deletedAt == nil
                && (other.name == row.name || row.uid != nil && other.uid == row.uid && other.tenant == row.tenant)
        }
    }
}
