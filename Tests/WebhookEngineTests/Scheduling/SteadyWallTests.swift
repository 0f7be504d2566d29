import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("The steady wall clock")
struct SteadyWallTests {
    private static let day: Int64 = 86_400_000
    private func instant(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test("a jump that is over at a later look never counts", arguments: [35 * day, -day, 2000])
    func instant(jump: Int64) {
        var wall = SteadyWall(wall: instant(0), monotonic: instant(0))
        for time in stride(from: 0, to: 10_000_000, by: 50_000) as StrideTo<Int64> {
            let isWrong = time % 150_000 == 0
            let seen = wall.look(wall: instant(time + (isWrong ? jump : 0)), monotonic: instant(time))
            #expect(seen == instant(time))
        }
    }

    @Test("a jump that lasts counts after a minute", arguments: [35 * day, -day])
    func lasts(jump: Int64) {
        var wall = SteadyWall(wall: instant(0), monotonic: instant(0))
        for time in stride(from: 1000, to: 200_000, by: 1000) as StrideTo<Int64> {
            let seen = wall.look(wall: instant(time + jump), monotonic: instant(time))
            #expect(seen == instant(time >= 61_000 ? time + jump : time))
        }
    }

    @Test("small corrections count at once")
    func slews() {
        var wall = SteadyWall(wall: instant(0), monotonic: instant(0))
        for time in stride(from: 0, to: 100_000, by: 100) as StrideTo<Int64> {
            let seen = wall.look(wall: instant(time + time / 10), monotonic: instant(time))
            #expect(seen == instant(time + time / 10))
        }
    }
}
