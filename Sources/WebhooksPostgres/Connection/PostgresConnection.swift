#if PostgreSQL
    internal import CWebhooksPostgres
    internal import Glibc
    internal import WebhookCore

    /// A connection, used by one thread alone. It blocks that thread, and every wait has an end.
    ///
    /// Always in libpq's pipeline mode: what is run together goes to the server at once, and comes back at once. A statement is
    /// prepared the first time, in the same round trip.
    final class PostgresConnection {
        let target: PostgresTarget
        /// The server's process, to be recognised by when the connection is gone and that lives on.
        let backend: Int32
        let raw: OpaquePointer
        /// True when the server doesn't wait for its disk: what it acknowledges may be lost with the power.
        private(set) var isFsyncOff = false
        /// Lives as long as the connection, which calls it.
        private let notices: NoticeReceiver?
        private var prepared: [Statement: String] = [:]
        private var preparedCount = 0
        /// Statements that other programs' poolers would mix up have names that begin so.
        private static let prefix = "webhooks_"

        /// The longest time in which the server sends nothing. Its own limit for a statement is shorter.
        private let silence: Duration

        deinit { PQfinish(raw) }

        /// Connects, and makes the session what we rely on.
        ///
        /// - Parameters:
        ///   - isWriter: whether statements are planned for a few rows found by an index, however full the tables become before
        ///     anybody has counted them.
        ///   - statementTimeout: the longest time for a statement.
        init(_ target: PostgresTarget, isWriter: Bool, statementTimeout: Duration = .seconds(30)) throws {
            self.target = target
            silence = statementTimeout + .seconds(15)
            let raw = target.withOptions { keywords, values in PQconnectStartParams(keywords, values, 0) }
            guard let raw else { throw StoreError(.unavailable, "not enough memory for a connection to \(target)") }
            self.raw = raw
            // libpq would print what a server says beside its answers on stderr, escape sequences and all. A server can do
            // so as soon as it is connected, so this comes before it is listened to. The reset begins the connection from
            // the start, with libpq's limit of time for each host, which polling would not have.
            PQsetNoticeProcessor(raw, { _, _ in }, nil)
            notices = target.onNotice.map(NoticeReceiver.init)
            notices?.attach(to: raw)
            if PQstatus(raw) != CONNECTION_BAD { PQreset(raw) }
            backend = PQbackendPID(raw)
            guard PQstatus(raw) == CONNECTION_OK else { throw StoreError(connecting: Self.message(raw), target) }
            let version = PQserverVersion(raw)
            guard version >= 130_000 else {
                throw StoreError(
                    .unavailable,
                    "\(target) is PostgreSQL \(version / 10_000), and the store needs 13 or newer: upgrade the server"
                )
            }
            guard PQsetnonblocking(raw, 1) == 0, PQenterPipelineMode(raw) == 1 else {
                throw StoreError(.unavailable, "\(target): the connection can't be used: \(Self.message(raw))")
            }
            try setUp(isWriter: isWriter, statementTimeout: statementTimeout)
        }

        private func setUp(isWriter: Bool, statementTimeout: Duration) throws {
            let milliseconds = statementTimeout.wholeMilliseconds
            var settings = [
                ("search_path", "\(target.schema.quoted), pg_temp"), ("timezone", "UTC"), ("jit", "off"),
                ("statement_timeout", "\(milliseconds)"), ("lock_timeout", "\(milliseconds / 3)"),
                ("idle_in_transaction_session_timeout", "\(milliseconds)"),
                // Planned once: planning takes longer than running them.
                ("plan_cache_mode", "force_generic_plan"),
            ]
            if isWriter {
                settings += [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")]
            }
            let results = try run([
                BoundStatement(
                    Statement(
                        """
                        SELECT pg_catalog.set_config(name, value, false)
                        FROM unnest($1::text[], $2::text[]) AS settings (name, value)
                        """
                    ),
                    [.texts(settings.map(\.0)), .texts(settings.map(\.1))]
                ),
                BoundStatement(
                    Statement(
                        """
                        SELECT current_setting('synchronous_commit'), current_setting('fsync'),
                            current_setting('server_encoding')
                        """
                    )
                ),
            ])
            guard let found = results.last?.first else { return }
            isFsyncOff = found.text(1) != "on"
            guard found.text(2) == "UTF8" else {
                throw StoreError(
                    .unavailable,
                    "\(target) is no UTF8 database (it is \(Self.line(found.text(2)))): create one with ENCODING 'UTF8'"
                )
            }
            // A role or database may have turned it off. `on` and `remote_apply` stay as they are.
            if ["off", "local", "remote_write"].contains(found.text(0)) {
                try run(Statement("SET synchronous_commit = on"))
            }
        }

        /// Makes a transaction of what a closure runs.
        func inTransaction<Value>(_ body: () throws -> Value) throws -> Value {
            try run(.begin)
            do {
                let value = try body()
                try run(.commit)
                return value
            } catch {
                if !isLost { _ = try? run(.rollback) }
                throw explained(error)
            }
        }

        private static let mayUseSchema = Statement(
            "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = $1::text"
        )

        /// Tells tables that are gone from tables that the role may not see: where it has no right to the schema, the server says
        /// that there are none.
        ///
        /// - Parameter error: of a statement whose transaction has ended, as what it may mean is asked of the server.
        func explained(_ error: any Error) -> any Error {
            guard var failure = error as? PostgresFailure, failure.isSchemaMismatch, !isLost,
                PQtransactionStatus(raw) == PQTRANS_IDLE,
                let rows = try? run(Self.mayUseSchema, [.text(target.schema.name)]),
                rows.first?.bool(0) == false
            else { return error }
            failure.state = "42501"
            failure.message = "permission denied for schema \(target.schema.name)"
            return failure
        }

        /// True when it can't be used any more.
        var isLost: Bool { isAbandoned || PQstatus(raw) != CONNECTION_OK }
        /// It was given up in the middle of an exchange.
        private var isAbandoned = false

        // MARK: Running statements

        /// Runs a statement.
        @discardableResult
        func run(_ statement: Statement, _ parameters: [Parameter] = []) throws -> Rows {
            let results = try run([BoundStatement(statement, parameters)])
            guard let rows = results.first else { throw lost("no result") }
            return rows
        }

        /// Runs statements, in one round trip. Where one fails, those behind it are not run.
        ///
        /// - Throws: ``PostgresFailure``.
        @discardableResult
        func run(_ statements: [BoundStatement]) throws -> [Rows] {
            var isPreparation: [Bool] = []
            var fresh: [Statement] = []
            for bound in statements {
                let name: String
                if let known = prepared[bound.statement] {
                    name = known
                } else {
                    name = "\(Self.prefix)\(preparedCount)"
                    preparedCount += 1
                    let isSent = PQsendPrepare(raw, name, bound.statement.sql, 0, nil) == 1
                    guard isSent else { throw lost(Self.message(raw)) }
                    prepared[bound.statement] = name
                    fresh.append(bound.statement)
                    isPreparation.append(true)
                }
                try send(bound.parameters, to: name)
                isPreparation.append(false)
            }
            guard PQpipelineSync(raw) == 1 else { throw lost(Self.message(raw)) }
            do {
                return try receive(isPreparation)
            } catch {
                // One that the server refused, or never saw, is not prepared; closing it would fail where it is not.
                if let failure = error as? PostgresFailure, let failed = failure.statement {
                    forget(fresh, from: failed, in: statements)
                }
                throw error
            }
        }

        /// Forgets statements that stand at or behind a failed one: they may not have been prepared.
        private func forget(_ fresh: [Statement], from failed: Int, in statements: [BoundStatement]) {
            let unsure = Set(statements[failed...].map(\.statement)).subtracting(statements[..<failed].map(\.statement))
            for statement in fresh where unsure.contains(statement) { prepared[statement] = nil }
        }

        private func send(_ parameters: [Parameter], to name: String) throws {
            let encoded = EncodedParameters(parameters)
            let sent = encoded.bytes.withUnsafeBytes { bytes -> Int32 in
                let values = encoded.positions.map { position -> UnsafePointer<CChar>? in
                    guard let position, let base = bytes.baseAddress else { return nil }
                    return (base + position.lowerBound).assumingMemoryBound(to: CChar.self)
                }
                return PQsendQueryPrepared(
                    raw,
                    name,
                    Int32(values.count),
                    values,
                    encoded.positions.map { Int32($0?.count ?? 0) },
                    encoded.positions.map { _ in 1 },
                    1
                )
            }
            guard sent == 1 else { throw lost(Self.message(raw)) }
        }

        // MARK: Receiving

        /// Takes everything up to the synchronisation.
        ///
        /// - Parameter isPreparation: for each result, whether it is that of a preparation.
        private func receive(_ isPreparation: [Bool]) throws -> [Rows] {
            var rows: [Rows] = []
            var failure: PostgresFailure?
            var position = 0
            while true {
                try waitForResult()
                guard let result = PQgetResult(raw) else {
                    if isLost { throw failure ?? lost(Self.message(raw)) }
                    // Behind each statement.
                    continue
                }
                switch PQresultStatus(result) {
                case PGRES_PIPELINE_SYNC:
                    PQclear(result)
                    if let failure { throw failure }
                    return rows
                case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
                    if position < isPreparation.count, isPreparation[position] {
                        PQclear(result)
                    } else {
                        rows.append(Rows(result))
                    }
                    position += 1
                case PGRES_PIPELINE_ABORTED:
                    PQclear(result)
                    position += 1
                default:
                    if failure == nil { failure = self.failure(result, at: isPreparation[..<position].count { !$0 }) }
                    PQclear(result)
                    position += 1
                    if isLost { throw failure ?? lost(Self.message(raw)) }
                }
            }
        }

        /// Sends what is left to send, and waits until a result can be taken.
        private func waitForResult() throws {
            while true {
                let rest = PQflush(raw)
                guard rest >= 0 else { throw lost(Self.message(raw)) }
                guard PQisBusy(raw) == 1 else { return }
                var descriptor = pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
                guard descriptor.fd >= 0 else { throw lost(Self.message(raw)) }
                if rest == 1 { descriptor.events |= Int16(POLLOUT) }
                let ready = poll(&descriptor, 1, Int32(clamping: silence.wholeMilliseconds))
                if ready < 0, errno == EINTR { continue }
                guard ready > 0 else {
                    isAbandoned = true
                    throw lost("the server was silent for \(silence.components.seconds) s")
                }
                if descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, PQconsumeInput(raw) == 0 {
                    throw lost(Self.message(raw))
                }
            }
        }

        private func failure(_ result: OpaquePointer, at statement: Int) -> PostgresFailure {
            func field(_ code: Character) -> String? {
                guard let value = PQresultErrorField(result, Int32(code.asciiValue ?? 0)) else { return nil }
                return String(cString: value)
            }
            return PostgresFailure(
                state: field("C"),
                message: Self.line(field("M") ?? String(cString: PQresultErrorMessage(result))),
                isConnectionLost: isLost,
                statement: statement,
                constraint: field("n")
            )
        }

        func lost(_ message: String) -> PostgresFailure {
            isAbandoned = true
            return PostgresFailure(state: nil, message: message, isConnectionLost: true)
        }

        static func message(_ raw: OpaquePointer) -> String { line(String(cString: PQerrorMessage(raw))) }

        /// The most characters of a message that are shown.
        private static let longestMessage = 1_000

        /// A message as one line without control characters, and without those that turn the direction of text: a server
        /// may write what it likes.
        static func line(_ text: String) -> String {
            let words = text.prefix(4 * longestMessage).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let shown = words.unicodeScalars.filter { ![.control, .format].contains($0.properties.generalCategory) }
            let line = String(String.UnicodeScalarView(shown))
            return line.count > longestMessage ? "\(line.prefix(longestMessage))…" : line
        }
    }
#endif
