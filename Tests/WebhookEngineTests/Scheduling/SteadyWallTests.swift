import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("The steady wall clock")
struct SteadyWallTests {
    private static let day: Int64 = 86_400_000
    private func moment(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test("a jump that is over at a later look never counts", arguments: [35 * day, -day, 2000])
    func moment(jump: Int64) {
        var wall = SteadyWall(wall: moment(0), timeline: moment(0))
        for time in stride(from: 0, to: 10_000_000, by: 50_000) as StrideTo<Int64> {
            let isWrong = time % 150_000 == 0
            let seen = wall.look(wall: moment(time + (isWrong ? jump : 0)), timeline: moment(time))
            #expect(seen == moment(time))
        }
    }

    @Test("a jump that lasts counts after a minute", arguments: [35 * day, -day])
    func lasts(jump: Int64) {
        var wall = SteadyWall(wall: moment(0), timeline: moment(0))
        for time in stride(from: 1000, to: 200_000, by: 1000) as StrideTo<Int64> {
            let seen = wall.look(wall: moment(time + jump), timeline: moment(time))
            #expect(seen == moment(time >= 61_000 ? time + jump : time))
        }
    }

    @Test("small corrections count at once")
    func slews() {
        var wall = SteadyWall(wall: moment(0), timeline: moment(0))
        for time in stride(from: 0, to: 100_000, by: 100) as StrideTo<Int64> {
            let seen = wall.look(wall: moment(time + time / 10), timeline: moment(time))
            #expect(seen == moment(time + time / 10))
        }
    }
}
