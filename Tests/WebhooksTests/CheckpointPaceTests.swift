import Testing
import WebhookCore

@testable import Webhooks
@testable import WebhooksSQLite

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

    @Test func aReaderIsGivenTimeAndMoreOfItWhenItStays() {
        var pace = CheckpointPace()
        var pauses: [Int] = []
        for _ in 0..<6 {
            pauses.append(looks(&pace, at: CheckpointPace.limit * 2))
            pace.note(.readerInTheWay)
            #expect(pace.obstacle == .readerInTheWay)
        }
        #expect(pauses == [0, 5, 10, 20, 40, CheckpointPace.readerPause])
        // Another reader is another matter.
        _ = looks(&pace, at: CheckpointPace.limit)
        pace.note(.emptied)
        _ = looks(&pace, at: CheckpointPace.limit)
        pace.note(.readerInTheWay)
        let pause = looks(&pace, at: CheckpointPace.limit)
        #expect(pause == CheckpointPace.firstReaderPause)
    }

    @Test func underPressureAWriterIsGivenNoTime() {
        var pace = CheckpointPace()
        _ = looks(&pace, at: CheckpointPace.pressure)
        pace.note(.writerInTheWay)
        var pause = looks(&pace, at: CheckpointPace.pressure)
        #expect(pause == 0)
        pace.note(.restarted)
        #expect(pace.obstacle == nil)
        pause = looks(&pace, at: CheckpointPace.pressure)
        #expect(pause == 1)
    }

    @Test func onANarrowDiskALogIsEmptiedWhileItStillFitsIntoTheDatabase() {
        var pace = CheckpointPace()
        func looks(at size: Int, free: Int?) -> Bool { pace.look(at: size, hasChanged: true) { free } }
        #expect(!looks(at: CheckpointPace.tight - 1, free: 0), "what is small stays, as room for the next commits")
        #expect(!looks(at: CheckpointPace.tight, free: nil))
        #expect(!looks(at: 2 * mebibyte, free: 2 * mebibyte))
        #expect(looks(at: 2 * mebibyte, free: 2 * mebibyte - 1))
        // In vain: it is tried again, but not ten times a second.
        pace.noteFailure()
        for _ in 0..<CheckpointPace.readerPause { #expect(!looks(at: 2 * mebibyte, free: 0)) }
        #expect(looks(at: 2 * mebibyte, free: 0))
    }

    /// The number of looks that pass before the log is emptied.
    private func looks(_ pace: inout CheckpointPace, at size: Int) -> Int {
        (0..<100).first { _ in pace.look(at: size, hasChanged: true) } ?? 100
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

    @Test func looksLessOftenAtRest() {
        var pace = CheckpointPace()
        for _ in 0...CheckpointPace.rest {
            #expect(pace.interval == .milliseconds(100))
            _ = pace.look(at: 1000, hasChanged: false)
        }
        #expect(pace.interval == .milliseconds(500))
        _ = pace.look(at: 2000, hasChanged: false)
        #expect(pace.interval == .milliseconds(100))
    }
}
