#if PostgreSQL
    import Foundation
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// `webhooks.emit` and `webhooks.cancel`, as clients in other languages call them.
    @Suite("Emitting in SQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct EmitFunctionTests {
        private func withStore(_ body: (PostgresConnection) throws -> Void) async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                _ = try Schema.open(connection, makes: true)
                try body(connection)
            }
        }

        /// - Parameter arguments: SQL.
        private func emit(_ connection: PostgresConnection, _ arguments: String) throws -> String {
            try connection.run(Statement("SELECT emit(\(arguments))"))[0].text(0)
        }

        private func count(_ connection: PostgresConnection, _ statement: Statement) throws -> Int {
            try connection.run(statement).count
        }

        private func refusal(_ connection: PostgresConnection, _ arguments: String) -> PostgresFailure? {
            #expect(throws: PostgresFailure.self, "\(arguments.prefix(100))") { try emit(connection, arguments) }
        }

        @Test("Keeps the data byte for byte, and says the id")
        func keepsTheBytes() async throws {
            try await withStore { (connection) throws -> Void in
                let data = #"{"b":"\u0000 \ud800 é","a":1.50,"a":1e400}"#
                let id = try emit(connection, "topic => 'course.created', data => E' \\n' || '\(data)' || E'\\t'")
                #expect(id.hasPrefix("evt_") && id.count == 30 && Event.isValidID(id))
                let row = try connection.run(
                    Statement("SELECT topic, data, tenant, occurred_given, test, deliver_at, created_at FROM events")
                )[0]
                #expect(row.text(0) == "course.created" && row.bytes(1) == ByteString(data))
                #expect(row.isNull(2) && !row.bool(3) && !row.bool(4) && row.isNull(5))
                let now = try connection.run(Statement("SELECT floor(extract(epoch FROM now()) * 1000)::int8"))[0]
                    .int64(0)
                #expect(abs(now - row.int64(6)) < 60_000)
                // Sorts by its time, as generated ids do.
                var random = SystemRandomNumberGenerator()
                #expect(id.prefix(14) == EventID.make(at: row.timestamp(6), using: &random).prefix(14))
                let waiting = try connection.run(Statement("SELECT event, due_at, place FROM pending"))
                #expect(waiting.count == 1 && waiting[0].isNull(1) && waiting[0].isNull(2))
            }
        }

        @Test("Takes times and the mark of a test")
        func takesTimes() async throws {
            try await withStore { (connection) throws -> Void in
                let times = "occurred_at => '2026-01-02 03:04:05.6789+01', deliver_at => '2999-01-01 00:00Z'"
                _ = try emit(connection, "'a', '1', 'x', 'school', \(times), test => true")
                let row = try connection.run(
                    Statement(
                        "SELECT occurred_at, occurred_given, deliver_at, test, tenant, due_at FROM events, pending"
                    )
                )[0]
                #expect(
                    row.timestamp(0) == Timestamp(rfc3339: "2026-01-02T02:04:05.678Z") && row.bool(1) && row.bool(3)
                )
                #expect(row.timestamp(2) == Timestamp(rfc3339: "2999-01-01T00:00:00Z") && row.text(4) == "school")
                #expect(row.optionalInt64(5) == row.optionalInt64(2))
            }
        }

        @Test("Refuses what an event can't be, in its words and without the data")
        func refuses() async throws {
            try await withStore { (connection) throws -> Void in
                let topic = WebhooksError.eventTopic.message
                for bad in ["'Course!'", "'a.'", "'.a'", "'a..b'", "E'a\\n'", "''", "NULL", "repeat('a', 257)", "'ä'"] {
                    let failure = refusal(connection, "\(bad), '1'")
                    #expect(failure?.state == "22023" && failure?.message == topic, "\(bad)")
                }
                for own in ["'webhooks.x'", "'webhooks.subscription.disabled'"] {
                    let failure = refusal(connection, "\(own), '1'")
                    #expect(failure?.state == "22023", "\(own)")
                    #expect(failure?.message == WebhooksError.eventTopicReserved.message, "\(own)")
                }
                for bad in ["''", "'a b'", "'ä'", "E'a\\n'", "repeat('a', 257)"] {
                    let failure = refusal(connection, "'a', '1', id => \(bad)")
                    #expect(failure?.state == "22023" && failure?.message == WebhooksError.eventID.message, "\(bad)")
                }
                for bad in ["''", "E'a\\n'", "E'\\u0085'", "E'\\x7F'", "repeat('ä', 129)"] {
                    let failure = refusal(connection, "'a', '1', tenant => \(bad)")
                    #expect(
                        failure?.state == "22023" && failure?.message == WebhooksError.eventTenant.message,
                        "\(bad)"
                    )
                }
                for bad in ["NULL", "''", "'{\"secret\":hunter2}'", "'{} {}'", "E'\"\\n\"'", "'[01]'", "'nul'"] {
                    let failure = refusal(connection, "'a', \(bad)")
                    #expect(failure?.state == "22032", "\(bad)")
                    #expect(failure?.message.hasPrefix("the data is not acceptable JSON: ") == true)
                    #expect(failure?.message.contains("hunter2") == false)
                }
                let large = refusal(connection, "'a', '\"' || repeat('x', 19999999) || '\"'")
                #expect(large?.state == "54000" && large?.message == WebhooksError.eventTooLarge.message)
                for bad in ["'infinity'", "'-infinity'", "'0001-01-01 BC'", "'10000-01-01'"] {
                    #expect(refusal(connection, "'a', '1', deliver_at => \(bad)")?.state == "22023", "\(bad)")
                }
                #expect(try count(connection, Statement("SELECT FROM events")) == 0)
            }
        }

        @Test("Bounds the depth as the parser does", arguments: [("[", "]"), (#"{"a":"#, "}"), (#"[{"\"[":"#, "}]")])
        func boundsTheDepth(open: String, close: String) async throws {
            try await withStore { (connection) throws -> Void in
                let levels = open.count { "[{".contains($0) } - (open.contains("\\") ? 1 : 0)
                func data(_ depth: Int) -> String {
                    "repeat('\(open)', \(depth / levels)) || '1' || repeat('\(close)', \(depth / levels))"
                }
                _ = try emit(connection, "'a', \(data(512))")
                for depth in [514, 40_000] {
                    let failure = refusal(connection, "'a', \(data(depth))")
                    #expect(failure?.state == "22032" && failure?.message.hasSuffix("deeper than 512 levels") == true)
                }
                // Many beside each other, and those in texts, are not deep.
                _ = try emit(connection, "'a', '[' || repeat('[],', 600) || '\"' || repeat('[', 600) || '\"]'")
            }
        }

        @Test("The same id again is the same event, and with other content an error")
        func comparesAgain() async throws {
            try await withStore { (connection) throws -> Void in
                let first = "'a', '1', id => 'x', tenant => 's', occurred_at => '2026-01-01Z'"
                for _ in 0..<2 { #expect(try emit(connection, first) == "x") }
                #expect(try emit(connection, "'a', ' 1', id => 'x', tenant => 's'") == "x")
                let failure = refusal(connection, "'b', '2', id => 'x', test => true")
                #expect(failure?.state == "23505")
                #expect(
                    failure?.message
                        == "another event with the id x and other content is stored already (its topic, data, tenant and test differ)"
                )
                let one = refusal(connection, "'a', '1', id => 'x', tenant => 's', occurred_at => '2026-01-02Z'")
                #expect(one?.message.hasSuffix("(its occurredAt differs)") == true)
                #expect(try count(connection, Statement("SELECT FROM events")) == 1)
                #expect(try count(connection, Statement("SELECT FROM pending")) == 1)
            }
        }

        @Test("An id whose event was erased stays taken, and that is what is said")
        func tellsErased() async throws {
            try await withStore { (connection) throws -> Void in
                let emitted = "'a', '1', id => 'x', tenant => 's'"
                _ = try emit(connection, emitted)
                let time = Timestamp(milliseconds: 1_767_225_600_000)
                let erase = Statement("UPDATE events SET tenant = NULL, data = $1::bytea WHERE event_id = 'x'")
                try connection.run(erase, [.bytes(Tombstone.data(at: time))])
                let failure = refusal(connection, emitted)
                #expect(failure?.state == "23505")
                let erased = try Event(topic: "a", data: Tombstone.data(at: time), id: "x")
                let again = try Event(topic: "a", data: "1", id: "x", tenant: "s")
                #expect(failure?.message == again.conflictText(erased.differences(from: again)))
                // Data that only looks like it is data.
                try connection.run(erase, [.bytes(ByteString(#"{"expunged":"yes"}"#))])
                #expect(refusal(connection, emitted)?.message.contains("other content") == true)
            }
        }

        @Test("Is for whom it was granted to, who needs nothing else, and reaches no other tables")
        func isGranted() async throws {
            try await withStore { (connection) throws -> Void in
                let schema = connection.target.schema
                let role = "\(schema.name)_emitter"
                defer { _ = try? connection.run(Statement("RESET ROLE")) }
                try connection.run(Statement("CREATE ROLE \(role)"))
                try connection.run(Statement("GRANT USAGE ON SCHEMA \(schema.quoted) TO \(role)"))
                try connection.run(Statement("SET ROLE \(role)"))
                #expect(refusal(connection, "'a', '1'")?.state == "42501")
                try connection.run(Statement("RESET ROLE"))
                try connection.run(Statement("GRANT EXECUTE ON FUNCTION emit, cancel TO \(role)"))
                try connection.run(Statement("SET ROLE \(role)"))
                // Tables of the caller's, which would come first in its own search path.
                for table in ["events", "pending"] {
                    try connection.run(Statement("CREATE TEMP TABLE \(table) (x int)"))
                }
                #expect(try emit(connection, "'a', '1', id => 'x'") == "x")
                #expect(try connection.run(Statement("SELECT cancel('x')"))[0].bool(0))
                let table = Statement("SELECT FROM \(schema.quoted).events")
                let failure = #expect(throws: PostgresFailure.self) { try connection.run(table) }
                #expect(failure?.state == "42501")
                try connection.run(Statement("RESET ROLE"))
                #expect(try count(connection, table) == 1)
                try connection.run(Statement("DROP OWNED BY \(role) CASCADE"))
                try connection.run(Statement("DROP ROLE \(role)"))
            }
        }

        @Test("Cancels what waits, what is open and what a disabling took, and no more")
        func cancels() async throws {
            try await withStore { (connection) throws -> Void in
                func cancel(_ id: String) throws -> Bool {
                    try connection.run(Statement("SELECT cancel('\(id)')"))[0].bool(0)
                }
                for id in ["waiting", "open", "under-way", "over", "disabled"] {
                    _ = try emit(connection, "'a', '1', id => '\(id)'")
                }
                #expect(try [cancel("waiting"), cancel("waiting"), cancel("nobody")] == [true, false, false])
                #expect(
                    try connection.run(Statement("SELECT FROM events WHERE cancelled AND event_id = 'waiting'")).count
                        == 1
                )
                try connection.run(Statement("DELETE FROM pending"))
                try connection.run(Statement("INSERT INTO subscriptions (name) VALUES ('crm')"))
                for (id, values) in [
                    ("open", "0, 1, 0, NULL::int8, NULL::int8, NULL::int2"), ("under-way", "2, NULL, 1, 5, NULL, NULL"),
                    ("over", "3, NULL, 1, 5, 6, NULL"), ("disabled", "6, NULL, 0, NULL, 6, 11"),
                ] {
                    try connection.run(
                        Statement(
                            """
                            INSERT INTO deliveries (event, created_at, subscription, content_type, mode, test,
                                state, due_at, attempts, claimed_at, settled_at, last_error)
                            SELECT e.id, 0, s.id, 0, 0, false, \(values)
                            FROM events e, subscriptions s WHERE event_id = '\(id)'
                            """
                        )
                    )
                }
                #expect(try [cancel("open"), cancel("open")] == [true, false])
                #expect(try [cancel("under-way"), cancel("over")] == [false, false])
                #expect(try [cancel("disabled"), cancel("disabled")] == [true, false])
                let rows = try connection.run(
                    Statement(
                        """
                        SELECT state, due_at IS NULL, cancelled_at IS NOT NULL, last_error IS NULL
                        FROM deliveries ORDER BY id
                        """
                    )
                )
                #expect(rows.map { $0.int16(0) } == [6, 2, 3, 6])
                #expect(rows.map { $0.bool(1) } == [true, true, true, true])
                #expect(rows.map { $0.bool(2) } == [false, true, false, false])
                #expect(rows.allSatisfy { $0.bool(3) })
                #expect(try connection.run(Statement("SELECT retries FROM subscriptions"))[0].int64(0) == 1)
            }
        }

        @Test("A Swift host emits by its own driver, with bindings, in its own transaction")
        func statement() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                _ = try Schema.open(connection, makes: true)
                func emit(_ event: Event) throws -> String {
                    let made = event.emitStatement(schema: target.schema.name)
                    return try connection.run(Statement(made.sql), made.bindings.map { .text($0) })[0].text(0)
                }
                let data = ByteString(#"{"it's":"\u0000 $1","n":1.50}"#)
                var event = try Event(topic: "course.created", data: data, id: "kept", tenant: "school-42")
                try connection.run(Statement("BEGIN"))
                _ = try emit(try Event(topic: "a.b", data: "1", id: "rolled-back"))
                try connection.run(Statement("ROLLBACK"))
                #expect(try [emit(event), emit(event)] == ["kept", "kept"])
                event.data = "2"
                let conflict = #expect(throws: PostgresFailure.self) { try emit(event) }
                #expect(conflict?.state == "23505")
                var later = try Event(topic: "a.b", data: "1", id: "later")
                later.deliverIn = .seconds(3600)
                _ = try emit(later)
                let rows = try connection.run(
                    Statement("SELECT event_id, data, tenant, deliver_at - created_at FROM events ORDER BY id")
                )
                #expect(rows.map { $0.text(0) } == ["kept", "later"])
                #expect(rows[0].bytes(1) == data && rows[0].text(2) == "school-42" && rows[0].isNull(3))
                #expect(abs(rows[1].int64(3) - 3_600_000) < 1000)
                #expect(event.emitStatement(schema: "a\"b").sql.hasPrefix("SELECT \"a\"\"b\".emit("))
            }
        }

        @Test("A Python backend emits within its own transactions: commit and rollback")
        func python() async throws {
            struct Seen: Decodable {
                var committed: String
                var rolledBack: String
                var refused: [String]
                var later: String
                var cancelled: [Bool]
                var courses: [String]
            }
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                _ = try Schema.open(connection, makes: true)
                let url = try #require(TestServer.url)
                let seen = try JSONDecoder().decode(Seen.self, from: Self.run("emit.py", [url, target.schema.name]))
                #expect(seen.committed == "committed" && seen.rolledBack == "rolled-back")
                #expect(seen.refused == ["22023", WebhooksError.eventTopic.message])
                #expect(seen.cancelled == [true, false])
                #expect(seen.courses == ["committed"])
                let events = try connection.run(
                    Statement("SELECT event_id, data, tenant, cancelled FROM events ORDER BY id")
                )
                #expect(events.map { $0.text(0) } == ["committed", seen.later])
                #expect(events[0].bytes(1) == ByteString(#"{"name":"Café \u0000","n":1.50}"#))
                #expect(events[0].text(2) == "school-42" && events[1].bool(3))
            }
        }

        /// Runs a script beside this file with the Python of `make setup-tests`, and gives what it prints.
        private static func run(_ script: String, _ arguments: [String]) throws -> Data {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            let python = folder.deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent(".venv/bin/python")
            try #require(FileManager.default.isExecutableFile(atPath: python.path), "no .venv: run `make setup-tests`")
            let process = Process()
            process.executableURL = python
            process.arguments = ["-I", folder.appendingPathComponent(script).path] + arguments
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let printed = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "\(script) failed: its message is above")
            return printed
        }
    }
#endif
