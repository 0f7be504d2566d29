import Testing

@testable import Webhooks

/// The room on a store's disk, as an idle dispatcher follows it.
@Suite struct SpaceWatchTests {
    private static let mebibyte: Int64 = 1 << 20

    @Test func `each change is told once, and what wavers isn't`() {
        var watch = SpaceWatch()
        let seen = [9_000, 255, 250, 260, 250, 0, 0, 100, 0, 300, 9_000].map { watch.look($0 * Self.mebibyte) }
        #expect(seen == [nil, .low, nil, nil, nil, .full, nil, .low, .full, .enough, nil])
    }

    @Test func `where nobody knows, nothing is told`() {
        var watch = SpaceWatch()
        #expect(watch.look(nil) == nil)
        _ = watch.look(0)
        #expect(watch.look(nil) == nil && watch.state == .full)
    }

    @Test func `a dispatcher on a full disk isn't ready`() {
        var context = WebhookDispatcher.Readiness.Context()
        (context.runs, context.hasSession, context.trouble) = (1, true, .full)
        let readiness = WebhookDispatcher.Readiness(context)
        #expect(!readiness.isReady && readiness.message.contains("full"))
    }
}
