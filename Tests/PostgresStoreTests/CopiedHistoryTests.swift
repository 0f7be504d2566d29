#if PostgreSQL
    import Foundation
    import GRDB
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres
    @testable import WebhooksSQLite

    /// Copies of a store with a past: every table has rows, and each of them arrives as it was.
    @Suite("Copies of a store with a past", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct CopiedHistoryTests {
        private static let instant = Timestamp(milliseconds: 1_700_000_000_000)

        @Test("Every row of every table arrives as it was, from file to file and by way of PostgreSQL")
        func everyTable() async throws {
            let folder = try CopyFolder()
            let (a, b, c) = (folder.file("a"), folder.file("b"), folder.file("c"))
            try await makeHistory(a)
            let before = try dump(a)
            // A table that is added needs rows here, and to be copied.
            let empty = before.filter { $0.value.isEmpty }.keys.sorted()
            #expect(empty.allSatisfy { $0.hasPrefix("webhooks_") && Self.filled($0) }, "\(empty)")
            try fillEmpty(a, empty)
            let full = try dump(a)
            #expect(full.allSatisfy { !$0.value.isEmpty }, "\(full.filter { $0.value.isEmpty }.keys)")
            try copy(from: .file(a), to: .file(b))
            #expect(try dump(b) == full)
            try await TestServer.withSchema { target in
                let database = try PostgresStore.open(target, role: .writer)
                database.close()
                let connection = try PostgresConnection(target, isWriter: false)
                let known = Set(try connection.copiedTables().map { "webhooks_" + $0.name })
                // What PostgreSQL has no tables for is not left behind in silence.
                let homeless = full.keys.filter { !known.contains($0) }.sorted()
                if !homeless.isEmpty {
                    let error = #expect(throws: StoreError.self) { try copy(from: .file(a), to: .database(target)) }
                    #expect(error?.code == .refused)
                    try delete(a, homeless)
                }
                let kept = full.filter { known.contains($0.key) }
                try copy(from: .file(a), to: .database(target))
                try copy(from: .database(target), to: .file(c))
                let back = try dump(c).filter { known.contains($0.key) }
                for (table, rows) in kept { #expect(back[table] == rows, "\(table)") }
            }
            let copied = try SQLiteStore.open(path: b, role: .reader)
            defer { copied.close() }
            #expect(try await copied.integrityProblems() == [])
        }

        /// The tables of the HTTP API, which are filled by their columns' types.
        private static func filled(_ table: String) -> Bool {
            StoredTable.platform.contains { "webhooks_" + $0.name == table }
        }

        // MARK: A past

        /// Attempts with everything and with hardly anything, a retry that waits, one in flight, a pause, a disabled
        /// subscription, a breaker, cancellations, an event that waits and one that was set aside.
        private func makeHistory(_ path: String) async throws {
            let lock = try DispatcherLock.acquire(path: path, role: "run")
            let store = try SQLiteStore.open(path: path, role: .dispatcher, lock: lock)
            defer {
                store.close()
                lock.release()
            }
            var ids: [Delivery.ID] = []
            for (index, name) in ["a", "b", "c"].enumerated() {
                var batch = StoreBatch()
                let new = NewDelivery(
                    subscription: name,
                    mode: index == 1 ? .singleShot : .retry,
                    body: 0,
                    contentType: .json,
                    start: .claimed(at: Self.instant)
                )
                let deliveries = NewDeliveries(bodies: [#"{"e":{"n":1},"i":\#(index)}"#], deliveries: [new])
                batch.acceptances = [
                    Acceptance(event: event("e\(index)"), createdAt: Self.instant, deliveries: deliveries)
                ]
                guard case .stored(_, let stored)? = try await commit(store, batch).acceptances.first else {
                    throw StoreError(.refused, "not stored")
                }
                ids += stored
            }
            var results = StoreBatch()
            results.results = [
                write(ids[0], full(1), .waiting(until: Self.instant + .seconds(60))),
                write(
                    ids[1],
                    Attempt(number: 1, startedAt: Self.instant, url: "", requestHeaders: [], requestBody: .empty),
                    .settled(.unknown)
                ),
            ]
            var health = SubscriptionHealth(subscription: "b", hasSucceeded: true)
            health.failingSince = Self.instant
            results.health = [health]
            _ = try await commit(store, results)
            _ = try await store.setPaused(
                SubscriptionHealth.Paused(at: Self.instant, until: Self.instant + .seconds(5)),
                subscription: "a",
                at: Self.instant
            )
            for id in ["waits", "cancelled"] {
                var batch = StoreBatch()
                batch.acceptances = [Acceptance(event: event(id), createdAt: Self.instant, deliveries: nil)]
                _ = try await commit(store, batch)
            }
            _ = try await store.cancel(events: ["cancelled"], deliveries: [], subscription: nil, at: Self.instant)
            // What waits for its fan-out is cancelled for one subscription.
            _ = try await store.cancel(events: [], deliveries: [], subscription: "c", at: Self.instant)
        }

        private func event(_ id: String) -> Event {
            Event(
                stored: id,
                topic: "course.created",
                data: #"{"n":1}"#,
                tenant: "school",
                occurredAt: Self.instant,
                occurredAtIsGiven: true,
                deliverAt: nil,
                isTest: false
            )
        }

        private func full(_ number: Int) -> Attempt {
            var attempt = Attempt(
                number: number,
                startedAt: Self.instant,
                url: "https://a.example/hook?q=***",
                requestHeaders: [HTTPHeader("A", "1"), HTTPHeader("Größe", "☃\0")],
                requestBody: .empty
            )
            attempt.finishedAt = Self.instant + .seconds(1)
            attempt.outcome = .failed
            attempt.status = 503
            attempt.error = .status
            attempt.detail = "503 \"Service Unavailable\"\0"
            attempt.duration = .milliseconds(5)
            return attempt
        }

        private func write(_ id: Delivery.ID, _ attempt: Attempt, _ next: AttemptWrite.Next) -> AttemptWrite {
            AttemptWrite(delivery: id, attempt: attempt, uncountedAttempts: 0, interruptions: 0, next: next)
        }

        private func commit(_ store: any DeliveryStore, _ batch: StoreBatch) async throws -> StoreBatchResult {
            let result = await withCheckedContinuation { continuation in
                store.commit(batch) { continuation.resume(returning: $0) }
            }
            return try result.get()
        }

        // MARK: Tables

        /// The rows of every table of a store, as text; without what a copy numbers for itself.
        private func dump(_ path: String) throws -> [String: [String]] {
            try DatabaseQueue(path: path).read { db in
                let names = try String.fetchAll(
                    db,
                    sql: """
                        SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'webhooks\\_%' ESCAPE '\\'
                            AND name NOT IN ('webhooks_schema', 'webhooks_terms', 'webhooks_clock_steps')
                        """
                )
                var dump: [String: [String]] = [:]
                for name in names {
                    let own = ["webhooks_deliveries": "body indexed", "webhooks_bodies": "id"][name] ?? ""
                    let columns = try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info('\(name)')")
                        .filter { !own.split(separator: " ").contains(Substring($0)) }
                        .map { "quote(t.\($0))" }
                    let body = name == "webhooks_deliveries" ? ["quote(b.content)"] : []
                    let join = body.isEmpty ? "" : " LEFT JOIN webhooks_bodies b ON b.id = t.body"
                    let row = (columns.sorted() + body).joined(separator: " || ',' || ")
                    dump[name] = try String.fetchAll(db, sql: "SELECT \(row) FROM \(name) t\(join) ORDER BY 1")
                }
                return dump
            }
        }

        /// Puts rows into tables by the types of their columns.
        private func fillEmpty(_ path: String, _ tables: [String]) throws {
            try DatabaseQueue(path: path).write { db in
                for table in tables {
                    let columns = try Row.fetchAll(db, sql: "SELECT name, type FROM pragma_table_info('\(table)')")
                    for number in 0...1 {
                        let values = columns.map { column -> String in
                            let (name, type): (String, String) = (column[0], column[1])
                            if name == "state" { return "'running'" }
                            // A deleted row has none of these.
                            if name == "deleted_at" { return "NULL" }
                            // A claim isn't copied.
                            if ["owner", "claimed_until"].contains(name) { return "NULL" }
                            // One subscription has no credentials.
                            if number == 1, name.hasPrefix("credentials") { return "NULL" }
                            return switch type {
                            case "TEXT": "'\(name) ☃ \(number)'"
                            case "BLOB": "x'00ff0\(number)'"
                            default: "\(number)"
                            }
                        }
                        let names = columns.map { $0[0] as String }.joined(separator: ", ")
                        try db.execute(
                            sql: "INSERT INTO \(table) (\(names)) VALUES (\(values.joined(separator: ", ")))"
                        )
                    }
                }
            }
        }

        private func delete(_ path: String, _ tables: [String]) throws {
            try DatabaseQueue(path: path).write { db in
                for table in tables { try db.execute(sql: "DELETE FROM \(table)") }
            }
        }

        private func copy(from source: CopyPlace, to target: CopyPlace) throws {
            let from = try source.source()
            defer { from.close() }
            let to = try target.target()
            defer { to.close() }
            _ = try StoreCopy(from: from, to: to, limit: PageLimit(rows: 2, bytes: 200)).run()
        }
    }
#endif
