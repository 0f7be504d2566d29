internal import Foundation
internal import GRDB
package import WebhookCore

extension SQLiteStore: SubscriptionStore {
    package func apply(
        _ changes: [StoredSubscriptionChange],
        answer: StoredAnswer?
    ) async throws(StoreError) -> StoredSubscriptionResult {
        let now = clock.now
        return try await write { session in
            let writer = SubscriptionWriter(db: session.db)
            var refusal: StoredSubscriptionResult?
            // What was changed before the refusal is undone.
            try session.db.connection.inSavepoint {
                if let answer, try !PlatformWriter(db: session.db).insert(answer, at: now) { refusal = .answered }
                for change in changes where refusal == nil { refusal = try writer.apply(change) }
                return refusal == nil ? .commit : .rollback
            }
            return try refusal ?? .done(version: SubscriptionWriter.version(session.db))
        }
    }

    package func subscriptionsVersion() async throws(StoreError) -> Int64 {
        try await read { try SubscriptionWriter.version($0) }
    }

    package func storedNames() async throws(StoreError) -> [String] {
        try await read { db in
            try String.fetchAll(
                db,
                sql: "SELECT name FROM webhooks_stored_subscriptions WHERE deleted_at IS NULL ORDER BY version"
            )
        }
    }

    package func subscriptions(
        changedSince version: Int64,
        limit: Int
    ) async throws(StoreError) -> [StoredSubscription] {
        try await read { db in
            var conditions = Conditions()
            conditions.add("version > ?", version)
            return try SubscriptionRow.fetch(db, conditions, "ORDER BY version LIMIT \(limit)")
        }
    }

    package func storedSubscription(_ id: String) async throws(StoreError) -> StoredSubscription? {
        try await read { db in
            var conditions = Conditions()
            conditions.add("id = ?", id)
            conditions.add("deleted_at IS NULL", values: [] as [Int])
            return try SubscriptionRow.fetch(db, conditions, "").first
        }
    }

    package func storedSubscription(
        uid: String,
        ofTenant tenant: String
    ) async throws(StoreError) -> StoredSubscription? {
        try await read { db in
            var conditions = Conditions()
            // As the index has it.
            conditions.add("coalesce(tenant, '') = ?", tenant)
            conditions.add("uid = ?", uid)
            conditions.add("deleted_at IS NULL", values: [] as [Int])
            return try SubscriptionRow.fetch(db, conditions, "").first
        }
    }

    package func storedSubscriptions(ids: [String]) async throws(StoreError) -> [StoredSubscription] {
        if ids.isEmpty { return [] }
        return try await read { db in
            var conditions = Conditions()
            conditions.add("id", oneOf: ids)
            return try SubscriptionRow.fetch(db, conditions, "")
        }
    }

    package func owners(of names: [String]) async throws(StoreError) -> [String: SubscriptionOwner] {
        if names.isEmpty { return [:] }
        let list = JSONValue(.array(names.map { JSONValue(.string($0)) })).raw.text
        return try await read { db in
            // A name is its row's id, which has an index for the deleted ones, too.
            let sql = """
                SELECT s.id, s.uid, s.tenant, coalesce(a.uid, a.id) FROM webhooks_stored_subscriptions s
                LEFT JOIN webhooks_applications a ON a.tenant = s.tenant AND a.deleted_at IS NULL
                WHERE s.id IN (SELECT value FROM json_each(?))
                """
            let rows = try Row.fetchAll(db, sql: sql, arguments: [list])
            return Dictionary(
                rows.map { ($0[0], SubscriptionOwner(uid: $0[1], tenant: $0[2], application: $0[3])) },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }

    package func storedSubscriptions(
        ofTenant tenant: String?,
        _ page: PageWalk
    ) async throws(StoreError) -> [StoredSubscription] {
        try await read { db in
            var conditions = Conditions()
            conditions.add("tenant = ?", tenant)
            conditions.add("deleted_at IS NULL", values: [] as [Int])
            conditions.walk("id", page)
            return try SubscriptionRow.fetch(db, conditions, "ORDER BY id \(page.order) LIMIT \(page.limit)")
        }
    }
}

/// Rows of subscriptions with their secrets, sealed.
private enum SubscriptionRow {
    static func fetch(_ db: StoreDatabase, _ conditions: Conditions, _ rest: String) throws -> [StoredSubscription] {
        let sql = """
            SELECT id, version, name, uid, tenant, definition, credentials, credentials_key, channels, disabled, metadata,
                created_at, updated_at, deleted_at
            FROM webhooks_stored_subscriptions \(conditions.clause) \(rest)
            """
        return try Row.fetchAll(db, sql: sql, arguments: conditions.arguments).map { row in
            var subscription = StoredSubscription(
                id: row[0],
                name: row[2],
                uid: row[3],
                tenant: row[4],
                definition: row[5],
                channels: MessageTerms.read(row[8]) ?? [],
                isDisabled: row[9],
                metadata: row[10],
                createdAt: Timestamp(milliseconds: row[11]),
                updatedAt: Timestamp(milliseconds: row[12]),
                deletedAt: (row[13] as Int64?).map { Timestamp(milliseconds: $0) },
                version: row[1]
            )
            if let key = row[7] as String?, let bytes = row[6] as Data? {
                subscription.credentials = SealedSecret(keyID: key, bytes: ByteString(Array(bytes)))
            }
            subscription.signingSecrets = try secrets(db, of: subscription.id)
            return subscription
        }
    }

    private static func secrets(_ db: StoreDatabase, of id: String) throws -> [StoredSubscription.SigningSecret] {
        let select = try PreparedStatement(
            db,
            """
            SELECT key, sealed, created_at, expires_at FROM webhooks_stored_secrets WHERE subscription = ? ORDER BY place
            """
        )
        try select.bind(id)
        var secrets: [StoredSubscription.SigningSecret] = []
        while try select.next() {
            secrets.append(
                StoredSubscription.SigningSecret(
                    sealed: SealedSecret(keyID: select.text(0), bytes: select.bytes(1)),
                    createdAt: select.timestamp(2),
                    expiresAt: select.optionalTimestamp(3)
                )
            )
        }
        return secrets
    }
}
