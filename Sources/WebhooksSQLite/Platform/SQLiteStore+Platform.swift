internal import GRDB
package import WebhookCore

extension SQLiteStore: PlatformStore {
    package func apply(
        _ changes: [PlatformChange],
        answer: StoredAnswer?
    ) async throws(StoreError) -> PlatformResult {
        let now = clock.now
        return try await write { session in
            let writer = PlatformWriter(db: session.db)
            var result = PlatformResult.done
            // What was changed before the refusal is undone; the transaction goes on without it.
            try session.db.connection.inSavepoint {
                if let answer, try !writer.insert(answer, at: now) { result = .answered }
                for change in changes where result == .done { result = try writer.apply(change) }
                return result == .done ? .commit : .rollback
            }
            return result
        }
    }

    package func answer(_ key: ByteString, at instant: Timestamp) async throws(StoreError) -> StoredAnswer? {
        try await read { db in
            let select = try PreparedStatement(
                db,
                "SELECT request, status, body, expires_at FROM webhooks_answers WHERE key = ? AND expires_at > ?"
            )
            try select.bind(key)
            try select.bind(instant)
            guard try select.next() else { return nil }
            defer { select.reset() }
            return StoredAnswer(
                key: key,
                request: select.bytes(0),
                status: select.int(1),
                body: select.bytes(2),
                expiresAt: select.timestamp(3)
            )
        }
    }

    package func token(_ digest: ByteString, at instant: Timestamp) async throws(StoreError) -> AccessToken? {
        try await read { db in
            let select = try PreparedStatement(
                db,
                """
                SELECT application, capabilities, read_only, session, expires_at FROM webhooks_tokens
                WHERE digest = ? AND expires_at > ?
                """
            )
            try select.bind(digest)
            try select.bind(instant)
            guard try select.next() else { return nil }
            defer { select.reset() }
            return AccessToken(
                digest: digest,
                application: select.text(0),
                capabilities: select.optionalText(1).map { $0.split(separator: ",").map(String.init) },
                isReadOnly: select.bool(2),
                session: select.optionalText(3),
                expiresAt: select.timestamp(4)
            )
        }
    }

    package func tasks(
        _ page: PageWalk,
        kind: String?,
        state: BackgroundTask.State?
    ) async throws(StoreError) -> [BackgroundTask] {
        try await read { db in
            var conditions = Conditions()
            conditions.add("kind = ?", kind)
            conditions.add("state = ?", state?.rawValue)
            return try TaskRow.fetch(db, page, conditions)
        }
    }

    package func task(_ id: String) async throws(StoreError) -> BackgroundTask? {
        try await read { db in
            var conditions = Conditions()
            conditions.add("id = ?", id)
            return try TaskRow.fetch(db, PageWalk(limit: 1), conditions).first
        }
    }
}

/// Rows of tasks.
private enum TaskRow {
    static func fetch(_ db: StoreDatabase, _ page: PageWalk, _ conditions: Conditions) throws -> [BackgroundTask] {
        var conditions = conditions
        conditions.walk("id", page)
        let sql = """
            SELECT id, kind, application, state, parameters, data, updated_at FROM webhooks_tasks \(conditions.clause)
            ORDER BY id \(page.isDescending ? "DESC" : "ASC") LIMIT \(page.limit)
            """
        return try Row.fetchAll(db, sql: sql, arguments: conditions.arguments).map { row in
            BackgroundTask(
                id: row[0],
                kind: row[1],
                application: row[2],
                state: BackgroundTask.State(rawValue: row[3]) ?? .failed,
                parameters: row[4],
                data: row[5],
                updatedAt: Timestamp(milliseconds: row[6])
            )
        }
    }
}

extension Conditions {
    /// Only what stands behind the start of a walk.
    mutating func walk(_ column: String, _ page: PageWalk) {
        add("\(column) \(page.isDescending ? "<" : ">") ?", page.from)
    }
}
