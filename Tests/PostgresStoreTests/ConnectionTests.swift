#if PostgreSQL
    import Synchronization
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    @Suite("A connection to PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct PostgresConnectionTests {
        @Test("Takes and gives values as they are")
        func valuesRoundTrip() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                let bytes = ByteString([0, 255, 10])
                let rows = try connection.run(
                    Statement(
                        """
                        SELECT a, b, c, d, e FROM unnest($1::int8[], $2::text[], $3::bytea[], $4::int2[], $5::bool[])
                            WITH ORDINALITY AS x (a, b, c, d, e, n) ORDER BY n
                        """
                    ),
                    [
                        .int8s([.min, nil]), .texts(["Größe \0☃", nil]), .byteStrings([bytes, .empty]),
                        .int2s([-1, nil]),
                        .bools([true, false]),
                    ]
                )
                #expect(rows.count == 2)
                #expect(rows[0].int64(0) == .min && rows[1].isNull(0))
                #expect(rows[0].text(1) == "Größe \u{FFFD}☃" && rows[1].optionalText(1) == nil)
                #expect(rows[0].bytes(2) == bytes && rows[1].bytes(2).isEmpty && !rows[1].isNull(2))
                #expect(rows[0].optionalInt16(3) == -1 && rows[1].optionalInt16(3) == nil)
                #expect(rows[0].bool(4) && !rows[1].bool(4))
                let array = try connection.run(Statement("SELECT ARRAY[1::int8, 2, 3], ARRAY[]::int8[]"))
                #expect(array[0].int64s(0) == [1, 2, 3])
                #expect(array[0].int64s(1) == [])
            }
        }

        @Test("Hands on what the server says beside its answers, fit to be shown")
        func notices() async throws {
            try await TestServer.withSchema { target in
                let heard = Mutex<[ServerNotice]>([])
                var target = target
                target.onNotice = { notice in heard.withLock { $0.append(notice) } }
                let connection = try PostgresConnection(target, isWriter: true)
                let text = "E'two\\nlines \\x1b[31m' || repeat('x', 10000)"
                try connection.run(
                    Statement("DO $$ BEGIN RAISE NOTICE '%', \(text); RAISE WARNING 'careful'; END $$")
                )
                let notices = heard.withLock(\.self)
                #expect(notices.map(\.severity) == ["NOTICE", "WARNING"])
                #expect(notices.map(\.state) == ["00000", "01000"])
                #expect(notices.last?.message == "careful")
                let message = try #require(notices.first?.message)
                #expect(message.hasPrefix("two lines [31mx") && message.count <= 1_001, "\(message)")
            }
        }

        @Test("Goes on after a statement that failed, those behind it not run")
        func survivesFailures() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                let failing = BoundStatement(Statement("SELECT 1 / $1::int4"), [.int4(0)])
                let behind = BoundStatement(Statement("SELECT set_config('webhooks.behind', 'yes', false)"))
                let failure = try #require(throws: PostgresFailure.self) {
                    try connection.run([BoundStatement(Statement("SELECT 1")), failing, behind])
                }
                #expect(failure.state == "22012" && failure.statement == 1 && !failure.isConnectionLost)
                #expect(try connection.run(Statement("SELECT current_setting('webhooks.behind', true)"))[0].isNull(0))
                #expect(try connection.run([behind])[0][0].text(0) == "yes")
            }
        }

        @Test("A megabyte goes both ways")
        func carriesMuch() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                let large = ByteString([UInt8](repeating: 7, count: 3_000_000))
                let echo = BoundStatement(Statement("SELECT $1::bytea"), [.bytes(large)])
                for rows in try connection.run(Array(repeating: echo, count: 5)) { #expect(rows[0].bytes(0) == large) }
            }
        }

        @Test("Commits wait for the disk, whatever a role has set")
        func commitsSynchronously() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                let setting = try connection.run(Statement("SELECT current_setting('synchronous_commit')"))
                #expect(setting[0].text(0) == "on")
            }
        }

        @Test("A description has no password, and neither has an error")
        func hidesPasswords() throws {
            let url = Secret("postgres://me:s3cret@127.0.0.1:1/db")
            let target = try PostgresTarget(url: url)
            #expect("\(target)" == "postgres://me@127.0.0.1:1/db")
            let error = try #require(throws: StoreError.self) { try PostgresConnection(target, isWriter: true) }
            #expect(error.code == .unavailable)
            #expect(error.message.contains("can't be reached") && !error.message.contains("s3cret"))
            let wrong = Secret("postgres://me:s3%zzcret@h/db")
            let broken = #expect(throws: StoreError.self) { try PostgresTarget(url: wrong) }
            #expect(broken?.message.contains("zz") == false)
        }

        @Test(
            "A URL that cuts a password in two reaches no server, and no message",
            arguments: ["postgres://u:hunter2/x@127.0.0.1:1/lms", "postgres://u:x@hunter2@127.0.0.1:1/lms"]
        )
        func refusesWhatCutsPasswords(text: String) {
            let error = #expect(throws: StoreError.self) { try PostgresTarget(url: Secret(text)) }
            #expect(error?.message.contains("%40") == true || error?.message.contains("port") == true)
            #expect(error?.message.contains("hunter2") == false)
        }

        @Test("A server's words become one short line of plain characters")
        func cleansMessages() {
            #expect(PostgresConnection.line("\u{1B}[31mred\n2026 error\u{202E}x\u{9B}") == "[31mred 2026 errorx")
            #expect(PostgresConnection.line(String(repeating: "x", count: 100_000)).count == 1_001)
        }
    }

    @Suite("The schema on PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct PostgresSchemaTests {
        @Test("Is made once, also by several at the same time")
        func isMadeOnce() async throws {
            try await TestServer.withSchema { target in
                let identities = try await withThrowingTaskGroup(of: Int64.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            let connection = try PostgresConnection(target, isWriter: true)
                            return try Schema.open(connection, makes: true).identity
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(identities.count == 1)
            }
        }

        @Test("A reader makes none")
        func readerMakesNone() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: false)
                let error = try #require(throws: StoreError.self) { try Schema.open(connection, makes: false) }
                #expect(error.code == .missing)
            }
        }

        @Test("A newer one is refused")
        func newerIsRefused() async throws {
            try await TestServer.withSchema { target in
                let connection = try PostgresConnection(target, isWriter: true)
                _ = try Schema.open(connection, makes: true)
                try connection.run(Statement("UPDATE meta SET version = 4711"))
                let error = try #require(throws: StoreError.self) { try Schema.open(connection, makes: true) }
                #expect(error.code == .newerSchema && error.message.contains("4711"))
            }
        }

        @Test("Names are checked", arguments: ["webhooks": true, "a$1": true, "": false, "A": false, "1a": false])
        func namesAreChecked(name: String, isValid: Bool) {
            #expect((SchemaName(name) != nil) == isValid)
            #expect(SchemaName("a\"; DROP TABLE x") == nil)
            #expect(SchemaName("pg_mine") == nil)
        }
    }
#endif
