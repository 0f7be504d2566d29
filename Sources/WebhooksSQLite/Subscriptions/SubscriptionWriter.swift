internal import GRDB
internal import WebhookCore

/// Writes subscriptions that are kept in the store, within a transaction that is open.
struct SubscriptionWriter {
    let db: StoreDatabase

    /// Makes a change; gives the reason where it doesn't.
    func apply(_ change: StoredSubscriptionChange) throws -> StoredSubscriptionResult? {
        switch change {
        case .insert(let row, let most):
            if let most, try living(of: row.tenant, upTo: most) >= most { return .full }
            return try insert(row) ? nil : .taken(id: row.id)
        case .update(let row, let enables): return try update(row, enables: enables)
        case .delete(let id, let instant): return try delete(id, at: instant) ? nil : .missing(id: id)
        }
    }

    /// The number of the last change.
    static func version(_ db: StoreDatabase) throws -> Int64 {
        let highest = try PreparedStatement(db, "SELECT max(version) FROM webhooks_stored_subscriptions")
        defer { highest.reset() }
        return try highest.next() ? highest.optionalInt64(0) ?? 0 : 0
    }

    /// The number of those that live of a tenant, as far as it is less than a limit.
    private func living(of tenant: String?, upTo limit: Int) throws -> Int {
        let count = try PreparedStatement(
            db,
            """
            SELECT count(*) FROM (
                SELECT 1 FROM webhooks_stored_subscriptions WHERE tenant IS ? AND deleted_at IS NULL LIMIT ?
            )
            """
        )
        try count.bind(tenant)
        try count.bind(limit)
        defer { count.reset() }
        return try count.next() ? Int(count.int64(0)) : 0
    }

    private func insert(_ row: StoredSubscription) throws -> Bool {
        let insert = try PreparedStatement(
            db,
            """
            INSERT INTO webhooks_stored_subscriptions
            (version, name, uid, tenant, definition, credentials, credentials_key, channels, disabled, metadata,
             updated_at, created_at, id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """
        )
        try bind(row, to: insert)
        try insert.bind(row.createdAt)
        try insert.bind(row.id)
        guard try insert.run() == 1 else { return false }
        try write(row.signingSecrets, of: row.id)
        if row.isDisabled { try writeHealth(of: row) }
        return true
    }

    private func update(_ row: StoredSubscription, enables: Bool) throws -> StoredSubscriptionResult? {
        let select = try PreparedStatement(
            db,
            "SELECT version, disabled FROM webhooks_stored_subscriptions WHERE id = ? AND deleted_at IS NULL"
        )
        try select.bind(row.id)
        guard try select.next() else { return .missing(id: row.id) }
        let (version, wasDisabled) = (select.int64(0), select.bool(1))
        select.reset()
        guard version == row.version else { return .outdated(id: row.id) }
        let update = try PreparedStatement(
            db,
            """
            UPDATE OR IGNORE webhooks_stored_subscriptions
            SET version = ?, name = ?, uid = ?, tenant = ?, definition = ?, credentials = ?, credentials_key = ?,
                channels = ?, disabled = ?, metadata = ?, updated_at = ?
            WHERE id = ?
            """
        )
        try bind(row, to: update)
        try update.bind(row.id)
        guard try update.run() == 1 else { return .taken(id: row.id) }
        try write(row.signingSecrets, of: row.id)
        if row.isDisabled != wasDisabled || enables { try writeHealth(of: row) }
        return nil
    }

    /// Disables or enables by hand, as the row says.
    private func writeHealth(of row: StoredSubscription) throws {
        guard row.isDisabled else { return try HealthRow.enable(row.name, at: row.updatedAt, db) }
        let disabled = SubscriptionHealth.Disabled(cause: .manual, at: row.updatedAt)
        try HealthRow.setDisabled(disabled, of: row.name, at: row.updatedAt, db)
    }

    /// Writes down in its row that one was disabled or enabled by hand; does nothing where it isn't kept here.
    func setDisabled(_ isDisabled: Bool, _ name: String, at instant: Timestamp) throws {
        let update = try PreparedStatement(
            db,
            """
            UPDATE webhooks_stored_subscriptions SET version = ?, disabled = ?, updated_at = ?
            WHERE name = ? AND deleted_at IS NULL
            """
        )
        try update.bind(try Self.version(db) + 1)
        try update.bind(isDisabled)
        try update.bind(instant)
        try update.bind(name)
        try update.run()
    }

    private func delete(_ id: String, at instant: Timestamp) throws -> Bool {
        let delete = try PreparedStatement(
            db,
            """
            UPDATE webhooks_stored_subscriptions
            SET version = ?, uid = NULL, definition = '{}', credentials = NULL, credentials_key = NULL, channels = NULL,
                metadata = '{}', deleted_at = ?, updated_at = ?
            WHERE id = ? AND deleted_at IS NULL
            """
        )
        try delete.bind(try Self.version(db) + 1)
        try delete.bind(instant)
        try delete.bind(instant)
        try delete.bind(id)
        guard try delete.run() == 1 else { return false }
        try write([], of: id)
        let name = try PreparedStatement(db, "SELECT name FROM webhooks_stored_subscriptions WHERE id = ?")
        try name.bind(id)
        if try name.next() { try HealthRow.forget(name.text(0), db) }
        name.reset()
        return true
    }

    /// Binds what an insert and an update have in common, under the next version.
    private func bind(_ row: StoredSubscription, to statement: PreparedStatement) throws {
        try statement.bind(try Self.version(db) + 1)
        try statement.bind(row.name)
        try statement.bind(row.uid)
        try statement.bind(row.tenant)
        try statement.bind(row.definition)
        if let credentials = row.credentials { try statement.bind(credentials.bytes) } else { try statement.bindNull() }
        try statement.bind(row.credentials?.keyID)
        try statement.bind(row.channels.isEmpty ? nil : MessageTerms.stored(row.channels))
        try statement.bind(row.isDisabled)
        try statement.bind(row.metadata)
        try statement.bind(row.updatedAt)
    }

    private func write(_ secrets: [StoredSubscription.SigningSecret], of id: String) throws {
        let delete = try PreparedStatement(db, "DELETE FROM webhooks_stored_secrets WHERE subscription = ?")
        try delete.bind(id)
        try delete.run()
        for (place, secret) in secrets.enumerated() {
            let insert = try PreparedStatement(
                db,
                """
                INSERT INTO webhooks_stored_secrets (subscription, place, key, sealed, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """
            )
            try insert.bind(id)
            try insert.bind(place)
            try insert.bind(secret.sealed.keyID)
            try insert.bind(secret.sealed.bytes)
            try insert.bind(secret.createdAt)
            try insert.bind(secret.expiresAt)
            try insert.run()
        }
    }
}
