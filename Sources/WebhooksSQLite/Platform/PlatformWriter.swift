internal import GRDB
internal import WebhookCore

/// Writes what the HTTP API keeps, within a transaction that is open.
struct PlatformWriter {
    let db: StoreDatabase

    /// - Parameter now: the time by the store's clock.
    func apply(_ change: PlatformChange, at now: Timestamp) throws -> PlatformResult {
        switch change {
        case .insertApplication(let application): return try insert(application)
        case .updateApplication(let application): return try update(application)
        case .deleteApplication(let id, let instant): return try deleteApplication(id, at: instant)
        case .insertEventType(let type): return try insert(type)
        case .updateEventType(let type): return try update(type)
        case .removeEventType(let name):
            return try run("DELETE FROM webhooks_event_types WHERE name = ?", [name]) == 1 ? .done : .missing
        case .insertToken(let token): return try insert(token)
        case .removeToken(let digest):
            let delete = try PreparedStatement(db, "DELETE FROM webhooks_tokens WHERE digest = ?")
            try delete.bind(digest)
            return try delete.run() == 1 ? .done : .missing
        case .expireTokens(let application, let sessions, let instant):
            var conditions = Conditions()
            conditions.add("application = ?", application)
            conditions.add("expires_at > ?", instant.milliseconds)
            conditions.add("session", oneOf: sessions ?? [])
            let sql = "UPDATE webhooks_tokens SET expires_at = \(instant.milliseconds) \(conditions.clause)"
            try db.execute(sql: sql, arguments: conditions.arguments)
            return .done
        case .insertTask(let task, let most):
            if try TaskRow.open(of: task.application, db) >= most { return .full }
            return try TaskRow.insert(task, db)
        case .step(let claim, let step): return try TaskRow.take(step, claim, at: now, db) ? .done : .missing
        case .forgetExpired(let answers, let tokens, let tasks):
            for (table, instant) in [("webhooks_answers", answers), ("webhooks_tokens", tokens)] {
                try run("DELETE FROM \(table) WHERE expires_at <= ?", [instant.milliseconds])
            }
            let ended = "DELETE FROM webhooks_tasks WHERE state <> 'running' AND updated_at <= ?"
            try run(ended, [tasks.milliseconds])
            return .done
        }
    }

    /// Keeps an answer in the place of one that has expired; `false` where there is one that hasn't.
    func insert(_ answer: StoredAnswer, at instant: Timestamp) throws -> Bool {
        let insert = try PreparedStatement(
            db,
            """
            INSERT INTO webhooks_answers (key, request, status, expires_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (key) DO UPDATE SET request = ?2, status = ?3, expires_at = ?4, body = ?5
            WHERE webhooks_answers.expires_at <= ?6
            """
        )
        try insert.bind(answer.key)
        try insert.bind(answer.request)
        try insert.bind(answer.status)
        try insert.bind(answer.expiresAt)
        try insert.bind(answer.body)
        try insert.bind(instant)
        return try insert.run() == 1
    }

    /// Deletes an application with its tokens and its endpoints.
    private func deleteApplication(_ id: String, at instant: Timestamp) throws -> PlatformResult {
        try run("DELETE FROM webhooks_tokens WHERE application = ?", [id])
        let sql = """
            UPDATE webhooks_applications
            SET uid = NULL, name = '', throttle = NULL, metadata = '{}', deleted_at = ? WHERE id = ? AND deleted_at IS NULL
            """
        guard try run(sql, [instant.milliseconds, id]) == 1 else { return .missing }
        let endpoints = try String.fetchAll(
            db,
            sql: """
                SELECT id FROM webhooks_stored_subscriptions
                WHERE tenant = (SELECT tenant FROM webhooks_applications WHERE id = ?) AND deleted_at IS NULL
                """,
            arguments: [id]
        )
        let writer = SubscriptionWriter(db: db)
        for endpoint in endpoints { _ = try writer.apply(.delete(id: endpoint, at: instant)) }
        return .done
    }

    private func insert(_ application: Application) throws -> PlatformResult {
        let sql = """
            INSERT INTO webhooks_applications
            (id, uid, tenant, name, throttle, metadata, created_at, updated_at, events_since)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """
        let count = try run(
            sql,
            [
                application.id, application.uid, application.tenant, application.name, application.throttleRate,
                application.metadata, application.createdAt.milliseconds, application.updatedAt.milliseconds,
                application.eventsSince?.milliseconds,
            ]
        )
        return count == 1 ? .done : .taken
    }

