internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func applications(
        _ page: PageWalk,
        _ filter: ApplicationFilter
    ) async throws(StoreError) -> [Application] {
        try await read { db in
            var conditions = Conditions()
            ApplicationRow.add(filter, to: &conditions)
            conditions.walk("id", page)
            return try ApplicationRow.fetch(db, conditions, "ORDER BY id \(page.order) LIMIT \(page.limit)")
        }
    }

    package func application(_ reference: String) async throws(StoreError) -> Application? {
        try await read { db in
            var conditions = Conditions()
            conditions.add(reference.hasPrefix("app_") ? "id = ?" : "uid = ?", reference)
            return try ApplicationRow.fetch(db, conditions, "").first
        }
    }

    package func tenant(_ tenant: String) async throws(StoreError) -> TenantHistory {
        try await read { db in
            let rows = try PreparedStatement(
                db,
                """
                SELECT EXISTS (SELECT 1 FROM webhooks_applications WHERE tenant = ?1 AND deleted_at IS NULL),
                    EXISTS (SELECT 1 FROM webhooks_applications WHERE tenant = ?1 AND deleted_at IS NOT NULL)
                """
            )
            try rows.bind(tenant)
            defer { rows.reset() }
            var history = TenantHistory()
            if try rows.next() { (history.isTaken, history.wasUsed) = (rows.bool(0), rows.bool(1)) }
            return history
        }
    }

    package func eventTypes(_ page: PageWalk, archived: Bool) async throws(StoreError) -> [EventType] {
        try await read { db in
            var conditions = Conditions()
            conditions.walk("name", page)
            if !archived { conditions.add("archived = ?", 0) }
            return try EventTypeRow.fetch(db, conditions, "ORDER BY name \(page.order) LIMIT \(page.limit)")
        }
    }

    package func eventType(_ name: String) async throws(StoreError) -> EventType? {
        try await read { db in
            var conditions = Conditions()
            conditions.add("name = ?", name)
            return try EventTypeRow.fetch(db, conditions, "").first
        }
    }
}

extension PageWalk {
    var order: String { isDescending ? "DESC" : "ASC" }
}

/// Rows of applications that live.
private enum ApplicationRow {
    static func add(_ filter: ApplicationFilter, to conditions: inout Conditions) {
        func list(_ texts: Set<String>) -> String {
            JSONValue(.array(texts.sorted().map { JSONValue(.string($0)) })).raw.text
        }
        let any = """
            (tenant IN (SELECT value FROM json_each(?)) OR EXISTS (
                SELECT 1 FROM webhooks_stored_subscriptions s
                WHERE s.tenant = webhooks_applications.tenant AND s.deleted_at IS NULL
            ))
            """
        if filter.excludesEmpty { conditions.add(any, values: [list(filter.tenants)]) }
        if filter.excludesDisabled {
            let enabled = """
                (tenant IN (SELECT value FROM json_each(?)) OR EXISTS (
                    SELECT 1 FROM webhooks_stored_subscriptions s
                    WHERE s.tenant = webhooks_applications.tenant AND s.deleted_at IS NULL AND s.disabled = 0
                        AND s.name NOT IN (SELECT value FROM json_each(?))
                ))
                """
            conditions.add(
                "(\(enabled) OR NOT \(any))",
                values: [list(filter.enabledTenants), list(filter.disabledNames), list(filter.tenants)]
            )
        }
    }

    static func fetch(_ db: StoreDatabase, _ conditions: Conditions, _ rest: String) throws -> [Application] {
        var conditions = conditions
        conditions.add("deleted_at IS NULL", values: [] as [Int])
        let sql = """
            SELECT id, uid, tenant, name, throttle, metadata, created_at, updated_at, events_since
            FROM webhooks_applications \(conditions.clause) \(rest)
            """
        return try Row.fetchAll(db, sql: sql, arguments: conditions.arguments).map { row in
            Application(
                id: row[0],
                uid: row[1],
                tenant: row[2],
                name: row[3],
                throttleRate: row[4],
                metadata: row[5],
                createdAt: Timestamp(milliseconds: row[6]),
                updatedAt: Timestamp(milliseconds: row[7]),
                eventsSince: (row[8] as Int64?).map { Timestamp(milliseconds: $0) }
            )
        }
    }
}

/// Rows of event types.
private enum EventTypeRow {
    static func fetch(_ db: StoreDatabase, _ conditions: Conditions, _ rest: String) throws -> [EventType] {
        let sql = """
            SELECT name, description, archived, deprecated, schemas, family, feature_flags, created_at, updated_at
            FROM webhooks_event_types \(conditions.clause) \(rest)
            """
        return try Row.fetchAll(db, sql: sql, arguments: conditions.arguments).map { row in
            EventType(
                name: row[0],
                description: row[1],
                isArchived: row[2],
                isDeprecated: row[3],
                schemas: row[4],
                group: row[5],
                featureFlags: row[6],
                createdAt: Timestamp(milliseconds: row[7]),
                updatedAt: Timestamp(milliseconds: row[8])
            )
        }
    }
}
