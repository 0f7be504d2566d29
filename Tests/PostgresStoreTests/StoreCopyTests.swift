#if PostgreSQL
    import Foundation
    import Synchronization
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres
    @testable import WebhooksSQLite

    /// Copies between files and the database.
    @Suite("Copies of a store", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct StoreCopyTests {
        private static let instant = Timestamp(milliseconds: 1_700_000_000_000)

        @Test("Everything reaches PostgreSQL and comes back, with its ids")
        func bothWays() async throws {
            let folder = try CopyFolder()
            try await TestServer.withSchema { target in
                let before = try await fill(folder.file("a"))
                try copy(from: .file(folder.file("a")), to: .database(target))
                let database = try PostgresStore.open(target, role: .dispatcher)
                #expect(try await contents(database) == before)
                // New rows go on behind the highest ids that there ever were.
                let accepted = try await commit(database, Self.batch("later", start: .pending(dueAt: Self.instant)))
                guard case .stored(let row, let ids)? = accepted.acceptances.first else {
                    Issue.record("not stored")
                    return
                }
                #expect(row == 5 && ids == [Delivery.ID(rawValue: 5)])
                database.close()
                try copy(from: .database(target), to: .file(folder.file("b")))
                let back = try SQLiteStore.open(path: folder.file("b"), role: .writer)
                defer { back.close() }
                let found = try await contents(back)
                #expect(found.filter { !$0.contains("later") } == before)
                #expect(found.count == before.count + 2)
                #expect(try await back.integrityProblems() == [])
            }
        }

        @Test("A copy that was stopped goes on, and can't be used before", arguments: [1, 3, 6, 11])
        func resumes(pages: Int) async throws {
            let folder = try CopyFolder()
            try await TestServer.withSchema { target in
                let before = try await fill(folder.file("a"))
                for place in [CopyPlace.database(target), .file(folder.file("b"))] {
                    var count = 0
                    #expect(throws: StoreError.self) {
                        try copy(from: .file(folder.file("a")), to: place) {
                            count += 1
                            return count > pages
                        }
                    }
                    // Neither dispatched from, nor read, nor emitted to.
                    await expectUnfinished(place)
                    try copy(from: .file(folder.file("a")), to: place)
                    let store = try place.open()
                    #expect(try await contents(store) == before)
                    store.close()
                }
            }
        }

        private func expectUnfinished(_ place: CopyPlace) async {
            let error = #expect(throws: StoreError.self) { try place.open() }
            #expect(error?.message.contains("is an unfinished copy of") == true)
            guard case .database(let target) = place else { return }
            let failure = #expect(throws: PostgresFailure.self) {
                let client = try PostgresConnection(target, isWriter: false)
                try client.run(Statement("SELECT emit(topic => 'a.b', data => '1')"))
            }
            #expect(failure?.state == "55000")
        }

        @Test("What is emitted to the source meanwhile is copied too")
        func sourceChanges() async throws {
            let folder = try CopyFolder()
            try await TestServer.withSchema { target in
                let path = folder.file("a")
                _ = try await fill(path)
                let source = try SQLiteCopySource(path: path)
                let copy = try PostgresCopyTarget(target)
                defer {
                    source.close()
                    copy.close()
                }
                let writer = try SQLiteStore.open(path: path, role: .writer)
                defer { writer.close() }
                var isEmitted = false
                let results = try StoreCopy(
                    from: source,
                    to: copy,
                    progress: { step in
                        guard step.phase == .verifying, !isEmitted else { return }
                        isEmitted = true
                        let done = DispatchSemaphore(value: 0)
                        writer.commit(Self.batch("meanwhile", start: .pending(dueAt: Self.instant))) { _ in
                            done.signal()
                        }
                        done.wait()
                    }
                )
                .run()
                #expect(isEmitted && results.first { $0.table == "events" }?.rows == 5)
            }
        }

        @Test("Refuses a store that holds something, itself, and one that a dispatcher has")
        func refusals() async throws {
            let folder = try CopyFolder()
            try await TestServer.withSchema { target in
                let (a, b) = (folder.file("a"), folder.file("b"))
                _ = try await fill(a)
                _ = try await fill(b)
                #expect(failure(from: .file(a), to: .file(b))?.code == .refused)
                let process = "another dispatcher: process \(ProcessInfo.processInfo.processIdentifier)"
                let run = try DispatcherLock.acquire(path: b, role: "run")
                let locked = failure(from: .file(b), to: .database(target))
                #expect(locked?.code == .locked && locked?.message.contains(process) == true)
                run.release()
                let dispatcher = try PostgresStore.open(target, role: .node)
                let busy = failure(from: .file(a), to: .database(target))
                #expect(busy?.code == .locked && busy?.message.contains(process) == true)
                dispatcher.close()
                let holder = try DispatcherLock.acquire(path: a, role: "copy")
                #expect(failure(from: .file(a), to: .file(folder.file("c")))?.code == .locked)
                holder.release()
            }
        }

        @Test("An unfinished copy of another store is refused, and begun again when asked")
        func restarts() async throws {
            let folder = try CopyFolder()
            let (a, b, c) = (folder.file("a"), folder.file("b"), folder.file("c"))
            let before = try await fill(a)
            _ = try await fill(b, prefix: "other")
            #expect(throws: StoreError.self) { try copy(from: .file(b), to: .file(c)) { true } }
            #expect(failure(from: .file(a), to: .file(c))?.code == .refused)
            try copy(from: .file(a), to: .file(c), restart: true)
            let store = try SQLiteStore.open(path: c, role: .reader)
            defer { store.close() }
            #expect(try await contents(store) == before)
        }

        @Test("Every table and column of both stores is copied, or known not to be")
        func completeness() async throws {
            let folder = try CopyFolder()
            try await TestServer.withSchema { target in
                _ = try await fill(folder.file("a"))
                let database = try PostgresStore.open(target, role: .writer)
                defer { database.close() }
                let connection = try PostgresConnection(target, isWriter: false)
                let columns = try connection.run(
                    Statement(
                        """
                        SELECT table_name::text || '.' || column_name::text FROM information_schema.columns
                        WHERE table_schema = $1::text AND table_name NOT IN ('meta', 'writers', 'nodes', 'leases')
                            AND (table_name, column_name) NOT IN (
                                ('pending', 'given_to'), ('tasks', 'owner'), ('tasks', 'claimed_until')
                            )
                        """
                    ),
                    [.text(target.schema.name)]
                )
                let copied = { (tables: [StoredTable]) in
                    Set(tables.flatMap { table in table.columns.map { "\(table.name).\($0.name)" } })
                }
                #expect(Set(columns.map { $0.text(0) }) == copied(try connection.copiedTables()))
                let store = try SQLiteStore.open(path: folder.file("a"), role: .reader)
                defer { store.close() }
                let found = try await store.read { db in
                    let rows = try PreparedStatement(
                        db,
                        """
                        SELECT substr(t.name, 10) || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
                        WHERE t.type = 'table' AND t.name LIKE 'webhooks_%'
                            AND t.name NOT IN ('webhooks_schema', 'webhooks_terms', 'webhooks_clock_steps')
                            AND (t.name, c.name) NOT IN (
                                ('webhooks_deliveries', 'indexed'), ('webhooks_bodies', 'id'),
                                ('webhooks_tasks', 'owner'), ('webhooks_tasks', 'claimed_until')
                            )
                        """
                    )
                    var names: Set<String> = []
                    while try rows.next() { names.insert(rows.text(0)) }
                    return names
                }
                // A body's number within its event is counted.
                let own = found.union(["bodies.number"])
                #expect(own == copied(StoredTable.all + StoredTable.platform))
            }
        }

        // MARK: Stores

        private static func batch(_ id: String, start: NewDelivery.Start) -> StoreBatch {
            let event = Event(
                stored: id,
                topic: "course.created",
                data: #"{"z":"\u0000","a":1.50}"#,
                tenant: "school",
                occurredAt: instant,
                occurredAtIsGiven: true,
                deliverAt: nil,
                isTest: false
            )
            var batch = StoreBatch()
            let new = NewDelivery(subscription: "a", mode: .singleShot, body: 0, contentType: .json, start: start)
            let other = NewDelivery(subscription: "b", mode: .retry, body: 1, contentType: .json, start: start)
            // The first has the event's data within.
            let bodies: [ByteString] = [#"{"e":{"z":"\u0000","a":1.50}}"#, "other"]
            let isPending = if case .pending = start { true } else { false }
            let deliveries = NewDeliveries(bodies: bodies, deliveries: isPending ? [new] : [new, other])
            batch.acceptances = [Acceptance(event: event, createdAt: instant, deliveries: deliveries)]
            return batch
        }

        /// Makes a store with what waits, is in flight, has settled, and waits for its fan-out; its contents.
        private func fill(_ path: String, prefix: String = "e") async throws -> [String] {
            let lock = try DispatcherLock.acquire(path: path, role: "run")
            let store = try SQLiteStore.open(path: path, role: .dispatcher, lock: lock)
            defer {
                store.close()
                lock.release()
            }
            _ = try await commit(store, Self.batch("\(prefix)-pending", start: .pending(dueAt: Self.instant)))
            _ = try await commit(store, Self.batch("\(prefix)-flight", start: .claimed(at: Self.instant)))
            let words = "template \0 ended"
            let settled = NewDelivery.Start.settled(.failed, .template, detail: words.replacing("\0", with: "-"))
            var third = Self.batch("\(prefix)-settled", start: settled)
            third.acceptances[0].deliveries?.deliveries.removeLast()
            _ = try await commit(store, third)
            var last = Self.batch("\(prefix)-unmatched", start: settled)
            last.acceptances[0].deliveries = nil
            _ = try await commit(store, last)
            return try await contents(store)
        }

        private func commit(_ store: any DeliveryStore, _ batch: StoreBatch) async throws -> StoreBatchResult {
            let result = await withCheckedContinuation { continuation in
                store.commit(batch) { continuation.resume(returning: $0) }
            }
            return try result.get()
        }

        /// Everything that the log answers, as text.
        private func contents(_ store: any WebhookStore) async throws -> [String] {
            var texts: [String] = []
            for event in try await store.events(EventQuery()) { texts.append("\(event)") }
            for delivery in try await store.deliveries(DeliveryQuery()) { texts.append("\(delivery)") }
            return texts
        }

        private func failure(from source: CopyPlace, to target: CopyPlace) -> StoreError? {
            do {
                try copy(from: source, to: target)
                return nil
            } catch {
                return error as? StoreError
            }
        }

        private func copy(
            from source: CopyPlace,
            to target: CopyPlace,
            restart: Bool = false,
            isStopped: @escaping () -> Bool = { false }
        ) throws {
            let from = try source.source()
            defer { from.close() }
            let to = try target.target()
            defer { to.close() }
            let limit = PageLimit(rows: 2, bytes: 100)
            _ = try StoreCopy(from: from, to: to, limit: limit, isStopped: isStopped).run(restart: restart)
        }
    }

    /// A place of a copy.
    enum CopyPlace {
        case file(String)
        case database(PostgresTarget)

        func source() throws -> any StoreCopySource {
            switch self {
            case .file(let path): try SQLiteCopySource(path: path)
            case .database(let target): try PostgresCopySource(target)
            }
        }

        func target() throws -> any StoreCopyTarget {
            switch self {
            case .file(let path): try SQLiteCopyTarget(path: path)
            case .database(let target): try PostgresCopyTarget(target)
            }
        }

        @discardableResult
        func open() throws -> any WebhookStore {
            switch self {
            case .file(let path): try SQLiteStore.open(path: path, role: .reader)
            case .database(let target): try PostgresStore.open(target, role: .reader)
            }
        }
    }

    /// A folder that is gone with the test.
    final class CopyFolder {
        private let path = FileManager.default.temporaryDirectory.appendingPathComponent("webhooks-copy-\(UUID())").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func file(_ name: String) -> String { "\(path)/\(name).sqlite" }
    }
#endif
