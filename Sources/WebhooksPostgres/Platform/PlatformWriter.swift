#if PostgreSQL
    internal import WebhookCore

    /// Writes what the HTTP API keeps, within a transaction that is open.
    struct PlatformWriter {
        let connection: PostgresConnection
        /// The store's.
        let identity: Int64

        func apply(_ change: PlatformChange) throws -> PlatformResult {
            switch change {
            case .insertApplication(let application): return try insert(application)
            case .updateApplication(let application): return try update(application)
            case .deleteApplication(let id, let instant): return try deleteApplication(id, at: instant)
            case .insertEventType(let type): return try insert(type)
            case .updateEventType(let type): return try update(type)
            case .removeEventType(let name):
                let removed = try run("DELETE FROM event_types WHERE name = $1::text", [.text(name)])
                return removed == 1 ? .done : .missing
            case .insertToken(let token): return try insert(token)
            case .removeToken(let digest):
                let removed = try run("DELETE FROM tokens WHERE digest = $1::bytea", [.bytes(digest)])
                return removed == 1 ? .done : .missing
            case .expireTokens(let application, let sessions, let instant):
                try run(
                    """
                    UPDATE tokens SET expires_at = $2::int8 WHERE application = $1::text AND expires_at > $2::int8
                        AND ($3::bool OR session = ANY ($4::text[]))
                    """,
                    [
                        .text(application), .int8(instant.milliseconds), .bool(sessions?.isEmpty ?? true),
                        .texts(sessions ?? []),
                    ]
                )
                return .done
            case .insertTask(let task, let most):
                if try TaskRow.open(of: task.application, connection) >= most { return .full }
                return try TaskRow.insert(task, connection)
            case .step(let claim, let step): return try TaskRow.take(step, claim, connection) ? .done : .missing
            case .forgetExpired(let answers, let tokens, let tasks):
                try run("DELETE FROM answers WHERE expires_at <= $1::int8", [.int8(answers.milliseconds)])
                try run("DELETE FROM tokens WHERE expires_at <= $1::int8", [.int8(tokens.milliseconds)])
                try run(
                    "DELETE FROM tasks WHERE state <> 'running' AND updated_at <= $1::int8",
                    [.int8(tasks.milliseconds)]
                )
                return .done
            }
        }

        /// Keeps an answer in the place of one that has expired; `false` where there is one that hasn't. Waits for a transaction
        /// that keeps an answer to the same request.
        func insert(_ answer: StoredAnswer, at instant: Timestamp) throws -> Bool {
            try run(
                """
                INSERT INTO answers (key, request, status, expires_at, body)
                VALUES ($1::bytea, $2::bytea, $3::int4, $4::int8, $5::bytea)
                ON CONFLICT (key) DO UPDATE SET request = excluded.request, status = excluded.status,
                    expires_at = excluded.expires_at, body = excluded.body
                WHERE answers.expires_at <= $6::int8
                """,
                [
                    .bytes(answer.key), .bytes(answer.request), .int4(Int32(answer.status)),
                    .int8(answer.expiresAt.milliseconds), .bytes(answer.body), .int8(instant.milliseconds),
                ]
            ) == 1
        }

        // MARK: Applications

        private func insert(_ application: Application) throws -> PlatformResult {
            let count = try run(
                """
                INSERT INTO applications (id, uid, tenant, name, throttle, metadata, created_at, updated_at, events_since)
                VALUES ($1::text, $2::text, $3::text, $4::text, $5::int4, $6::text, $7::int8, $8::int8, $9::int8)
                ON CONFLICT DO NOTHING
                """,
                [
                    .text(application.id), .text(application.uid), .text(application.tenant), .text(application.name),
                    .int4(application.throttleRate.map { Int32($0) }), .text(application.metadata),
                    .int8(application.createdAt.milliseconds), .int8(application.updatedAt.milliseconds),
                    .int8(application.eventsSince?.milliseconds),
                ]
            )
            return count == 1 ? .done : .taken
        }

        private func update(_ application: Application) throws -> PlatformResult {
            let count = try unlessTaken {
                try run(
                    """
                    UPDATE applications SET uid = $2::text, name = $3::text, throttle = $4::int4, metadata = $5::text,
                        updated_at = $6::int8
                    WHERE id = $1::text AND deleted_at IS NULL
                    """,
                    [
                        .text(application.id), .text(application.uid), .text(application.name),
                        .int4(application.throttleRate.map { Int32($0) }), .text(application.metadata),
                        .int8(application.updatedAt.milliseconds),
                    ]
                )
            }
            guard let count else { return .taken }
            return count == 1 ? .done : .missing
        }

        /// Deletes an application with its tokens and its endpoints.
        private func deleteApplication(_ id: String, at instant: Timestamp) throws -> PlatformResult {
            try run("DELETE FROM tokens WHERE application = $1::text", [.text(id)])
            let deleted = try connection.run(
                Statement(
                    """
                    UPDATE applications
                    SET uid = NULL, name = '', throttle = NULL, metadata = '{}', deleted_at = $2::int8
                    WHERE id = $1::text AND deleted_at IS NULL
                    RETURNING tenant
                    """
                ),
                [.text(id), .int8(instant.milliseconds)]
            )
            guard let application = deleted.first else { return .missing }
            let writer = SubscriptionWriter(connection: connection)
            try writer.lock(identity)
            try writer.delete(ofTenant: application.text(0), at: instant)
            return .done
        }

        // MARK: Event types and tokens

        private func insert(_ type: EventType) throws -> PlatformResult {
            let count = try run(
                """
                INSERT INTO event_types (
                    name, description, archived, deprecated, schemas, family, feature_flags, updated_at, created_at
                ) VALUES (
                    $1::text, $2::text, $3::bool, $4::bool, $5::text, $6::text, $7::text, $8::int8, $9::int8
                ) ON CONFLICT DO NOTHING
                """,
                Self.parameters(type) + [.int8(type.createdAt.milliseconds)]
            )
            return count == 1 ? .done : .taken
        }

        private func update(_ type: EventType) throws -> PlatformResult {
            let count = try run(
                """
                UPDATE event_types SET description = $2::text, archived = $3::bool, deprecated = $4::bool, schemas = $5::text,
                    family = $6::text, feature_flags = $7::text, updated_at = $8::int8
                WHERE name = $1::text
                """,
                Self.parameters(type)
            )
            return count == 1 ? .done : .missing
        }

        private static func parameters(_ type: EventType) -> [Parameter] {
            [
                .text(type.name), .text(type.description), .bool(type.isArchived), .bool(type.isDeprecated),
                .text(type.schemas), .text(type.group), .text(type.featureFlags), .int8(type.updatedAt.milliseconds),
            ]
        }

        private func insert(_ token: AccessToken) throws -> PlatformResult {
            let count = try run(
                """
                INSERT INTO tokens (digest, application, capabilities, read_only, session, expires_at)
                VALUES ($1::bytea, $2::text, $3::text, $4::bool, $5::text, $6::int8) ON CONFLICT DO NOTHING
                """,
                [
                    .bytes(token.digest), .text(token.application),
                    .text(token.capabilities?.joined(separator: ",")), .bool(token.isReadOnly), .text(token.session),
                    .int8(token.expiresAt.milliseconds),
                ]
            )
            return count == 1 ? .done : .taken
        }

        // MARK: Statements

        @discardableResult
        private func run(_ sql: String, _ parameters: [Parameter]) throws -> Int {
            try connection.run(Statement(sql), parameters).changedCount
        }

        /// Runs an update that another row may stand in the way of.
        ///
        /// - Returns: `nil` where one does.
        private func unlessTaken(_ update: () throws -> Int) throws -> Int? {
            try connection.run(.savepoint)
            do {
                let count = try update()
                try connection.run(.releaseSavepoint)
                return count
            } catch let failure as PostgresFailure where failure.isTaken {
                try connection.run(.rollbackToSavepoint)
                try connection.run(.releaseSavepoint)
                return nil
            }
        }
    }
#endif
