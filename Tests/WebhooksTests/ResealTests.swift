import Foundation
import Testing
import WebhookCore
import WebhookRendering
import WebhooksSQLite

@testable import Webhooks

@Suite struct ResealTests {
    private let folder: URL
    private let store: SQLiteStore
    private let administration: WebhookAdministration
    private let old = SealingKeys.generateKey()
    private let new = SealingKeys.generateKey()
    private let stranger = SealingKeys.generateKey()
    private let time = Timestamp(milliseconds: 1_772_357_400_000)

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("reseal-\(UUID().uuidString)")
        let path = folder.appendingPathComponent("w.sqlite").path
        store = try SQLiteStore.open(path: path, role: .writer)
        administration = WebhookAdministration(try WebhookLog("sqlite:\(path)"))
    }

    /// A subscription whose secrets are sealed with a key.
    private func row(_ number: Int, _ key: Secret) throws -> StoredSubscription {
        let id = "ep_\(1000 + number)"
        var draft = SubscriptionDraft(name: id, url: "https://crm.example.com/in", topics: ["**"])
        draft.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        if number.isMultiple(of: 3) { draft.authentication = .raw(Secret("Bearer \(number)")) }
        var row = StoredSubscription(id: id, name: id, definition: "", createdAt: time, updatedAt: time)
        try SealingKeys([key]).write(draft, into: &row, at: time)
        return row
    }

    private func insert(_ rows: [StoredSubscription]) async throws {
        let result = try await store.apply(rows.map { .insert($0) }, answer: nil)
        guard case .done = result else { throw WebhooksError(.refused, "\(result)") }
    }

    private func rows() async throws -> [StoredSubscription] {
        try await store.storedSubscriptions(ofTenant: nil, PageWalk(limit: 1000))
    }

    @Test func `every secret comes under the first key, also after an interruption`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try await insert((0..<250).map { try row($0, old) } + (250..<253).map { try row($0, new) })
        let oldID = try SealingKeys([old]).currentID
        let looked = try await administration.reseal(with: [new, old], changes: false)
        #expect(looked.subscriptions == 253 && looked.left == 250 && looked.resealed == 0)
        #expect(looked.remaining == [oldID: 250] && looked.unknownKeys.isEmpty)
        let before = try await rows()
        let first = try await administration.reseal(with: [new, old]) { _ in false }
        #expect(first.resealed == 100)
        let rest = try await administration.reseal(with: [new, old])
        #expect(rest.resealed == 150 && rest.isComplete && rest.remaining.isEmpty)
        // The new key alone opens all of it, and it is what it was.
        let (keys, both) = (try SealingKeys([new]), try SealingKeys([old, new]))
        let after = try await rows()
        #expect(after.count == 253)
        for (before, after) in zip(before, after) {
            #expect(try keys.draft(of: after, at: time) == both.draft(of: before, at: time))
            #expect(after.updatedAt == before.updatedAt)
        }
        let again = try await administration.reseal(with: [new])
        #expect(again.resealed == 0 && again.isComplete)
    }

    @Test func `what no key opens is left and named`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var moved = try row(3, old)
        (moved.id, moved.name) = ("ep_9", "ep_9")
        try await insert([row(1, old), row(2, stranger), moved])
        let report = try await administration.reseal(with: [new, old])
        #expect(report.resealed == 1 && report.left == 2 && !report.isComplete)
        #expect(report.damaged == ["ep_9"])
        let strangerID = try SealingKeys([stranger]).currentID
        #expect(report.unknownKeys == [strangerID] && report.remaining[strangerID] == 1)
        let left = try await rows().filter { $0.id != "ep_1001" }
        #expect(left.map(\.version) == [2, 3], "nothing of it was written")
    }

    @Test func `without a key it is counted what is lost`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try await administration.reseal(with: []).isComplete)
        try await insert([row(1, old), row(2, stranger)])
        let report = try await administration.reseal(with: [])
        #expect(report.currentKey == nil && report.left == 2 && report.resealed == 0 && report.unknownKeys.count == 2)
    }

    @Test func `a key that is none is refused`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        await #expect(throws: WebhooksError.self) { try await administration.reseal(with: [Secret("short")]) }
    }
}
