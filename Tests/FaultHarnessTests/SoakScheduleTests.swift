import Testing

@testable import WebhooksFaultHarness

@Suite struct SoakScheduleTests {
    /// Plays rounds whose settlement takes this much of their storm, and returns their storms and when the last one ended.
    private func play(_ length: Duration, settling share: Double) -> (storms: [Duration], end: Duration) {
        var schedule = SoakSchedule(length: length, longest: .seconds(240))
        var (storms, elapsed): ([Duration], Duration) = ([], .zero)
        while let storm = schedule.storm(elapsed: elapsed, isFirst: storms.isEmpty) {
            storms.append(storm)
            let settlement = .seconds(8) + storm * share
            elapsed += storm + settlement
            schedule.note(storm: storm, settlement: settlement)
        }
        return (storms, elapsed)
    }

    @Test(arguments: [0.1, 0.5, 0.9, 2])
    func `the last round has settled about when the time is over`(share: Double) {
        for length in [Duration.seconds(252), .seconds(900), .seconds(3600), .seconds(36_000)] {
            let (storms, end) = play(length, settling: share)
            #expect(end <= length + .seconds(40), "\(storms)")
            #expect(end >= length / 2, "\(storms)")
            #expect(storms.count >= 4)
            #expect(storms.allSatisfy { $0 <= .seconds(240) })
        }
    }

    @Test func `however little time there is, there is one round`() {
        #expect(play(.seconds(1), settling: 1).storms == [.seconds(3)])
        var single = SoakSchedule(length: .seconds(4), longest: .seconds(240), isSingle: true)
        #expect(single.storm(elapsed: .zero, isFirst: true) == .seconds(4))
        single.note(storm: .seconds(4), settlement: .seconds(9))
        #expect(single.storm(elapsed: .seconds(13), isFirst: false) == nil)
    }
}
