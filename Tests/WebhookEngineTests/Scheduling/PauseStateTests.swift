import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("Pause")
struct PauseStateTests {
    private func time(_ wall: Int64, _ monotonic: Int64? = nil) -> EngineTime {
        EngineTime(wall: Timestamp(milliseconds: wall), monotonic: Timestamp(milliseconds: monotonic ?? wall))
    }

    private func pause(_ at: Int64, _ until: Int64?) -> SubscriptionHealth.Paused {
        .init(at: Timestamp(milliseconds: at), until: until.map { Timestamp(milliseconds: $0) })
    }

    @Test("begins, is replaced and lifted by what the store says")
    func learns() {
        var state = PauseState()
        #expect(state.learn(nil, at: time(0)) == nil && !state.isPaused)
        #expect(state.learn(pause(5, nil), at: time(6)) == nil)
        #expect(state.isPaused && state.endsAt == nil)
        #expect(state.learn(pause(7, 20), at: time(8)) == nil)
        #expect(state.isPaused && state.endsAt == Timestamp(milliseconds: 20))
        #expect(state.learn(nil, at: time(9)) == nil)
        #expect(state == PauseState())
    }

    @Test("ends by itself, once, although the store still shows it")
    func expires() {
        var state = PauseState()
        _ = state.learn(pause(0, 100), at: time(10))
        #expect(state.expire(now: Timestamp(milliseconds: 99)) == nil)
        #expect(state.expire(now: Timestamp(milliseconds: 100)) == pause(0, 100))
        #expect(!state.isPaused)
        #expect(state.learn(pause(0, 100), at: time(50)) == nil && !state.isPaused)
        #expect(state.learn(pause(60, 120), at: time(60)) == nil && state.isPaused)
    }

    @Test("what was over before it was learned holds nothing")
    func over() {
        var state = PauseState()
        #expect(state.learn(pause(0, 100), at: time(100)) == pause(0, 100))
        #expect(!state.isPaused)
        #expect(state.learn(pause(0, 100), at: time(101)) == nil)
    }

    @Test(
        "never lasts longer than was asked for, whichever clock was wrong",
        arguments: [(0, 30), (86_400_000, 100), (-86_400_000, nil)] as [(Int64, Int64?)]
    )
    func wrongClock(_ ahead: Int64, _ remaining: Int64?) {
        var state = PauseState()
        let over = state.learn(pause(ahead, ahead + 100), at: time(70, 1000))
        #expect(state.endsAt?.milliseconds == remaining.map { 1000 + $0 })
        #expect((over != nil) == (remaining == nil))
    }

    @Test("a clock that is set while it lasts changes nothing")
    func steps() {
        var state = PauseState()
        _ = state.learn(pause(0, 100), at: time(0, 0))
        _ = state.learn(pause(0, 100), at: time(3_600_000, 50))
        #expect(state.endsAt == Timestamp(milliseconds: 100))
        _ = state.learn(pause(0, 100), at: time(-3_600_000, 60))
        #expect(state.endsAt == Timestamp(milliseconds: 100))
    }
}