    private func update(_ application: Application) throws -> PlatformResult {
        let sql = """
            UPDATE OR IGNORE webhooks_applications SET uid = ?, name = ?, throttle = ?, metadata = ?, updated_at = ?
            WHERE id = ? AND deleted_at IS NULL
            """
        let count = try run(
            sql,
            [
                application.uid, application.name, application.throttleRate, application.metadata,
                application.updatedAt.milliseconds, application.id,
            ]
        )
        if count == 1 { return .done }
        let lives = "SELECT 1 FROM webhooks_applications WHERE id = ? AND deleted_at IS NULL"
        return try Row.fetchOne(db, sql: lives, arguments: [application.id]) == nil ? .missing : .taken
    }

    private func insert(_ type: EventType) throws -> PlatformResult {
        let sql = """
            INSERT INTO webhooks_event_types
            (name, description, archived, deprecated, schemas, family, feature_flags, created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """
        let count = try run(
            sql,
            [
                type.name, type.description, type.isArchived, type.isDeprecated, type.schemas, type.group,
                type.featureFlags, type.createdAt.milliseconds, type.updatedAt.milliseconds,
            ]
        )
        return count == 1 ? .done : .taken
    }

    private func update(_ type: EventType) throws -> PlatformResult {
        let sql = """
            UPDATE webhooks_event_types
            SET description = ?, archived = ?, deprecated = ?, schemas = ?, family = ?, feature_flags = ?, updated_at = ?
            WHERE name = ?
            """
        let count = try run(
            sql,
            [
                type.description, type.isArchived, type.isDeprecated, type.schemas, type.group, type.featureFlags,
                type.updatedAt.milliseconds, type.name,
            ]
        )
        return count == 1 ? .done : .missing
    }

    private func insert(_ token: AccessToken) throws -> PlatformResult {
        let insert = try PreparedStatement(
            db,
            """
            INSERT INTO webhooks_tokens (digest, application, capabilities, read_only, session, expires_at)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """
        )
        try insert.bind(token.digest)
        try insert.bind(token.application)
        try insert.bind(token.capabilities?.joined(separator: ","))
        try insert.bind(token.isReadOnly)
        try insert.bind(token.session)
        try insert.bind(token.expiresAt)
        return try insert.run() == 1 ? .done : .taken
    }

    @discardableResult
    private func run(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> Int {
        try db.execute(sql: sql, arguments: StatementArguments(arguments))
        return db.changesCount
    }

    /// Writes what belongs to an event as a message.
    func writer(of message: MessageRecord, at instant: Timestamp) -> MessageWriter {
        MessageWriter(db: db, message: message, instant: instant)
    }
}

/// Writes an event's side as a message, in the event's transaction.
struct MessageWriter {
    let db: StoreDatabase
    let message: MessageRecord
    let instant: Timestamp

    /// The reason for which the event must not be stored: ``MessageRecord/isAnswered``, ``MessageRecord/applicationIsGone`` or
    /// ``MessageRecord/eventIDIsTaken``.
    func refusal() throws -> [String]? {
        if let answer = message.answer {
            let known = try PreparedStatement(db, "SELECT 1 FROM webhooks_answers WHERE key = ? AND expires_at > ?")
            try known.bind(answer.key)
            try known.bind(instant)
            defer { known.reset() }
            if try known.next() { return MessageRecord.isAnswered }
        }
        if let reference = message.reference {
            let lives = try PreparedStatement(
                db,
                """
                SELECT 1 FROM webhooks_applications WHERE id = ?1 AND deleted_at IS NULL AND (id = ?2 OR uid = ?2)
                """
            )
            try lives.bind(message.application)
            try lives.bind(reference)
            defer { lives.reset() }
            guard try lives.next() else { return MessageRecord.applicationIsGone }
        }
        if let id = message.eventID {
            let taken = try PreparedStatement(
                db,
                "SELECT 1 FROM webhooks_messages WHERE application = ? AND event_id = ?"
            )
            try taken.bind(message.application)
            try taken.bind(id)
            defer { taken.reset() }
            if try taken.next() { return MessageRecord.eventIDIsTaken }
        }
        return nil
    }

    func insert(_ event: Int64) throws {
        let insert = try PreparedStatement(
            db,
            """
            INSERT INTO webhooks_messages (event, application, event_id, channels, tags, expires_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """
        )
        try insert.bind(event)
        try insert.bind(message.application)
        try insert.bind(message.eventID)
        try insert.bind(message.channels.map { MessageTerms.stored($0) })
        try insert.bind(message.tags.map { MessageTerms.stored($0) })
        try insert.bind(message.expiresAt)
        try insert.run()
        if let answer = message.answer { _ = try PlatformWriter(db: db).insert(answer, at: instant) }
    }
}
