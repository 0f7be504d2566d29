#if PostgreSQL
    package import WebhookCore

    extension PostgresStore: SubscriptionStore {
        package func apply(
            _ changes: [StoredSubscriptionChange],
            answer: StoredAnswer?
        ) async throws(StoreError) -> StoredSubscriptionResult {
            let now = clock.now
            return try await write(making: SubscriptionWriter.disabledNames(changes)) { session in
                let writer = SubscriptionWriter(connection: session.connection)
                try writer.lock(session.identity)
                // What was changed before the refusal is undone.
                return try session.allOrNone { () throws -> (StoredSubscriptionResult, Bool) in
                    if let answer {
                        let platform = PlatformWriter(connection: session.connection, identity: session.identity)
                        guard try platform.insert(answer, at: now) else { return (.answered, false) }
                    }
                    for change in changes {
                        if let refusal = try writer.apply(change) { return (refusal, false) }
                    }
                    return (.done(version: try SubscriptionWriter.version(session.connection)), true)
                }
            }
        }

        package func subscriptionsVersion() async throws(StoreError) -> Int64 {
            try await read { try SubscriptionWriter.version($0) }
        }

        package func storedNames() async throws(StoreError) -> [String] {
            try await read { connection in
                let names = Statement("SELECT name FROM stored_subscriptions WHERE deleted_at IS NULL ORDER BY version")
                return try connection.run(names).map { $0.text(0) }
            }
        }

        package func subscriptions(
            changedSince version: Int64,
            limit: Int
        ) async throws(StoreError) -> [StoredSubscription] {
            try await read { connection in
                var conditions = Conditions()
                conditions.add("version > ?::int8", .int8(version))
                return try StoredSubscriptionRow.fetch(connection, conditions, "ORDER BY version LIMIT \(limit)")
            }
        }

        package func storedSubscription(_ id: String) async throws(StoreError) -> StoredSubscription? {
            try await read { connection in
                var conditions = Conditions()
                conditions.add("id = ?::text", .text(id))
                conditions.add("deleted_at IS NULL")
                return try StoredSubscriptionRow.fetch(connection, conditions, "").first
            }
        }

        package func storedSubscription(
            uid: String,
            ofTenant tenant: String
        ) async throws(StoreError) -> StoredSubscription? {
            try await read { connection in
                var conditions = Conditions()
                // As the index has it.
                conditions.add("coalesce(tenant, '') = ?::text", .text(tenant))
                conditions.add("uid = ?::text", .text(uid))
                conditions.add("deleted_at IS NULL")
                return try StoredSubscriptionRow.fetch(connection, conditions, "").first
            }
        }

        package func storedSubscriptions(ids: [String]) async throws(StoreError) -> [StoredSubscription] {
            if ids.isEmpty { return [] }
            return try await read { connection in
                var conditions = Conditions()
                conditions.add("id = ANY (?::text[])", .texts(ids))
                return try StoredSubscriptionRow.fetch(connection, conditions, "")
            }
        }

        package func owners(of names: [String]) async throws(StoreError) -> [String: SubscriptionOwner] {
            if names.isEmpty { return [:] }
            return try await read { connection in
                // A name is its row's id, which has an index for the deleted ones, too.
                let owners = Statement(
                    """
                    SELECT s.id, s.uid, s.tenant, coalesce(a.uid, a.id) FROM stored_subscriptions s
                    LEFT JOIN applications a ON a.tenant = s.tenant AND a.deleted_at IS NULL
                    WHERE s.id = ANY ($1::text[])
                    """
                )
                let rows = try connection.run(owners, [.texts(names)]).map { row in
                    let (uid, tenant) = (row.optionalText(1), row.optionalText(2))
                    return (row.text(0), SubscriptionOwner(uid: uid, tenant: tenant, application: row.optionalText(3)))
                }
                return Dictionary(rows, uniquingKeysWith: { first, _ in first })
            }
        }

        package func storedSubscriptions(
            ofTenant tenant: String?,
            _ page: PageWalk
        ) async throws(StoreError) -> [StoredSubscription] {
            try await read { connection in
                var conditions = Conditions()
                if let tenant { conditions.add("tenant = ?::text", .text(tenant)) }
                conditions.add("deleted_at IS NULL")
                conditions.walk("id", page)
                let rest = "ORDER BY id \(page.order) LIMIT \(page.limit)"
                return try StoredSubscriptionRow.fetch(connection, conditions, rest)
            }
        }
    }

    /// Rows of subscriptions with their secrets, sealed.
    private enum StoredSubscriptionRow {
        /// Reads rows and their secrets in one statement, so that both are of one state.
        static func fetch(
            _ connection: PostgresConnection,
            _ conditions: Conditions,
            _ rest: String
        ) throws -> [StoredSubscription] {
            let rows = try connection.run(
                Statement(
                    """
                    WITH found AS MATERIALIZED (SELECT * FROM stored_subscriptions \(conditions.clause) \(rest))
                    SELECT f.id, f.version, f.name, f.uid, f.tenant, f.definition, f.credentials, f.credentials_key, f.channels,
                        f.disabled, f.metadata, f.created_at, f.updated_at, f.deleted_at, s.key, s.sealed, s.created_at,
                        s.expires_at
                    FROM (SELECT row_number() OVER () AS number, * FROM found) f
                    LEFT JOIN stored_secrets s ON s.subscription = f.id ORDER BY f.number, s.place
                    """
                ),
                conditions.parameters
            )
            var subscriptions: [StoredSubscription] = []
            for row in rows {
                if subscriptions.last?.id != row.text(0) { subscriptions.append(subscription(row)) }
                guard !row.isNull(14) else { continue }
                subscriptions[subscriptions.count - 1].signingSecrets.append(
                    StoredSubscription.SigningSecret(
                        sealed: SealedSecret(keyID: row.text(14), bytes: row.bytes(15)),
                        createdAt: row.timestamp(16),
                        expiresAt: row.optionalTimestamp(17)
                    )
                )
            }
            return subscriptions
        }

        private static func subscription(_ row: Row) -> StoredSubscription {
            StoredSubscription(
                id: row.text(0),
                name: row.text(2),
                uid: row.optionalText(3),
                tenant: row.optionalText(4),
                definition: row.text(5),
                credentials: row.optionalText(7).map { SealedSecret(keyID: $0, bytes: row.bytes(6)) },
                channels: MessageTerms.read(row.optionalText(8)) ?? [],
                isDisabled: row.bool(9),
                metadata: row.text(10),
                createdAt: row.timestamp(11),
                updatedAt: row.timestamp(12),
                deletedAt: row.optionalTimestamp(13),
                version: row.int64(1)
            )
        }
    }
#endif
