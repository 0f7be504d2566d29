#if PostgreSQL
    internal import Glibc
    internal import Synchronization
    internal import WebhookCore

    /// The writing session of a store: a connection that is made again when it is lost, and a row that says what it has
    /// committed. Confined to its worker's thread.
    ///
    /// A connection that is lost after COMMIT was sent leaves open whether it took place. So that nobody has to guess, every
    /// transaction begins by writing its number to the session's row, on condition that the row's epoch is that of the
    /// connection. A new connection first raises the epoch: that waits for a transaction that is still under way, and makes
    /// one fail that the server has yet to begin. The number that it then finds says what was committed, for good. COMMIT
    /// itself is sent when the results of everything before are here: what was committed is known, not only that it was.
    ///
    /// The same condition stops a dispatcher that was thought dead: who takes over raises its epoch.
    final class PostgresWriter {
        let target: PostgresTarget
        let role: PostgresStore.Role
        let identity: Int64
        private(set) var connection: PostgresConnection?
        /// The session's row.
        let id: Int64
        private var epoch: Int32
        /// The number of the last transaction.
        private var last: Int64
        /// The server's process that the last connection had.
        private var backend: Int32
        private let isClosed: @Sendable () -> Bool
        /// The longest time for a statement, from the next connection on.
        var statementTimeout: Duration = .seconds(30)

        /// - Parameters:
        ///   - purpose: what it is for, in one word.
        ///   - isCopying: whether the store may be an unfinished copy.
        ///   - isClosed: whether nobody waits for a lost connection any longer.
        init(
            _ connection: PostgresConnection,
            role: PostgresStore.Role,
            purpose: String,
            isCopying: Bool = false,
            isClosed: @escaping @Sendable () -> Bool
        ) throws {
            target = connection.target
            self.role = role
            self.isClosed = isClosed
            identity = try Schema.open(connection, makes: true, isCopying: isCopying).identity
            backend = connection.backend
            (epoch, last) = (1, 0)
            self.connection = connection
            id = try Self.register(connection, role: role, purpose: purpose, identity: identity)
        }

        private static func register(
            _ connection: PostgresConnection,
            role: PostgresStore.Role,
            purpose: String,
            identity: Int64
        ) throws -> Int64 {
            try lock(connection, role, identity, previous: nil)
            let isDispatcher = [.dispatcher, .node].contains(role)
            return try connection.inTransaction {
                if isDispatcher {
                    // Whoever had the lock before has lost it, perhaps without noticing. Nodes are told by their leases.
                    try connection.run(
                        Statement("UPDATE writers SET epoch = epoch + 1 WHERE dispatcher AND NOT leased")
                    )
                }
                if role == .dispatcher { try connection.run(Statement("DELETE FROM nodes")) }
                // What ended without a word long ago.
                try connection.run(
                    Statement(
                        """
                        DELETE FROM writers w WHERE started_at < $1::int8
                            AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = w.pid)
                        """
                    ),
                    [.int8(Timestamp.now.milliseconds - 7 * 86_400_000)]
                )
                let rows = try connection.run(
                    Statement(
                        """
                        INSERT INTO writers (started_at, pid, dispatcher, host, version, process, purpose, leased)
                        VALUES ($1::int8, $2::int4, $3::bool, $4::text, $5::text, $6::int4, $7::text, $8::bool) RETURNING id
                        """
                    ),
                    [
                        .int8(Timestamp.now.milliseconds), .int4(connection.backend), .bool(isDispatcher),
                        .text(LocalHost.name), .text(ProductVersion.current), .int4(getpid()), .text(purpose),
                        .bool(role == .node),
                    ]
                )
                return rows[0].int64(0)
            }
        }

        // MARK: The dispatcher's lock

        /// Takes the lock that one dispatcher has, or all nodes share, for as long as its connection lives.
        ///
        /// - Parameter previous: our own connection's process before, which the server may not have found dead yet.
        private static func lock(
            _ connection: PostgresConnection,
            _ role: PostgresStore.Role,
            _ identity: Int64,
            previous: Int32?
        ) throws {
            guard role == .dispatcher || role == .node else { return }
            let shared = role == .node ? "_shared" : ""
            let keys: [Parameter] = [
                .int4(Schema.dispatcherLockClass), .int4(Int32(truncatingIfNeeded: identity)),
            ]
            for _ in 0..<50 {
                let rows = try connection.run(
                    Statement("SELECT pg_try_advisory_lock\(shared)($1::int4, $2::int4)"),
                    keys
                )
                if rows[0].bool(0) { return }
                let holder = try connection.run(
                    Statement(
                        """
                        SELECT l.pid, coalesce('process ' || w.process || ' on ' || w.host
                            || CASE WHEN w.purpose = 'run' THEN '' ELSE ' (`' || w.purpose || '`)' END,
                            'another program, role ' || a.usename || ', server process ' || l.pid, 'another program')
                        FROM pg_locks l
                        LEFT JOIN writers w ON w.pid = l.pid AND w.dispatcher
                        LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                        WHERE l.locktype = 'advisory' AND l.classid = $1::int4::oid AND l.granted
                            AND l.objid = $2::int4::oid AND l.objsubid = 2
                        ORDER BY w.id DESC LIMIT 1
                        """
                    ),
                    keys
                )
                guard let holder = holder.first else { continue }
                guard let previous else {
                    throw StoreError(
                        .locked,
                        "\(connection.target) is in use by another dispatcher: \(holder.text(1))"
                    )
                }
                if role == .node {
                    // A command that found nobody here while the connection was away; it is soon over.
                    throw StoreError(.unavailable, "\(connection.target) is in use for a moment by \(holder.text(1))")
                }
                guard holder.int32(0) == Int(previous) else { throw Self.takenOver(connection.target) }
                _ = try? connection.run(Statement("SELECT pg_terminate_backend($1::int4)"), [.int4(previous)])
                usleep(100_000)
            }
            throw StoreError(.locked, "\(connection.target): the server keeps the lock of a connection that is gone")
        }

        // MARK: Connecting

        /// The connection, made again where it was lost.
        func connected() throws -> PostgresConnection {
            if let connection, !connection.isLost { return connection }
            connection = nil
            let fresh = try PostgresConnection(target, isWriter: true, statementTimeout: statementTimeout)
            try Self.lock(fresh, role, identity, previous: backend)
            let opened = try Schema.open(fresh, makes: false)
            guard opened.identity == identity else {
                throw StoreError(.replaced, "\(target) has another store than before: start again on the one you mean")
            }
            // The time in which the server was away is none in which a dispatcher was silent: it gives a sign with the connection.
            let rows = try fresh.run(
                Statement(
                    """
                    UPDATE writers SET epoch = epoch + 1, pid = $2::int4,
                        alive_at = CASE WHEN alive_at IS NULL THEN NULL
                            ELSE floor(extract(epoch FROM clock_timestamp()) * 1000)::int8 END
                    WHERE id = $1::int8 AND epoch = $3::int4
                    RETURNING epoch, last
                    """
                ),
                [.int8(id), .int4(fresh.backend), .int4(epoch)]
            )
            guard let row = rows.first else { throw Self.takenOver(target) }
            epoch = Int32(row.int32(0))
            isCommitted = row.int64(1) == last
            backend = fresh.backend
            connection = fresh
            return fresh
        }

        /// True when the last transaction took place, as the connection after it has found.
        private var isCommitted = true

        private static func takenOver(_ target: PostgresTarget) -> StoreError {
            StoreError(.replaced, "another dispatcher has taken \(target) over: this one was thought dead and must end")
        }

        /// The worker's connection is of no use any more.
        func drop() { connection = nil }

        // MARK: Transactions

        /// The promise that a transaction holds on to from its beginning.
        enum Guard {
            /// It changes what is there.
            case changes
            /// It inserts deliveries: who looks for new ones, or cancels what events would bring, must know of it.
            case inserts
            /// It cancels what events would bring, and waits for those that insert.
            case excludesInserts
        }

        /// The keys of the lock that those share who insert deliveries.
        var lockKeys: [Parameter] { [.int4(Schema.lockClass), .int4(Int32(truncatingIfNeeded: identity))] }

        private static let fence = Statement(
            """
            WITH fenced AS (
                UPDATE writers SET last = $3::int8 WHERE id = $1::int8 AND epoch = $2::int4 RETURNING 1
            )
            SELECT 1 / count(*)::int4 FROM fenced
            """
        )
        private static let shareInserts = Statement("SELECT pg_advisory_xact_lock_shared($1::int4, $2::int4)")
        private static let excludeInserts = Statement("SELECT pg_advisory_xact_lock($1::int4, $2::int4)")

        /// Runs one transaction: what is pipelined in one round trip, what has to look at that first behind it, then COMMIT.
        ///
        /// - Parameters:
        ///   - patience: how long to ask for the outcome of a COMMIT whose answer was lost; `nil`: until it is known.
        ///   - news: what others are told once it is committed, asked for before that.
        ///   - prepare: fills a round trip that comes before, whose results `fill` needs.
        ///   - fill: fills the main round trip, and gives what is to be done behind it.
        /// - Throws: ``StoreError``, or ``PostgresFailure`` where nothing was changed.
        func transaction<Value>(
            _ holds: Guard,
            patience: Duration?,
            telling news: () -> [StoreHint] = { [] },
            preparing prepare: ((inout Pipeline) -> Void)? = nil,
            _ fill: (inout Pipeline) throws -> (PostgresConnection) throws -> Value
        ) throws -> Value {
            let connection = try connected()
            var pipeline = Pipeline()
            let number = last + 1
            pipeline.add(.begin)
            pipeline.add(Self.fence, [.int8(id), .int4(epoch), .int8(number)])
            switch holds {
            case .changes: break
            case .inserts: pipeline.add(Self.shareInserts, lockKeys)
            case .excludesInserts: pipeline.add(Self.excludeInserts, lockKeys)
            }
            let value: Value
            do {
                if let prepare {
                    prepare(&pipeline)
                    try runFenced(pipeline, connection)
                    var main = Pipeline()
                    let rest = try fill(&main)
                    try connection.run(main)
                    value = try rest(connection)
                } else {
                    let rest = try fill(&pipeline)
                    try runFenced(pipeline, connection)
                    value = try rest(connection)
                }
            } catch {
                rollback(connection)
                throw connection.explained(error)
            }
            last = number
            try commit(connection, telling: news(), patience: patience)
            return value
        }

        /// Runs what begins with BEGIN and the fence.
        private func runFenced(_ pipeline: Pipeline, _ connection: PostgresConnection) throws {
            do {
                try connection.run(pipeline)
            } catch let failure as PostgresFailure where failure.state == "22012" && failure.statement == 1 {
                throw Self.takenOver(target)
            }
        }

        private func rollback(_ connection: PostgresConnection) {
            if !connection.isLost { _ = try? connection.run(.rollback) }
            if connection.isLost { drop() }
        }

        // A notification takes a lock of the whole server until its transaction has ended. Within this one, others would wait
        // for its disk; behind it, in the same round trip, it waits for none, and what is lost with a crash is found by looking.
        private func commit(_ connection: PostgresConnection, telling news: [StoreHint], patience: Duration?) throws {
            do {
                let notifications = news.map { StoreNotification.notify($0, of: self) }
                let rows = try connection.run([BoundStatement(.commit)] + notifications)
                guard rows.first?.tag == "COMMIT" else {
                    throw StoreError(.unavailable, "\(target): the server rolled a transaction back without a reason")
                }
            } catch let failure as PostgresFailure {
                // It is committed, and nobody was told.
                if let statement = failure.statement, statement > 0, !connection.isLost { return }
                // One that the server answers was not committed, unless that ended the connection as well.
                guard failure.isConnectionLost || connection.isLost else {
                    rollback(connection)
                    throw failure
                }
                drop()
                try resolve(failure, patience: patience)
            }
        }

        /// Finds out whether a COMMIT took place whose answer was lost.
        ///
        /// - Throws: where it did not, or that can't be found out in time.
        private func resolve(_ failure: PostgresFailure, patience: Duration?) throws {
            let start = ContinuousClock.now
            var wait: UInt32 = 20_000
            while true {
                switch reconnected() {
                case .success(true): return
                case .success(false): throw failure
                case .failure(let error) where error.isFinal || error.code == .locked: throw error
                // The server is away; what it holds stays as it is.
                case .failure: break
                }
                let isTooLong = patience.map { ContinuousClock.now - start > $0 } ?? false
                if isTooLong || isClosed() {
                    var error = StoreError(
                        .unavailable,
                        """
                        \(target): the connection was lost during a COMMIT, and the server can't be asked whether that took \
                        place: look when it is back, or do the same again (an event's id makes that safe)
                        """
                    )
                    error.isOutcomeUnknown = true
                    throw error
                }
                usleep(wait)
                wait = min(wait * 2, 1_000_000)
            }
        }

        /// - Returns: whether the last transaction took place.
        private func reconnected() -> Result<Bool, StoreError> {
            do {
                _ = try connected()
                return .success(isCommitted)
            } catch {
                return .failure(StoreError(error, target))
            }
        }

        /// Ends the session.
        func close() {
            guard let connection, !connection.isLost else { return }
            _ = try? connection.run(Statement("DELETE FROM writers WHERE id = $1::int8"), [.int8(id)])
            // The server ends a session in its own time, and the next dispatcher may be there before.
            _ = try? connection.run(Statement("SELECT pg_advisory_unlock_all()"))
            self.connection = nil
        }
    }
#endif
