#if PostgreSQL
    internal import WebhookCore

    /// Writes subscriptions that are kept in the store, within a transaction that is open.
    struct SubscriptionWriter {
        let connection: PostgresConnection

        /// Waits until no other transaction changes subscriptions, and keeps others waiting until this one has ended. So their
        /// numbers become visible in their order: whoever reads what has changed since one misses nothing.
        ///
        /// - Parameter identity: the store's.
        func lock(_ identity: Int64) throws {
            try connection.run(
                Statement("SELECT pg_advisory_xact_lock($1::int4, $2::int4)"),
                [.int4(Schema.subscriptionsLockClass), .int4(Int32(truncatingIfNeeded: identity))]
            )
        }

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
        static func version(_ connection: PostgresConnection) throws -> Int64 {
            try connection.run(highestVersion).first?.int64(0) ?? 0
        }

        static let highestVersion = Statement("SELECT coalesce(max(version), 0) FROM stored_subscriptions")

        /// The number of those that live of a tenant, as far as it is less than a limit.
        private func living(of tenant: String?, upTo limit: Int) throws -> Int {
            // No index serves IS NOT DISTINCT FROM.
            var conditions = Conditions()
            conditions.add("deleted_at IS NULL")
            if let tenant {
                conditions.add("tenant = ?::text", .text(tenant))
            } else {
                conditions.add("tenant IS NULL")
            }
            let clause = conditions.clause
            let most = conditions.mark(.int8(Int64(limit)))
            let counted = try connection.run(
                Statement("SELECT count(*) FROM (SELECT 1 FROM stored_subscriptions \(clause) LIMIT \(most)::int8) x"),
                conditions.parameters
            )
            return Int(counted[0].int64(0))
        }

        private func insert(_ row: StoredSubscription) throws -> Bool {
            let inserted = try connection.run(
                Statement(
                    """
                    INSERT INTO stored_subscriptions (
                        version, id, name, uid, tenant, definition, credentials, credentials_key, channels, disabled, metadata,
                        updated_at, created_at
                    ) SELECT coalesce(max(version), 0) + 1, $1::text, $2::text, $3::text, $4::text, $5::text, $6::bytea,
                        $7::text, $8::text, $9::bool, $10::text, $11::int8, $12::int8
                    FROM stored_subscriptions ON CONFLICT DO NOTHING
                    """
                ),
                Self.parameters(row) + [.int8(row.createdAt.milliseconds)]
            )
            guard inserted.changedCount == 1 else { return false }
            try write(row.signingSecrets, of: row.id)
            if row.isDisabled { try writeHealth(of: row) }
            return true
        }

        private func update(_ row: StoredSubscription, enables: Bool) throws -> StoredSubscriptionResult? {
            let found = try connection.run(
                Statement(
                    """
                    SELECT version, EXISTS (
                        SELECT 1 FROM stored_subscriptions o WHERE o.id <> s.id AND o.deleted_at IS NULL AND (
                            o.name = $2::text
                            OR o.uid = $3::text AND coalesce(o.tenant, '') = coalesce($4::text, '')
                        )
                    ), disabled FROM stored_subscriptions s WHERE id = $1::text AND deleted_at IS NULL
                    """
                ),
                [.text(row.id), .text(row.name), .text(row.uid), .text(row.tenant)]
            )
            guard let known = found.first else { return .missing(id: row.id) }
            guard known.int64(0) == row.version else { return .outdated(id: row.id) }
            guard !known.bool(1) else { return .taken(id: row.id) }
            try connection.run(
                Statement(
                    """
                    UPDATE stored_subscriptions
                    SET version = (SELECT max(version) + 1 FROM stored_subscriptions), name = $2::text, uid = $3::text,
                        tenant = $4::text, definition = $5::text, credentials = $6::bytea, credentials_key = $7::text,
                        channels = $8::text, disabled = $9::bool, metadata = $10::text, updated_at = $11::int8
                    WHERE id = $1::text
                    """
                ),
                Self.parameters(row)
            )
            try write(row.signingSecrets, of: row.id)
            if row.isDisabled != known.bool(2) || enables { try writeHealth(of: row) }
            return nil
        }

        /// Disables or enables by hand, as the row says.
        private func writeHealth(of row: StoredSubscription) throws {
            let manual = SubscriptionHealth.Disabled(cause: .manual, at: row.updatedAt)
            let statement =
                row.isDisabled
                ? HealthRow.setDisabled(manual, of: row.name, at: row.updatedAt)
                : HealthRow.enable(row.name, at: row.updatedAt)
            try connection.run(statement.statement, statement.parameters)
        }

        /// The names of those that changes may disable: their health needs a row.
        static func disabledNames(_ changes: [StoredSubscriptionChange]) -> Set<String> {
            Set(
                changes.compactMap { change in
                    switch change {
                    case .insert(let row, _), .update(let row, _): row.isDisabled ? row.name : nil
                    case .delete: nil
                    }
                }
            )
        }

        /// Writes down in its row that one was disabled or enabled by hand, under the lock; does nothing where it isn't kept here.
        func setDisabled(_ isDisabled: Bool, _ name: String, at instant: Timestamp) throws {
            try connection.run(
                Statement(
                    """
                    UPDATE stored_subscriptions
                    SET version = (SELECT max(version) + 1 FROM stored_subscriptions), disabled = $2::bool, updated_at = $3::int8
                    WHERE name = $1::text AND deleted_at IS NULL
                    """
                ),
                [.text(name), .bool(isDisabled), .int8(instant.milliseconds)]
            )
        }

        private func delete(_ id: String, at instant: Timestamp) throws -> Bool {
            let deleted = try connection.run(
                Statement(
                    """
                    UPDATE stored_subscriptions
                    SET version = (SELECT max(version) + 1 FROM stored_subscriptions), uid = NULL, definition = '{}',
                        credentials = NULL, credentials_key = NULL, channels = NULL, metadata = '{}',
                        deleted_at = $2::int8, updated_at = $2::int8
                    WHERE id = $1::text AND deleted_at IS NULL
                    """
                ),
                [.text(id), .int8(instant.milliseconds)]
            )
            guard deleted.changedCount == 1 else { return false }
            try write([], of: id)
            try connection.run(HealthRow.forget, [.text(id)])
            return true
        }

        /// Deletes what lives of a tenant.
        func delete(ofTenant tenant: String, at instant: Timestamp) throws {
            let living = try connection.run(
                Statement(
                    "SELECT id FROM stored_subscriptions WHERE tenant = $1::text AND deleted_at IS NULL ORDER BY id"
                ),
                [.text(tenant)]
            )
            for row in living { _ = try delete(row.text(0), at: instant) }
        }

        /// The values that an insert and an update have in common, from `$1` to `$11`.
        private static func parameters(_ row: StoredSubscription) -> [Parameter] {
            [
                .text(row.id), .text(row.name), .text(row.uid), .text(row.tenant), .text(row.definition),
                row.credentials.map { .bytes($0.bytes) } ?? .text(nil), .text(row.credentials?.keyID),
                .text(row.channels.isEmpty ? nil : MessageTerms.stored(row.channels)), .bool(row.isDisabled),
                .text(row.metadata), .int8(row.updatedAt.milliseconds),
            ]
        }

        private func write(_ secrets: [StoredSubscription.SigningSecret], of id: String) throws {
            try connection.run(
                Statement("DELETE FROM stored_secrets WHERE subscription = $1::text"),
                [.text(id)]
            )
            guard !secrets.isEmpty else { return }
            try connection.run(
                Statement(
                    """
                    INSERT INTO stored_secrets (subscription, place, key, sealed, created_at, expires_at)
                    SELECT $1::text, x.* FROM unnest($2::int4[], $3::text[], $4::bytea[], $5::int8[], $6::int8[])
                        AS x (place, key, sealed, created_at, expires_at)
                    """
                ),
                [
                    .text(id), .int4s(secrets.indices.map { $0 }), .texts(secrets.map(\.sealed.keyID)),
                    .byteStrings(secrets.map(\.sealed.bytes)), .int8s(secrets.map(\.createdAt.milliseconds)),
                    .int8s(secrets.map(\.expiresAt?.milliseconds)),
                ]
            )
        }
    }
#endif
