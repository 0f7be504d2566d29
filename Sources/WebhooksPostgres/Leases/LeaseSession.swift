#if PostgreSQL
    internal import Synchronization
    internal import WebhookCore

    /// The session in which a node renews its leases: a connection of its own, so that no batch and no listing holds up a
    /// heartbeat. Confined to its worker's thread.
    final class LeaseSession {
        private let target: PostgresTarget
        private let isClosed: @Sendable () -> Bool
        private var session: PostgresWriter?
        /// Tells whether another node was alive at the last round, for any thread.
        let hasOthers = Atomic(false)

        /// The purpose of such sessions. What they write is nothing that others would have to look for.
        static let purpose = "leases"
        /// Short: a heartbeat that takes longer is better tried again.
        private static let statementTimeout: Duration = .seconds(6)
        private static let patience: Duration = .seconds(3)
        private static let mostAttempts = 3

        init(_ target: PostgresTarget, isClosed: @escaping @Sendable () -> Bool) {
            (self.target, self.isClosed) = (target, isClosed)
        }

        func close() { session?.close() }

        /// Holds a round, tried again at once where it met another node's or a connection that was lost long ago.
        func hold(_ round: LeaseRound) -> Result<LeaseRoundResult, StoreError> {
            var attempts = 1
            while true {
                do {
                    let result = try held(round)
                    let process = round.node.id.process
                    let hasOthers = result.nodes.contains { $0.record.id.process != process }
                    self.hasOthers.store(hasOthers, ordering: .relaxed)
                    return .success(result)
                } catch let failure as PostgresFailure
                    where (failure.isCollision || failure.isConnectionLost) && attempts < Self.mostAttempts
                {
                    attempts += 1
                } catch {
                    return .failure(StoreError(error, target))
                }
            }
        }

        private func connected() throws -> PostgresWriter {
            if let session { return session }
            let connection = try PostgresConnection(target, isWriter: true, statementTimeout: Self.statementTimeout)
            let fresh = try PostgresWriter(connection, role: .writer, purpose: Self.purpose, isClosed: isClosed)
            fresh.statementTimeout = Self.statementTimeout
            session = fresh
            return fresh
        }

        private func held(_ round: LeaseRound) throws -> LeaseRoundResult {
            let answer = Answer()
            let session = try connected()
            return try session.transaction(.changes, patience: Self.patience) { pipeline in
                if round.leaves { Self.leave(round, in: &pipeline) } else { Self.renew(round, answer, in: &pipeline) }
                pipeline.add(NodeRow.all) { answer.nodes = $0.compactMap { NodeRow.read($0) } }
                if round.leaves || !round.ends.isEmpty || !round.releases.isEmpty || round.registers {
                    let notification = StoreNotification.notify(.leases, of: session)
                    pipeline.add(notification.statement, notification.parameters)
                }
                return { _ in answer.result }
            }
        }

        /// Filled while the statements' rows come in.
        private final class Answer {
            var stands = false
            var acquired: [String] = []
            var nodes: [LivingNode] = []

            var result: LeaseRoundResult {
                var result = LeaseRoundResult(stands: stands)
                result.acquired = acquired
                result.nodes = stands ? nodes : nodes.filter { $0.expiresIn > .zero }
                return result
            }
        }

        // MARK: Statements

        private static let end = Statement(
            """
            DELETE FROM nodes WHERE id IN (SELECT id FROM nodes WHERE id = ANY ($1::text[]) FOR UPDATE SKIP LOCKED)
            """
        )
        private static let leave = Statement("DELETE FROM nodes WHERE id = $1::text")
        private static let values = """
            heartbeat_at = floor(extract(epoch FROM clock_timestamp()) * 1000)::int8,
            expires_at = floor(extract(epoch FROM clock_timestamp()) * 1000)::int8 + $2::int8,
            started_at = $3::int8, host = $4::text, pid = $5::int4, configuration = $6::text, subscriptions = $7::int4,
            lag = $8::int8, configured_at = $9::int8
            """
        private static let register = Statement(
            """
            INSERT INTO nodes (id, heartbeat_at, expires_at, started_at, host, pid, configuration, subscriptions, lag, configured_at)
            SELECT $1::text, now, now + $2::int8, $3::int8, $4::text, $5::int4, $6::text, $7::int4, $8::int8, $9::int8
            FROM (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::int8 AS now) clock
            ON CONFLICT (id) DO UPDATE SET \(values)
            """
        )
        private static let renew = Statement("UPDATE nodes SET \(values) WHERE id = $1::text")
        /// A transaction that keeps a row is let go on: the row is for a later round.
        private static let bury = Statement(
            "\(NodeRow.deleteExpired(except: "$1::text")) AND EXISTS (SELECT 1 FROM nodes WHERE id = $1::text)"
        )
        private static let release = Statement(
            """
            DELETE FROM leases WHERE node = $1::text AND subscription = ANY ($2::text[])
                AND EXISTS (SELECT 1 FROM nodes WHERE id = $1::text)
            """
        )
        // Three steps, each with a view of its own: who was found to hold a lease can't change after the second, and the third
        // sees whether that node lives. In one statement, a node that has just come would look dead.
        private static let acquireNew = Statement(
            """
            INSERT INTO leases (subscription, node) SELECT name, $1::text FROM unnest($2::text[]) AS x (name)
            WHERE EXISTS (SELECT 1 FROM nodes WHERE id = $1::text) ORDER BY name ON CONFLICT (subscription) DO NOTHING
            """
        )
        private static let lockOld = Statement(
            """
            SELECT 1 FROM leases WHERE subscription = ANY ($2::text[]) AND node <> $1::text ORDER BY subscription FOR UPDATE
            """
        )
        private static let acquireFree = Statement(
            """
            UPDATE leases l SET node = $1::text
            WHERE subscription = ANY ($2::text[]) AND node <> $1::text
                AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = l.node)
                AND EXISTS (SELECT 1 FROM nodes WHERE id = $1::text)
            """
        )
        private static let held = Statement(
            """
            SELECT subscription FROM leases WHERE node = $1::text AND subscription = ANY ($2::text[])
                AND EXISTS (SELECT 1 FROM nodes WHERE id = $1::text)
            ORDER BY subscription
            """
        )

        private static func leave(_ round: LeaseRound, in pipeline: inout Pipeline) {
            addEnds(round, to: &pipeline)
            pipeline.add(leave, [.text(round.node.id.rawValue)])
        }

        private static func addEnds(_ round: LeaseRound, to pipeline: inout Pipeline) {
            guard !round.ends.isEmpty else { return }
            pipeline.add(end, [.texts(round.ends.map(\.rawValue))])
        }

        private static func renew(_ round: LeaseRound, _ answer: Answer, in pipeline: inout Pipeline) {
            let node = round.node
            let id: Parameter = .text(node.id.rawValue)
            addEnds(round, to: &pipeline)
            pipeline.add(
                round.registers ? register : renew,
                [
                    id, .int8(round.length.wholeMilliseconds), .int8(node.startedAt.milliseconds), .text(node.host),
                    .int4(node.pid), .text(node.configuration), .int4(Int32(clamping: node.subscriptions)),
                    .int8(node.lag?.wholeMilliseconds), .int8(node.configuredAt.milliseconds),
                ]
            ) { answer.stands = $0.changedCount == 1 }
            pipeline.add(bury, [id])
            if !round.releases.isEmpty { pipeline.add(release, [id, .texts(round.releases)]) }
            guard !round.acquires.isEmpty else { return }
            let names: Parameter = .texts(round.acquires)
            for statement in [acquireNew, lockOld, acquireFree] { pipeline.add(statement, [id, names]) }
            pipeline.add(held, [id, names]) { rows in answer.acquired = rows.map { $0.text(0) } }
        }
    }

    /// A node's row.
    enum NodeRow {
        static let all = Statement(
            """
            SELECT id, host, pid, started_at, configuration, subscriptions, lag, heartbeat_at,
                expires_at - floor(extract(epoch FROM clock_timestamp()) * 1000)::int8, configured_at
            FROM nodes ORDER BY id
            """
        )

        /// Removes the rows of nodes that have expired, but for those that a transaction keeps.
        ///
        /// - Parameter id: of a row to leave alone, as a parameter.
        static func deleteExpired(except id: String) -> String {
            """
            DELETE FROM nodes WHERE id IN (
                SELECT id FROM nodes
                WHERE id <> \(id) AND expires_at <= floor(extract(epoch FROM clock_timestamp()) * 1000)::int8
                FOR UPDATE SKIP LOCKED
            )
            """
        }

        /// - Returns: `nil` for a row that no program of ours has written.
        static func read(_ row: Row) -> LivingNode? {
            guard let id = NodeID(rawValue: row.text(0)) else { return nil }
            var record = NodeRecord(
                id: id,
                host: row.text(1),
                pid: Int32(truncatingIfNeeded: row.int32(2)),
                startedAt: row.timestamp(3),
                configuration: row.text(4)
            )
            record.subscriptions = row.int32(5)
            record.configuredAt = row.timestamp(9)
            record.lag = row.optionalInt64(6).map { .milliseconds($0) }
            return LivingNode(record, heartbeatAt: row.timestamp(7), expiresIn: .milliseconds(row.int64(8)))
        }
    }
#endif
