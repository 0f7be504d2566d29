import Foundation
import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

/// A row that is not as it was written is set aside; the others go on.
@Suite("Damage within one row")
struct DamagedRowTests {
    let folder: TemporaryFolder
    let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
    }

    /// Damages a cell as flipped bytes would.
    private func damage(_ sql: String) throws {
        let host = try DatabaseQueue(path: folder.file())
        try host.writeWithoutTransaction { try $0.execute(sql: "PRAGMA ignore_check_constraints = 1; " + sql) }
        try host.close()
    }

    private func fill(_ starts: [NewDelivery.Start]) async throws -> [Delivery.ID] {
        var batch = StoreBatch()
        batch.acceptances = starts.enumerated().map { index, start in
            let new = NewDelivery(subscription: "a", mode: .retry, body: 0, contentType: .json, start: start)
            return Acceptance(
                event: .sample("e\(index)"),
                createdAt: Timestamp(milliseconds: 5),
                deliveries: NewDeliveries(bodies: ["body \(index)"], deliveries: [new])
            )
        }
        return try await store.commit(batch).get().acceptances.flatMap { result -> [Delivery.ID] in
            if case .stored(_, let ids) = result { ids } else { [] }
        }
    }

    private func read(_ fill: (inout StoreReads) -> Void) async throws -> StoreReadResult {
        var batch = StoreBatch()
        fill(&batch.reads)
        return try await store.commit(batch).get().reads
    }

    @Test("A check names every damaged row, and erasing its event mends it")
    func checkAndErase() async throws {
        _ = try await fill(Array(repeating: .pending(dueAt: Timestamp(milliseconds: 5)), count: 4))
        try damage(
            """
            UPDATE webhooks_events SET data = x'31' WHERE id IN (1, 3);
            UPDATE webhooks_bodies SET content = x'00' WHERE id = 2;
            """
        )
        let error = await #expect(throws: StoreError.self) { try await store.integrityProblems() }
        let message = error?.message ?? ""
        #expect(error?.code == .damaged && error?.remedy == .expungeDamage)
        for row in ["event e0 is not", "event e2 is not", "body 2 of event e1 is not"] {
            #expect(message.contains(row), "\(message)")
        }
        #expect(!message.contains("e3"))
        _ = try await store.cancel(
            events: ["e0", "e1", "e2"],
            deliveries: [],
            subscription: nil,
            at: Timestamp(milliseconds: 8)
        )
        let erased = try await store.expunge(events: ["e0", "e1", "e2"], at: Timestamp(milliseconds: 9))
        #expect(erased.events == ["e0", "e1", "e2"])
        #expect(try await store.integrityProblems() == [])
        #expect(try await store.event("e3") != nil)
    }

    @Test("A check names so many damaged rows, and no more")
    func manyDamaged() async throws {
        _ = try await fill(Array(repeating: .pending(dueAt: Timestamp(milliseconds: 5)), count: DamageList.most + 5))
        try damage("UPDATE webhooks_events SET data = x'31'")
        let error = await #expect(throws: StoreError.self) { try await store.integrityProblems() }
        #expect(error?.message.contains("event e\(DamageList.most - 1) is not") == true)
        #expect(error?.message.hasSuffix(", and more") == true)
    }

    @Test("A body: its claim is refused with the reason, and the others are claimed")
    func body() async throws {
        let due = NewDelivery.Start.pending(dueAt: Timestamp(milliseconds: 5))
        let ids = try await fill([due, due, due])
        try damage("UPDATE webhooks_bodies SET content = x'00' WHERE id = 2")
        var batch = StoreBatch()
        batch.claims = ids.map { Claim(delivery: $0, number: 1, at: Timestamp(milliseconds: 9), needsBody: true) }
        let result = try await store.commit(batch).get()
        #expect(result.claims == [.claimed(body: "body 0"), .refused, .claimed(body: "body 2")])
        #expect(result.refusals.map(\.item) == [.claim(1)])
        #expect(result.refusals.first?.reason.contains("not as it was written") == true)
        #expect(try await store.delivery(ids[1])?.state == .pending)
    }

    @Test("An event that waits: it is set aside, and shown so")
    func event() async throws {
        _ = try await store.append([.sample("e1"), .sample("e2"), .sample("e3")])
        try damage("UPDATE webhooks_events SET data = x'7b' WHERE event_id = 'e2'")
        let reads = try await read {
            $0.pendingEvents = 2
            $0.pendingEventsDueBy = Timestamp(milliseconds: 9_999_999_999_999)
        }
        #expect(reads.pendingEvents.map(\.event.id) == ["e1", "e3"])
        #expect(reads.damaged.map(\.event) == ["e2"] && reads.damaged[0].isGivenUp)
        let setAside = try await store.setAsideEvents(limit: 9)
        #expect(setAside.map(\.id) == ["e2"] && setAside[0].reason.contains("not as it was written"))
        let row = try #require(reads.pendingEvents.first).row
        #expect(try await read { $0.takeovers = [row + 1, row] }.pendingEvents.map(\.event.id) == ["e1"])
    }

    @Test("The same event again: refused, and what comes with it is stored")
    func known() async throws {
        _ = try await store.append(.sample("e1"), target: nil)
        try damage("UPDATE webhooks_events SET data = x'7b' WHERE event_id = 'e1'")
        let results = try await store.append([.sample("e1"), .sample("e2")])
        guard case .refused(let reason) = results[0], case .stored = results[1] else {
            Issue.record("\(results)")
            return
        }
        #expect(reason.contains("not as it was written"))
    }

    @Test("A waiting delivery that can't be read: it has failed, and a refill brings as many as before")
    func waiting() async throws {
        let due = NewDelivery.Start.pending(dueAt: Timestamp(milliseconds: 5))
        let ids = try await fill(Array(repeating: due, count: 5))
        try damage("UPDATE webhooks_deliveries SET mode = 77 WHERE id IN (\(ids[0].rawValue), \(ids[2].rawValue))")
        let reads = try await read { $0.refills = [Refill(subscription: "a", after: nil, limit: 3)] }
        #expect(reads.refills[0].map(\.id) == [ids[1], ids[3], ids[4]])
        #expect(reads.damaged.map(\.delivery) == [ids[0], ids[2]])
        #expect(reads.damaged.map(\.event) == ["e0", "e2"] && reads.damaged[0].subscription == "a")
        try damage("UPDATE webhooks_deliveries SET mode = 0")
        let failed = try #require(try await store.delivery(ids[2]))
        #expect(failed.state == .failed && failed.lastError == .internal)
    }

    @Test("A delivery in flight that can't be read: nobody knows, and it is never sent again")
    func interrupted() async throws {
        let claimed = NewDelivery.Start.claimed(at: Timestamp(milliseconds: 5))
        let ids = try await fill([claimed, claimed])
        try damage("UPDATE webhooks_deliveries SET mode = 77 WHERE id = \(ids[0].rawValue)")
        #expect(try await read { $0.interrupted = true }.interrupted.map(\.delivery.id) == [ids[1]])
        try damage("UPDATE webhooks_deliveries SET mode = 0")
        #expect(try await store.delivery(ids[0])?.state == .unknown)
    }
}
