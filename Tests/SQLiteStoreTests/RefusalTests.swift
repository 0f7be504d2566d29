import GRDB
import GRDBSQLite
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Rows that SQLite refuses")
struct RefusalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func store(_ sql: String) throws -> SQLiteStore {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let host = try DatabaseQueue(path: folder.file())
        try host.writeWithoutTransaction { try $0.execute(sql: sql) }
        try host.close()
        return store
    }

    private func acceptance(_ id: String, body: ByteString = "body", _ names: [String] = ["a", "b"]) -> Acceptance {
        let instant = Timestamp(milliseconds: 5)
        let new = names.map { name in
            NewDelivery(subscription: name, mode: .retry, body: 0, contentType: .json, start: .pending(dueAt: instant))
        }
        return Acceptance(
            event: .sample(id),
            createdAt: instant,
            deliveries: NewDeliveries(bodies: [body], deliveries: new)
        )
    }

    private func commit(_ store: SQLiteStore, _ fill: (inout StoreBatch) -> Void) async throws -> StoreBatchResult {
        var batch = StoreBatch()
        fill(&batch)
        return try await store.commit(batch).get()
    }

    @Test(
        "A trigger that refuses one delivery, however it raises: that one has failed, everything else is stored",
        arguments: ["ABORT", "FAIL", "ROLLBACK"]
    )
    func trigger(_ kind: String) async throws {
        let store = try store(
            """
            CREATE TRIGGER host BEFORE INSERT ON webhooks_deliveries
            WHEN new.body IS NOT NULL AND new.subscription = (SELECT id FROM webhooks_subscriptions WHERE name = 'b')
            BEGIN SELECT RAISE(\(kind), 'not this one'); END
            """
        )
        let result = try await commit(store) { batch in
            batch.acceptances = [acceptance("e1"), acceptance("e2", ["a", "c"])]
        }
        guard case .stored(let row, let ids) = result.acceptances[0] else {
            Issue.record("e1 is not stored: \(result.acceptances)")
            return
        }
        #expect(row == 1 && ids.count == 2)
        #expect(result.refusals.map(\.item) == [.acceptedDelivery(acceptance: 0, delivery: 1)])
        #expect(result.refusals.map(\.reason) == ["not this one"])
        let refused = try #require(try await store.delivery(ids[1]))
        #expect(refused.state == .failed && refused.lastError == .internal)
        #expect(try await store.deliveries(DeliveryQuery()).filter { $0.state == .pending }.count == 3)
        #expect(try await store.integrityProblems() == [])
    }

    @Test("A body beyond SQLite's limit fails its delivery, and an event beyond it fails alone")
    func tooBig() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        // As large as one may be, where the limit is a thousandth of the usual one.
        try await store.writer?.writeWithoutTransaction { db in
            sqliteLimit(db, bytes: 1_000_000)
        }
        let large = ByteString(Array(repeating: 120, count: 2_000_000))
        let result = try await commit(store) { batch in
            var event = acceptance("e2")
            event.event.data = large
            batch.acceptances = [acceptance("e1", body: large), event, acceptance("e3")]
        }
        guard case .stored(_, let ids) = result.acceptances[0], case .refused = result.acceptances[1],
            case .stored = result.acceptances[2]
        else {
            Issue.record("\(result.acceptances)")
            return
        }
        #expect(try await store.delivery(ids[0])?.lastError == .internal)
        #expect(try await store.deliveries(DeliveryQuery()).filter { $0.state == .pending }.count == 2)
        #expect(await storeError { try await store.append(.sample("e4", data: large), target: nil) } == .refused)
    }

    @Test("A claim, a result and a settlement that are refused leave the others alone")
    func changes() async throws {
        let store = try store(
            """
            CREATE TRIGGER host_claim BEFORE UPDATE ON webhooks_deliveries WHEN old.id = 1
            BEGIN SELECT RAISE(ABORT, 'not 1'); END;
            CREATE TRIGGER host_attempt BEFORE INSERT ON webhooks_attempts WHEN new.delivery = 2
            BEGIN SELECT RAISE(ROLLBACK, 'not 2'); END
            """
        )
        _ = try await commit(store) { batch in
            batch.acceptances = (1...4).map { acceptance("e\($0)", ["a"]) }
        }
        let instant = Timestamp(milliseconds: 9)
        func claim(_ id: Int64) -> Claim {
            Claim(delivery: Delivery.ID(rawValue: id), number: 1, at: instant, needsBody: true)
        }
        let claims = try await commit(store) { $0.claims = (1...3).map { claim($0) } }
        #expect(claims.claims == [.refused, .claimed(body: "body"), .claimed(body: "body")])
        #expect(claims.refusals == [RowRefusal(.claim(0), reason: "not 1")])
        func write(_ id: Int64) -> AttemptWrite {
            var attempt = Attempt(
                number: 1,
                startedAt: instant,
                url: "https://a.example/",
                requestHeaders: [],
                requestBody: .empty
            )
            (attempt.finishedAt, attempt.outcome) = (instant, .succeeded)
            return AttemptWrite(
                delivery: Delivery.ID(rawValue: id),
                attempt: attempt,
                uncountedAttempts: 0,
                interruptions: 0,
                next: .settled(.delivered)
            )
        }
        let results = try await commit(store) { batch in
            batch.results = [write(2), write(3)]
            batch.settlements = [
                Settlement(delivery: .init(rawValue: 1), state: .failed, error: .internal, detail: nil, at: instant)
            ]
            batch.openCancellations = [OpenCancellation(subscription: "a", limit: 5, at: instant)]
        }
        #expect(results.results == [.refused, .recorded])
        #expect(results.settlements == [false] && results.openCancellations == [1])
        #expect(
            results.refusals.map(\.item) == [
                .result(0), .settlement(0), .openCancellation(0, delivery: .init(rawValue: 1)),
            ]
        )
        let states = try await store.deliveries(DeliveryQuery()).map(\.state)
        #expect(states == [.cancelled, .delivered, .inFlight, .pending])
    }

    @Test("An event whose deliveries are refused in every form stays, to be set aside; others are fanned out")
    func fanOut() async throws {
        let store = try store(
            """
            CREATE TRIGGER host BEFORE INSERT ON webhooks_deliveries WHEN new.event = 1
            BEGIN SELECT RAISE(ABORT, 'no'); END
            """
        )
        for id in ["e1", "e2"] { _ = try await store.append(.sample(id), target: nil) }
        let new = try #require(acceptance("e").deliveries)
        let instant = Timestamp(milliseconds: 5)
        let result = try await commit(store) { batch in
            batch.fanOuts = (1...2).map { FanOut(event: $0, createdAt: instant, deliveries: new) }
        }
        guard case .refused = result.fanOuts[0], case .stored = result.fanOuts[1] else {
            Issue.record("\(result.fanOuts)")
            return
        }
        #expect(result.refusals.map(\.item).last == .fanOut(0))
        let aside = try await commit(store) { batch in
            batch.setAsides = [SetAside(event: 1, cause: .refused(reason: "no"))]
            batch.reads.pendingEvents = 5
            batch.reads.pendingEventsDueBy = Timestamp(milliseconds: .max)
        }
        #expect(aside.setAsides == [SetAsideResult(event: "e1", isSetAside: true)])
        #expect(aside.reads.pendingEvents.isEmpty && aside.reads.nextEventDue == nil)
    }

    @Test("What SQLite doesn't explain is the row's fault only where others of its kind pass")
    func unclear() async throws {
        let store = try store(
            """
            CREATE TRIGGER host BEFORE UPDATE ON webhooks_deliveries WHEN old.id IN (1, 2)
            BEGIN SELECT abs(old.id * 0 - 9223372036854775807 - 1); END
            """
        )
        _ = try await commit(store) { $0.acceptances = (1...3).map { acceptance("e\($0)", ["a"]) } }
        func claims(_ ids: ClosedRange<Int64>) -> StoreBatch {
            var batch = StoreBatch()
            let instant = Timestamp(milliseconds: 9)
            batch.claims = ids.map {
                Claim(delivery: Delivery.ID(rawValue: $0), number: 1, at: instant, needsBody: false)
            }
            return batch
        }
        guard case .failure(let error) = await store.commit(claims(1...2)) else {
            Issue.record("settled without a reason")
            return
        }
        #expect(error.code == .unavailable)
        let result = try await store.commit(claims(1...3)).get()
        #expect(result.claims == [.refused, .refused, .claimed(body: nil)])
        #expect(result.refusals.map(\.item) == [.claim(0), .claim(1)])
    }

    @Test("A full disk is nobody's fault")
    func full() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        _ = try await store.settleOne("e0")
        try await store.limitPages(true)
        let large = ByteString(Array(repeating: 120, count: 100_000))
        var batch = StoreBatch()
        batch.acceptances = [acceptance("e1"), acceptance("e2", body: large)]
        guard case .failure(let error) = await store.commit(batch) else {
            Issue.record("stored on a full disk")
            return
        }
        #expect(error.code == .full)
        #expect(try await store.events(EventQuery()).count == 1)
    }

    @Test("The mark of a rendering outlives its process, and a half-written one is none")
    func mark() throws {
        let path = folder.file()
        let first = RenderingMarkFile(storePath: path)
        #expect(first.interrupted == [])
        first.set(.fanOut(event: 7))
        first.set(nil)
        first.set(.fanOut(event: 42))
        #expect(RenderingMarkFile(storePath: path).interrupted == [42])
        first.set(nil)
        #expect(RenderingMarkFile(storePath: path).interrupted == [])
        first.close(removing: true)
        #expect(RenderingMarkFile(storePath: path).interrupted == [])
    }

    @Test("What was rendered on the engine's queue and what was beside it are told apart")
    func marks() throws {
        let path = folder.file()
        let first = RenderingMarkFile(storePath: path)
        first.set(.fanOut(event: 7), at: .beside)
        first.set(.fanOut(event: 8))
        #expect(RenderingMarkFile(storePath: path).interrupted == [8, 7])
        first.set(nil)
        #expect(RenderingMarkFile(storePath: path).interrupted == [7])
        let delivery = Delivery.ID(rawValue: 3)
        for _ in 0..<SetAside.mostEnds {
            let mark = RenderingMarkFile(storePath: path)
            #expect(mark.interrupted == [7] && mark.deadly == [])
            mark.set(.attempt(delivery))
        }
        let last = RenderingMarkFile(storePath: path)
        #expect(last.interrupted == [7] && last.deadly == [delivery])
        last.set(nil, at: .beside)
        #expect(RenderingMarkFile(storePath: path).interrupted == [])
    }

    @Test("Ends in a delivery's rendering are counted over processes, each once")
    func markOfAttempt() throws {
        let path = folder.file()
        let (one, other) = (Delivery.ID(rawValue: 7), Delivery.ID(rawValue: 8))
        for delivery in [one, other] { RenderingMarkFile(storePath: path).set(.attempt(delivery)) }
        // The second one is counted by this process, and by no other.
        for _ in 0..<3 {
            let mark = RenderingMarkFile(storePath: path)
            #expect(mark.interrupted == [] && mark.deadly == [])
        }
        RenderingMarkFile(storePath: path).set(.attempt(one))
        RenderingMarkFile(storePath: path).set(.fanOut(event: 7))
        let mark = RenderingMarkFile(storePath: path)
        #expect(mark.interrupted == [7] && mark.deadly == [one])
        mark.set(nil)
        // Many that ended a process once don't push out what others are known by for ever.
        for number in Int64(100)..<140 {
            RenderingMarkFile(storePath: path).set(.attempt(Delivery.ID(rawValue: number)))
        }
        RenderingMarkFile(storePath: path).set(.attempt(Delivery.ID(rawValue: 139)))
        let last = RenderingMarkFile(storePath: path)
        #expect(last.deadly == [Delivery.ID(rawValue: 139)])
        last.close(removing: true)
        #expect(RenderingMarkFile(storePath: path).deadly == [])
    }
}

/// Lowers SQLite's limit of a string's or a blob's size on a connection.
private func sqliteLimit(_ db: Database, bytes: Int32) {
    sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, bytes)
}
