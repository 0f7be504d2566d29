#if PostgreSQL
    package import WebhookCore

    extension PostgresStore {
        package func tasks(
            _ page: PageWalk,
            kind: String?,
            state: BackgroundTask.State?
        ) async throws(StoreError) -> [BackgroundTask] {
            try await read { connection in
                var conditions = Conditions()
                conditions.walk("id", page)
                if let kind { conditions.add("kind = ?::text", .text(kind)) }
                if let state { conditions.add("state = ?::text", .text(state.rawValue)) }
                return try TaskRow.fetch(connection, conditions, "ORDER BY id \(page.order) LIMIT \(page.limit)")
            }
        }

        package func task(_ id: String) async throws(StoreError) -> BackgroundTask? {
            try await read { connection in
                var conditions = Conditions()
                conditions.add("id = ?::text", .text(id))
                return try TaskRow.fetch(connection, conditions, "").first
            }
        }

        package func claimTasks(
            of kinds: [String],
            for owner: NodeID,
            length: Duration,
            limit: Int
        ) async throws(StoreError) -> [BackgroundTask] {
            let parameters: [Parameter] = [
                .text(owner.rawValue), .int8(length.wholeMilliseconds), .texts(kinds), .int4(Int32(clamping: limit)),
            ]
            return try await write(telling: nil) { session in
                try session.connection.run(TaskRow.claim, parameters).map { TaskRow.read($0) }.sorted { $0.id < $1.id }
            }
        }
    }

    /// Rows of tasks. Their claims go by the server's clock.
    enum TaskRow {
        private static let columns =
            "id, kind, application, subject, state, parameters, done, attempts, data, updated_at"
        private static let now = "floor(extract(epoch FROM clock_timestamp()) * 1000)::int8"

        static func fetch(
            _ connection: PostgresConnection,
            _ conditions: Conditions,
            _ rest: String
        ) throws -> [BackgroundTask] {
            let select = Statement("SELECT \(columns) FROM tasks \(conditions.clause) \(rest)")
            return try connection.run(select, conditions.parameters).map { read($0) }
        }

        static func read(_ row: Row) -> BackgroundTask {
            var task = BackgroundTask(
                id: row.text(0),
                kind: row.text(1),
                application: row.optionalText(2),
                subject: row.optionalText(3),
                state: BackgroundTask.State(rawValue: row.text(4)) ?? .failed,
                parameters: row.text(5),
                done: Int(row.int64(6)),
                data: row.text(8),
                updatedAt: row.timestamp(9)
            )
            task.attempts = Int(row.int32(7))
            return task
        }

        /// Whoever takes a step has its row until the step is on record: it is passed over. One waits for the older ones of its
        /// subject, whether they are claimed or not: so two that are claimed at the same time are never of one. It waits, too,
        /// while two of its application are claimed.
        static let claim = Statement(
            """
            WITH free AS MATERIALIZED (
                SELECT id AS free_id FROM tasks t
                WHERE state = 'running' AND kind = ANY ($3::text[]) AND coalesce(claimed_until <= \(now), true)
                    AND coalesce(due_at <= \(now), true)
                    AND NOT EXISTS (
                        SELECT 1 FROM tasks o WHERE o.state = 'running' AND o.subject = t.subject
                            AND (o.id < t.id OR o.id <> t.id AND o.claimed_until > \(now))
                    ) AND \(claimed) < 2
                ORDER BY \(claimed), id LIMIT $4::int4 FOR UPDATE SKIP LOCKED
            )
            UPDATE tasks SET owner = $1::text, claimed_until = \(now) + $2::int8, attempts = attempts + 1
            FROM free WHERE id = free_id
            RETURNING \(columns)
            """
        )

        /// The number of tasks of a row's application that are claimed.
        private static let claimed = """
            (
                SELECT count(*) FROM tasks o
                WHERE o.state = 'running' AND o.application = t.application AND o.claimed_until > \(now)
            )
            """

        /// The number of an application's tasks that have not ended.
        static func open(of application: String?, _ connection: PostgresConnection) throws -> Int {
            var conditions = Conditions()
            conditions.add("state = 'running'")
            if let application {
                conditions.add("application = ?::text", .text(application))
            } else {
                conditions.add("application IS NULL")
            }
            let count = Statement("SELECT count(*) FROM tasks \(conditions.clause)")
            return Int(try connection.run(count, conditions.parameters)[0].int64(0))
        }

        static func insert(_ task: BackgroundTask, _ connection: PostgresConnection) throws -> PlatformResult {
            let inserted = try connection.run(
                Statement(
                    """
                    INSERT INTO tasks (\(columns)) VALUES (
                        $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::int8, $8::int4, $9::text, $10::int8
                    ) ON CONFLICT DO NOTHING
                    """
                ),
                [
                    .text(task.id), .text(task.kind), .text(task.application), .text(task.subject),
                    .text(task.state.rawValue), .text(task.parameters), .int8(Int64(task.done)),
                    .int4(Int32(clamping: task.attempts)), .text(task.data), .int8(task.updatedAt.milliseconds),
                ]
            )
            return inserted.changedCount == 1 ? .done : .taken
        }

        /// Takes a step of a task, and keeps its row until the transaction has ended.
        ///
        /// - Returns: `false` where the claim doesn't hold any more.
        static func take(_ step: TaskStep, _ claim: TaskClaim, _ connection: PostgresConnection) throws -> Bool {
            let (set, values): (String, [Parameter]) =
                switch step {
                case .advance(let count):
                    (
                        "claimed_until = \(now) + $3::int8, done = done + $4::int8\(count > 0 ? ", attempts = 1" : "")",
                        [.int8(claim.length.wholeMilliseconds), .int8(Int64(count))]
                    )
                case .end(let state, let data, let instant):
                    (
                        "owner = NULL, claimed_until = NULL, state = $3::text, data = $4::text, updated_at = $5::int8",
                        [.text(state.rawValue), .text(data), .int8(instant.milliseconds)]
                    )
                case .release: ("owner = NULL, claimed_until = NULL, attempts = attempts - 1", [])
                case .postpone(let delay):
                    (
                        "owner = NULL, claimed_until = NULL, due_at = \(now) + $3::int8",
                        [.int8(delay.wholeMilliseconds)]
                    )
                }
            let update = Statement("UPDATE tasks SET \(set) WHERE id = $1::text AND owner = $2::text")
            let parameters: [Parameter] = [.text(claim.task), .text(claim.owner.rawValue)] + values
            return try connection.run(update, parameters).changedCount == 1
        }
    }
#endif
