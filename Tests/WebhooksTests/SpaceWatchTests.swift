import Testing

@testable import Webhooks

/// The room on a store's disk, as an idle dispatcher follows it.
@Suite struct SpaceWatchTests {
    private static let mebibyte: Int64 = 1 << 20

    @Test func `each change is told once, and what wavers isn't`() {
        var watch = SpaceWatch()
        let seen = [9_000, 255, 250, 260, 250, 0, 0, 100, 0, 300, 9_000].map { room in
            watch.look(room * Self.mebibyte, isRefused: watch.wantsTrial(room * Self.mebibyte) ? true : nil)
        }
        #expect(seen == [nil, .low, nil, nil, nil, .full, nil, .low, .full, .enough, nil])
    }

    @Test func `a disk is full once a write is refused, and that is tried seldom`() {
        var watch = SpaceWatch()
        #expect(!watch.wantsTrial(Self.mebibyte) && watch.wantsTrial(900_000))
        #expect(watch.look(900_000, isRefused: false) == .low, "the log has room of its own")
        #expect(!watch.wantsTrial(890_000) && watch.look(890_000) == nil)
        #expect(watch.wantsTrial(400_000) && watch.look(400_000, isRefused: true) == .full)
        #expect(watch.wantsTrial(400_000) && watch.look(400_000) == nil, "a trial that tells nothing changes nothing")
        #expect(watch.look(400_000, isRefused: false) == .low)
    }

    @Test func `where nobody knows, nothing is told`() {
        var watch = SpaceWatch()
        #expect(watch.look(nil) == nil)
        _ = watch.look(0, isRefused: true)
        #expect(watch.look(nil) == nil && watch.state == .full)
    }

    @Test func `a dispatcher on a full disk isn't ready`() {
        var context = WebhookDispatcher.Readiness.Context()
        (context.runs, context.hasSession, context.trouble) = (1, true, .full)
        let readiness = WebhookDispatcher.Readiness(context)
        #expect(!readiness.isReady && readiness.message.contains("full"))
    }
}
