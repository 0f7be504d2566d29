import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("A body around its event's data is stored once")
struct StoredBodyTests {
    static let data = ByteString(
        "{\"id\":101,\"name\":\"Statistics for everyone\",\"text\":\"\(String(repeating: "é", count: 60))\"}"
    )

    @Test(
        "Only what stands around the data is kept",
        arguments: [
            ("{\"data\":", "}"), ("", ""), ("", "\n"),
            ("{\"id\":101,\"name\":\"Statistics for everyone!\",\"data\":", "}"),
        ]
    )
    func split(prefix: String, suffix: String) throws {
        let stored = StoredBody(ByteString(prefix + Self.data.text + suffix), data: Self.data)
        #expect(stored.content == ByteString(prefix + suffix))
        #expect(stored.split == prefix.utf8.count)
    }

    @Test("What does not hold the data is kept whole")
    func whole() {
        let long = ByteString(String(repeating: "a", count: 200))
        for (body, data) in [
            ("{\"data\":{\"id\":101}}", Self.data), ("<data/>", Self.data), ("", Self.data),
            // A byte is missing, or another.
            (String(Self.data.text.dropLast()), Self.data), (Self.data.text.replacing("101", with: "102"), Self.data),
            // Short data.
            ("{\"data\":{\"a\":1}}", "{\"a\":1}"),
            // Data whose beginning is everywhere are not looked for everywhere.
            (String(repeating: "a", count: 150) + "b" + String(repeating: "a", count: 200), long),
        ] as [(String, ByteString)] {
            let stored = StoredBody(ByteString(body), data: data)
            #expect(stored.split == nil && stored.content == ByteString(body))
        }
        #expect(StoredBody(Self.data, data: nil).split == nil)
    }

    let folder: TemporaryFolder
    let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
    }

    private static let body = ByteString("{\"topic\":\"t\",\"data\":" + data.text + "}")

    private func new(_ deliveries: Int) -> NewDeliveries {
        let due = NewDelivery.sample(dueAt: Timestamp(milliseconds: 5))
        return NewDeliveries(bodies: [Self.body], deliveries: Array(repeating: due, count: deliveries))
    }

    private func execute(_ sql: String) throws {
        let host = try DatabaseQueue(path: folder.file())
        try host.writeWithoutTransaction { try $0.execute(sql: sql) }
        try host.close()
    }

    /// Claims every delivery.
    private func claim(_ ids: [Delivery.ID]) async throws -> StoreBatchResult {
        var batch = StoreBatch()
        batch.claims = ids.map { Claim(delivery: $0, number: 1, at: Timestamp(milliseconds: 9), needsBody: true) }
        return try await store.commit(batch).get()
    }

    private func accept() async throws -> [Delivery.ID] {
        var batch = StoreBatch()
        let instant = Timestamp(milliseconds: 5)
        let event = Event.sample("e1", data: Self.data)
        batch.acceptances = [Acceptance(event: event, createdAt: instant, deliveries: new(2))]
        guard case .stored(_, let ids)? = try await store.commit(batch).get().acceptances.first else { return [] }
        return ids
    }

    private func storedBytes() throws -> Int? {
        try store.reader.read { try Int.fetchOne($0, sql: "SELECT sum(length(content)) FROM webhooks_bodies") }
    }

    @Test("Emitted: it is sent, shown and checked as it was")
    func emitted() async throws {
        let ids = try await accept()
        #expect(try storedBytes() == Self.body.count - Self.data.count)
        #expect(try await claim(ids).claims == [.claimed(body: Self.body), .claimed(body: Self.body)])
        #expect(try await store.attempts(of: ids[1]).map(\.requestBody) == [Self.body])
        #expect(try await store.integrityProblems() == [])
    }

    @Test("Fanned out later: the same")
    func fannedOut() async throws {
        _ = try await store.append(.sample("e1", data: Self.data), target: nil)
        var batch = StoreBatch()
        batch.reads.pendingEvents = 1
        batch.reads.pendingEventsDueBy = Timestamp(milliseconds: .max)
        let row = try #require(try await store.commit(batch).get().reads.pendingEvents.first).row
        batch = StoreBatch()
        batch.fanOuts = [
            FanOut(event: row, createdAt: Timestamp(milliseconds: 5), deliveries: new(1), data: Self.data)
        ]
        guard case .stored(let ids, _)? = try await store.commit(batch).get().fanOuts.first else {
            return #expect(Bool(false), "not stored")
        }
        #expect(try storedBytes() == Self.body.count - Self.data.count)
        #expect(try await claim(ids).claims == [.claimed(body: Self.body)])
    }

    @Test(
        "Damage in the data, around them or in their place is found before anything is sent",
        arguments: [
            "UPDATE webhooks_events SET data = replace(data, '101', '102')",
            "UPDATE webhooks_bodies SET content = replace(content, 'topic', 'topix')",
            "UPDATE webhooks_bodies SET split = split + 1", "UPDATE webhooks_bodies SET split = 4000",
            "UPDATE webhooks_bodies SET split = -1", "UPDATE webhooks_bodies SET event = 4000",
        ]
    )
    func damage(sql: String) async throws {
        let ids = try await accept()
        try execute(sql.replacing("replace(", with: "CAST(replace(").replacing(/'\)$/, with: "') AS BLOB)"))
        let result = try await claim(ids)
        #expect(result.claims == [.refused, .refused])
        #expect(result.refusals.allSatisfy { $0.reason.contains("not as it was written") })
        await #expect(throws: StoreError.self) { try await store.integrityProblems() }
    }
}
