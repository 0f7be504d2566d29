internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func tasks(
        _ page: PageWalk,
        kind: String?,
        state: BackgroundTask.State?
    ) async throws(StoreError) -> [BackgroundTask] {
        try await read { db in
            var conditions = Conditions()
            conditions.walk("id", page)
            conditions.add("kind = ?", kind)
            conditions.add("state = ?", state?.rawValue)
            return try TaskRow.fetch(db, conditions, "ORDER BY id \(page.order) LIMIT \(page.limit)")
        }
    }

    package func task(_ id: String) async throws(StoreError) -> BackgroundTask? {
        try await read { db in
            var conditions = Conditions()
            conditions.add("id = ?", id)
            return try TaskRow.fetch(db, conditions, "").first
        }
    }

    package func claimTasks(
        of kinds: [String],
        for owner: NodeID,
        length: Duration,
        limit: Int
    ) async throws(StoreError) -> [BackgroundTask] {
        let now = clock.now
        return try await write { session in
            var conditions = Conditions()
            conditions.add("state = 'running'", values: [] as [Int])
            conditions.add("kind", oneOf: kinds)
            conditions.add("(claimed_until IS NULL OR claimed_until <= ?)", now.milliseconds)
            conditions.add("(due_at IS NULL OR due_at <= ?)", now.milliseconds)
            conditions.add(TaskRow.isFirstOfSubject, now.milliseconds)
            let claimed = TaskRow.claimed(at: now)
            conditions.add("\(claimed) < 2", values: [] as [Int])
            var found = try TaskRow.fetch(session.db, conditions, "ORDER BY \(claimed), id LIMIT \(limit)")
            for index in found.indices {
                let claim = TaskClaim(task: found[index].id, owner: owner, length: length)
                try TaskRow.claim(claim, at: now, session.db)
                found[index].attempts += 1
            }
            return found
        }
    }
}

/// Rows of tasks.
enum TaskRow {
    /// Holds for one that waits for none of its subject.
    static let isFirstOfSubject = """
        NOT EXISTS (
            SELECT 1 FROM webhooks_tasks o
            WHERE o.state = 'running' AND o.subject = webhooks_tasks.subject
                AND (o.id < webhooks_tasks.id OR o.id <> webhooks_tasks.id AND o.claimed_until > ?)
        )
        """

    static func fetch(_ db: StoreDatabase, _ conditions: Conditions, _ rest: String) throws -> [BackgroundTask] {
        let sql = """
            SELECT id, kind, application, subject, state, parameters, done, attempts, data, updated_at
            FROM webhooks_tasks \(conditions.clause) \(rest)
            """
        return try Row.fetchAll(db, sql: sql, arguments: conditions.arguments).map { row in
            var task = BackgroundTask(
                id: row[0],
                kind: row[1],
                application: row[2],
                subject: row[3],
                state: BackgroundTask.State(rawValue: row[4]) ?? .failed,
                parameters: row[5],
                done: row[6],
                data: row[8],
                updatedAt: Timestamp(milliseconds: row[9])
            )
            task.attempts = row[7]
            return task
        }
    }

    /// The number of tasks of a row's application that are claimed.
    static func claimed(at now: Timestamp) -> String {
        """
        (
            SELECT count(*) FROM webhooks_tasks o
            WHERE o.state = 'running' AND o.application = webhooks_tasks.application AND o.claimed_until > \(now.milliseconds)
        )
        """
    }

    /// The number of an application's tasks that have not ended.
    static func open(of application: String?, _ db: StoreDatabase) throws -> Int {
        let sql = "SELECT count(*) FROM webhooks_tasks WHERE state = 'running' AND application IS ?"
        return try Int.fetchOne(db, sql: sql, arguments: [application]) ?? 0
    }

    static func insert(_ task: BackgroundTask, _ db: StoreDatabase) throws -> PlatformResult {
        let sql = """
            INSERT INTO webhooks_tasks
            (id, kind, application, subject, state, parameters, done, attempts, data, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """
        try db.execute(
            sql: sql,
            arguments: [
                task.id, task.kind, task.application, task.subject, task.state.rawValue, task.parameters, task.done,
                task.attempts, task.data, task.updatedAt.milliseconds,
            ]
        )
        return db.changesCount == 1 ? .done : .taken
    }

    static func claim(_ claim: TaskClaim, at now: Timestamp, _ db: StoreDatabase) throws {
        try db.execute(
            sql: "UPDATE webhooks_tasks SET owner = ?, claimed_until = ?, attempts = attempts + 1 WHERE id = ?",
            arguments: [claim.owner.rawValue, (now + claim.length).milliseconds, claim.task]
        )
    }

    /// Takes a step of a task; `false` where the claim doesn't hold any more.
    static func take(_ step: TaskStep, _ claim: TaskClaim, at now: Timestamp, _ db: StoreDatabase) throws -> Bool {
        let (set, values): (String, [(any DatabaseValueConvertible)?]) =
            switch step {
            case .advance(let count):
                (
                    "claimed_until = ?, done = done + ?\(count > 0 ? ", attempts = 1" : "")",
                    [(now + claim.length).milliseconds, count]
                )
            case .end(let state, let data, let instant):
                (
                    "owner = NULL, claimed_until = NULL, state = ?, data = ?, updated_at = ?",
                    [state.rawValue, data, instant.milliseconds]
                )
            case .release: ("owner = NULL, claimed_until = NULL, attempts = attempts - 1", [])
            case .postpone(let delay):
                ("owner = NULL, claimed_until = NULL, due_at = ?", [(now + delay).milliseconds])
            }
        try db.execute(
            sql: "UPDATE webhooks_tasks SET \(set) WHERE id = ? AND owner = ?",
            arguments: StatementArguments(values + [claim.task, claim.owner.rawValue])
        )
        return db.changesCount == 1
    }
}
