import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

/// Events that take long to render: they are answered whenever that is done.
@Suite("Large events")
struct LargeEventTests {
    private static let settings: EngineSettings = {
        var settings = EngineSettings()
        settings.promptEventBytes = 10
        return settings
    }()

    private func detach(_ id: String, isLarge: Bool = false, _ harness: EngineHarness) async throws {
        let event = harness.event(id, data: isLarge ? "[1,2,3,4,5,6]" : "{}")
        _ = try await InMemoryStore(sharing: harness.store).append(event, target: nil)
    }

    private func largeEvents(_ harness: EngineHarness) -> [String] { harness.large.map(\.event.id) }

    @Test("others go on meanwhile, those that were stored later as well; it is given out once")
    func othersGoOn() async throws {
        let harness = EngineHarness([subscription()], settings: Self.settings)
        try await detach("e1", isLarge: true, harness)
        try await detach("e2", harness)
        harness.noticeExternalWrites()
        #expect(harness.sentEvents == ["e2"])
        harness.response()
        try await detach("e3", harness)
        harness.noticeExternalWrites()
        #expect(harness.sentEvents == ["e3"])
        harness.response()
        harness.emit("e4")
        #expect(harness.sentEvents == ["e4"])
        harness.response()
        #expect(largeEvents(harness) == ["e1"])
        #expect(!harness.engine.isSettled && !harness.engine.isIdle(at: harness.now))
        harness.render("e1")
        #expect(harness.sentEvents == ["e1"])
        harness.response()
        #expect(harness.engine.isSettled && harness.large.isEmpty)
    }

    @Test("an ordered subscription waits for it")
    func order() async throws {
        let harness = EngineHarness([subscription { $0.ordered = true }], settings: Self.settings)
        try await detach("e1", harness)
        try await detach("e2", isLarge: true, harness)
        try await detach("e3", isLarge: true, harness)
        try await detach("e4", harness)
        harness.noticeExternalWrites()
        harness.emit("e5")
        harness.response()
        #expect(harness.sent.isEmpty)
        // Whichever is done first.
        harness.render("e3")
        #expect(harness.sent.isEmpty)
        harness.render("e2")
        for id in ["e2", "e3", "e4", "e5"] {
            #expect(harness.sentEvents == [id])
            harness.response()
        }
        #expect(harness.engine.isSettled)
    }

    @Test("no more than a few are taken into memory")
    func limit() async throws {
        var settings = Self.settings
        (settings.largeFanOuts, settings.fanOutBatch) = (2, 1)
        let harness = EngineHarness([subscription()], settings: settings)
        for number in 1...4 { try await detach("e\(number)", isLarge: true, harness) }
        harness.noticeExternalWrites()
        #expect(largeEvents(harness) == ["e1", "e2"])
        harness.render("e2")
        #expect(largeEvents(harness) == ["e1", "e3"])
        harness.render("e1")
        #expect(largeEvents(harness) == ["e3", "e4"])
    }

    @Test("what the store doesn't take is rendered again")
    func failedCommit() async throws {
        let harness = EngineHarness([subscription { $0.ordered = true }], settings: Self.settings)
        try await detach("e1", isLarge: true, harness)
        try await detach("e2", harness)
        harness.noticeExternalWrites()
        harness.fault = StoreError(.full, "no room")
        harness.render("e1")
        harness.fault = nil
        #expect(harness.large.isEmpty && harness.sent.isEmpty)
        harness.advance(.seconds(1))
        #expect(largeEvents(harness) == ["e1"] && harness.sent.isEmpty)
        harness.render("e1")
        #expect(harness.sentEvents == ["e1"])
    }

    @Test("a drain waits for it")
    func drain() async throws {
        let harness = EngineHarness([subscription()], settings: Self.settings)
        try await detach("e1", isLarge: true, harness)
        harness.noticeExternalWrites()
        harness.process { $0.drain(at: $1) }
        #expect(!harness.engine.isDrained)
        harness.render("e1")
        #expect(harness.engine.isDrained && harness.sent.isEmpty)
    }
}
