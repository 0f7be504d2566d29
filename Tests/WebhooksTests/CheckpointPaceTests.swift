import Testing

@testable import SQLiteStore
@testable import Webhooks

@Suite struct CheckpointPaceTests {
    private let mebibyte = 1024 * 1024

    @Test func aLogThatOthersLetGrowIsEmptied() {
        var pace = CheckpointPace()
        for size in stride(from: 0, to: CheckpointPace.limit, by: mebibyte) {
            let empties = pace.look(at: size, hasChanged: true)
            #expect(!empties)
        }
        var empties = pace.look(at: CheckpointPace.limit, hasChanged: true)
        #expect(empties)
        // A writer leaves a gap some time soon.
        pace.note(.writerInTheWay)
        #expect(pace.obstacle == .writerInTheWay)
        for _ in 0..<CheckpointPace.writerPause {
            empties = pace.look(at: CheckpointPace.limit + mebibyte, hasChanged: true)
            #expect(!empties)
        }
        empties = pace.look(at: CheckpointPace.limit + mebibyte, hasChanged: true)
        #expect(empties)
        pace.note(.emptied)
        #expect(pace.obstacle == nil)
        empties = pace.look(at: 0, hasChanged: true)
        #expect(!empties)
    }

    @Test func aReaderIsGivenTime() {
        var pace = CheckpointPace()
        var empties = pace.look(at: CheckpointPace.limit, hasChanged: true)
        #expect(empties)
        pace.note(.readerInTheWay)
        for _ in 0..<CheckpointPace.readerPause {
            empties = pace.look(at: CheckpointPace.limit * 2, hasChanged: true)
            #expect(!empties)
        }
        #expect(pace.obstacle == .readerInTheWay)
        empties = pace.look(at: CheckpointPace.limit * 2, hasChanged: true)
        #expect(empties)
    }

    @Test func atRestWhatIsLeftIsEmptiedOnce() {
        var pace = CheckpointPace()
        var looks = 0
        while !pace.look(at: 5 * mebibyte, hasChanged: looks == 0) {
            looks += 1
            if looks > 100 { break }
        }
        #expect(looks == CheckpointPace.rest)
        pace.note(.emptied)
        for _ in 0..<100 {
            let empties = pace.look(at: 0, hasChanged: false)
            #expect(!empties)
        }
        // What is small stays, and what changes is not at rest.
        for _ in 0..<100 {
            let small = pace.look(at: CheckpointPace.small - 1, hasChanged: false)
            let busy = pace.look(at: 5 * mebibyte, hasChanged: true)
            #expect(!small && !busy)
        }
    }
}
