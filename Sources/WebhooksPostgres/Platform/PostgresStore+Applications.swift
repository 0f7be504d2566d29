#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func applications(
            _ page: PageWalk,
            _ filter: ApplicationFilter
        ) async throws(StoreError) -> [Application] {
            try await read { connection in
                var conditions = Conditions()
                conditions.add(filter)
                conditions.walk("id", page)
                let rest = "ORDER BY id \(page.order) LIMIT \(page.limit)"
                return try ApplicationRow.fetch(connection, conditions, rest)
            }
        }

        package func application(_ reference: String) async throws(StoreError) -> Application? {
            try await read { connection in
                var conditions = Conditions()
                let column = reference.hasPrefix("app_") ? "id" : "uid"
                conditions.add("\(column) = ?::text", .text(reference))
                return try ApplicationRow.fetch(connection, conditions, "").first
            }
        }

        package func tenant(_ tenant: String) async throws(StoreError) -> TenantHistory {
            try await read { connection in
                let found = try connection.run(
                    Statement(
                        """
                        SELECT EXISTS (SELECT 1 FROM applications WHERE tenant = $1::text AND deleted_at IS NULL),
                            EXISTS (SELECT 1 FROM applications WHERE tenant = $1::text AND deleted_at IS NOT NULL)
                        """
                    ),
                    [.text(tenant)]
                )
                var history = TenantHistory()
                if let row = found.first { (history.isTaken, history.wasUsed) = (row.bool(0), row.bool(1)) }
                return history
            }
        }

        package func eventTypes(_ page: PageWalk, archived: Bool) async throws(StoreError) -> [EventType] {
            try await read { connection in
                var conditions = Conditions()
                conditions.walk("name", page)
                if !archived { conditions.add("NOT archived") }
                let rest = "ORDER BY name \(page.order) LIMIT \(page.limit)"
                return try EventTypeRow.fetch(connection, conditions, rest)
            }
        }

        package func eventType(_ name: String) async throws(StoreError) -> EventType? {
            try await read { connection in
                var conditions = Conditions()
                conditions.add("name = ?::text", .text(name))
                return try EventTypeRow.fetch(connection, conditions, "").first
            }
        }
    }

    /// Rows of applications that live.
    private enum ApplicationRow {
        static func fetch(
            _ connection: PostgresConnection,
            _ conditions: Conditions,
            _ rest: String
        ) throws -> [Application] {
            var conditions = conditions
            conditions.add("deleted_at IS NULL")
            return try connection.run(
                Statement(
                    """
                    SELECT id, uid, tenant, name, throttle, metadata, created_at, updated_at, events_since
                    FROM applications \(conditions.clause) \(rest)
                    """
                ),
                conditions.parameters
            )
            .map { row in
                Application(
                    id: row.text(0),
                    uid: row.optionalText(1),
                    tenant: row.text(2),
                    name: row.text(3),
                    throttleRate: row.optionalInt(4),
                    metadata: row.text(5),
                    createdAt: row.timestamp(6),
                    updatedAt: row.timestamp(7),
                    eventsSince: row.optionalTimestamp(8)
                )
            }
        }
    }

    /// Rows of event types.
    private enum EventTypeRow {
        static func fetch(
            _ connection: PostgresConnection,
            _ conditions: Conditions,
            _ rest: String
        ) throws -> [EventType] {
            try connection.run(
                Statement(
                    """
                    SELECT name, description, archived, deprecated, schemas, family, feature_flags, created_at, updated_at
                    FROM event_types \(conditions.clause) \(rest)
                    """
                ),
                conditions.parameters
            )
            .map { row in
                EventType(
                    name: row.text(0),
                    description: row.text(1),
                    isArchived: row.bool(2),
                    isDeprecated: row.bool(3),
                    schemas: row.optionalText(4),
                    group: row.optionalText(5),
                    featureFlags: row.optionalText(6),
                    createdAt: row.timestamp(7),
                    updatedAt: row.timestamp(8)
                )
            }
        }
    }

    extension Conditions {
        /// Leaves out applications by their endpoints.
        fileprivate mutating func add(_ filter: ApplicationFilter) {
            guard !filter.isEmpty else { return }
            func exists(_ condition: String) -> String {
                """
                EXISTS (
                    SELECT 1 FROM stored_subscriptions s
                    WHERE s.tenant = applications.tenant AND s.deleted_at IS NULL\(condition)
                )
                """
            }
            let any = "(tenant = ANY (\(mark(.texts(filter.tenants.sorted())))::text[]) OR \(exists("")))"
            if filter.excludesEmpty { add(any) }
            if filter.excludesDisabled {
                let disabled = mark(.texts(filter.disabledNames.sorted()))
                let enabled = exists(" AND NOT s.disabled AND s.name <> ALL (\(disabled)::text[])")
                let tenants = mark(.texts(filter.enabledTenants.sorted()))
                add("(tenant = ANY (\(tenants)::text[]) OR \(enabled) OR NOT \(any))")
            }
        }
    }
#endif
