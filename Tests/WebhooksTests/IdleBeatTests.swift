import Testing

@testable import Webhooks

@Suite struct IdleBeatTests {
    @Test func `tasks of different intervals wake up together`() {
        func wakeUp(_ now: Int, _ interval: Int) -> Duration {
            IdleBeat.wakeUp(after: .milliseconds(now), .milliseconds(interval))
        }
        #expect(wakeUp(0, 500) == .milliseconds(500) && wakeUp(0, 1_000) == .milliseconds(1_000))
        // A little late, and the next beat is the same all the same.
        #expect(wakeUp(1_007, 500) == .milliseconds(1_500) && wakeUp(1_007, 1_000) == .milliseconds(2_000))
        // After long work: never sooner than after half of the interval.
        #expect(wakeUp(1_240, 500) == .milliseconds(1_500) && wakeUp(1_260, 500) == .milliseconds(2_000))
        #expect(wakeUp(1_480, 500) == .milliseconds(2_000) && wakeUp(3_333, 5_000) == .milliseconds(8_500))
        #expect(wakeUp(1_007, 100) == .milliseconds(1_107), "what is in a hurry keeps no beat")
    }
}
