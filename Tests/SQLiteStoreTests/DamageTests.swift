import Foundation
import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Bytes flipped in the database")
struct DamageTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Fills a store and closes it.
    private func fill(_ count: Int) async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        for index in 0..<count { _ = try await store.settleOne("e\(index)") }
        try await store.indexNewRows(batchSize: count)
        store.close()
    }

    private func flip(_ file: String, _ offsets: [Int]) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for offset in offsets where offset < bytes.count { bytes[offset] ^= 0xFF }
        try bytes.write(to: URL(fileURLWithPath: file))
    }

    private func rootPage(_ name: String) throws -> Int {
        let queue = try DatabaseQueue(path: folder.file())
        defer { try? queue.close() }
        let sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        return try queue.read { try Int.fetchOne($0, sql: sql, arguments: [name]) } ?? 0
    }

    /// Opens and checks; gives the error.
    private func check(_ role: SQLiteStore.Role) async -> StoreError? {
        do throws(StoreError) {
            _ = try await SQLiteStore.open(path: folder.file(), role: role).integrityProblems()
            return nil
        } catch {
            return error
        }
    }

    @Test("In the header: nothing opens", arguments: [.dispatcher, .writer, .reader] as [SQLiteStore.Role])
    func header(_ role: SQLiteStore.Role) async throws {
        try await fill(50)
        try flip(folder.file(), Array(0..<16))
        let error = await check(role)
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(folder.file()) == true)
    }

    @Test(
        "In a tree's root: the check finds it, and who meets it stops",
        arguments: [
            "webhooks_deliveries", "webhooks_events", "webhooks_bodies", "webhooks_attempts",
            "webhooks_deliveries_event", "webhooks_deliveries_state", "webhooks_terms",
        ]
    )
    func interior(_ tree: String) async throws {
        try await fill(400)
        let page = try rootPage(tree)
        // The page's type, its number of cells and where they stand.
        try flip(folder.file(), Array((page - 1) * 4_096..<(page - 1) * 4_096 + 24))
        for role in [SQLiteStore.Role.dispatcher, .reader] {
            let error = await check(role)
            #expect(error?.code == .damaged, "\(tree)")
            #expect(error?.message.contains(folder.file()) == true)
        }
    }

    @Test("Where requests come from: they are not claimed, and nothing is told of the store but its damage")
    func claims() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        var ids: [Delivery.ID] = []
        for index in 0..<400 {
            var batch = StoreBatch()
            let start = NewDelivery.Start.pending(dueAt: Timestamp(milliseconds: 5))
            let new = NewDelivery(subscription: "a", mode: .retry, body: 0, contentType: .json, start: start)
            let deliveries = NewDeliveries(bodies: [ByteString(Array("body \(index)".utf8))], deliveries: [new])
            let instant = Timestamp(milliseconds: 5)
            batch.acceptances = [Acceptance(event: .sample("e\(index)"), createdAt: instant, deliveries: deliveries)]
            guard case .stored(_, let new)? = try await store.commit(batch).get().acceptances.first else { continue }
            ids += new
        }
        store.close()
        let page = try rootPage("webhooks_bodies")
        try flip(folder.file(), Array((page - 1) * 4_096..<(page - 1) * 4_096 + 24))
        let damaged = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        var batch = StoreBatch()
        batch.claims = [Claim(delivery: ids[7], number: 1, at: Timestamp(milliseconds: 9), needsBody: true)]
        let result = await damaged.commit(batch)
        guard case .failure(let error) = result else {
            Issue.record("claimed from a damaged store")
            return
        }
        #expect(error.code == .damaged && error.message.contains(folder.file()))
        #expect(try await damaged.delivery(ids[7])?.state == .pending)
    }

    @Test("Within a leaf's cells: the check finds it or every row still reads as it was")
    func leaf() async throws {
        try await fill(400)
        let size = try Data(contentsOf: URL(fileURLWithPath: folder.file())).count
        let pristine = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        // The header of every page but the first: type, first free block, number of cells.
        for page in stride(from: 1, to: size / 4_096, by: 5) {
            try flip(folder.file(), Array(page * 4_096..<page * 4_096 + 8))
            #expect(await check(.reader)?.code == .damaged, "page \(page + 1)")
            try pristine.write(to: URL(fileURLWithPath: folder.file()))
        }
        #expect(await check(.reader) == nil)
    }

    @Test(
        "In what a cell holds, where SQLite sees nothing",
        arguments: ["a body to send", "some-data", "https://x.example/"]
    )
    func contents(_ text: String) async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        var batch = StoreBatch()
        let instant = Timestamp(milliseconds: 5)
        let new = NewDelivery.sample(dueAt: instant)
        let deliveries = NewDeliveries(bodies: ["a body to send"], deliveries: [new])
        let event = Event.sample("e1", data: #""some-data""#)
        batch.acceptances = [Acceptance(event: event, createdAt: instant, deliveries: deliveries)]
        let id = Delivery.ID(rawValue: 1)
        batch.claims = [Claim(delivery: id, number: 1, at: instant, needsBody: false)]
        _ = try await store.commit(batch).get()
        var attempt = Attempt(
            number: 1,
            startedAt: instant,
            url: "https://y",
            requestHeaders: [HTTPHeader("Origin", "https://x.example/")],
            requestBody: .empty
        )
        (attempt.finishedAt, attempt.outcome) = (instant, .failed)
        batch = StoreBatch()
        batch.results = [
            AttemptWrite(
                delivery: id,
                attempt: attempt,
                uncountedAttempts: 0,
                interruptions: 0,
                next: .waiting(until: instant)
            )
        ]
        _ = try await store.commit(batch).get()
        #expect(await check(.reader) == nil)
        store.close()

        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        let place = try #require(bytes.range(of: Data(text.utf8)))
        try flip(folder.file(), [place.lowerBound + 3])
        #expect(await check(.reader)?.code == .damaged)
        #expect(await check(.reader)?.message.contains(folder.file()) == true)
        // What is damaged is neither sent nor shown.
        let damaged = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        batch = StoreBatch()
        batch.claims = [Claim(delivery: id, number: 2, at: instant, needsBody: true)]
        let claims = await damaged.commit(batch)
        let isBody = text == "a body to send"
        #expect(try !isBody || claims.get().claims == [.refused])
        if text == "some-data" {
            #expect(await storeError { try await damaged.event("e1") } == .damaged)
            #expect(await storeError { try await damaged.exportPage(DeliveryQuery()) } == .damaged)
        } else {
            #expect(await storeError { try await damaged.attempts(of: id) } == .damaged)
        }
    }

    @Test("In the log: what its checksums don't cover is as if it had never been written, and the rest is whole")
    func log() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        for index in 0..<20 { _ = try await store.settleOne("e\(index)") }
        try FileManager.default.copyItem(atPath: folder.file(), toPath: folder.file("copy.sqlite"))
        try FileManager.default.copyItem(atPath: folder.file() + "-wal", toPath: folder.file("copy.sqlite-wal"))
        store.close()
        let size = try Data(contentsOf: URL(fileURLWithPath: folder.file("copy.sqlite-wal"))).count
        try flip(folder.file("copy.sqlite-wal"), [size * 3 / 4])
        let copy = try SQLiteStore.open(path: folder.file("copy.sqlite"), role: .dispatcher)
        let events = try await copy.events(EventQuery())
        #expect(!events.isEmpty && events.count < 20)
        #expect(events.map(\.id) == (0..<events.count).reversed().map { "e\($0)" })
        #expect(try await copy.integrityProblems() == [])
    }
}
