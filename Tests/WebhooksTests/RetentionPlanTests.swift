import Testing
import WebhookCore

@testable import Webhooks

@Suite struct RetentionPlanTests {
    private static let hour: UInt64 = 3_600_000_000_000
    private static let day: Int64 = 86_400_000

    /// Looks every minute; the wall clock is off where `error` says so. The cutoffs are as far from the right one as given.
    private func batches(minutes: Int, rows: Int = 100_000, error: (Int) -> Int64) -> [RetentionPlan.Batch] {
        var plan = RetentionPlan()
        return (0..<minutes).compactMap { minute in
            let cutoff = Timestamp(milliseconds: Int64(minute) * 60_000 + error(minute))
            return plan.look(cutoff: cutoff, uptime: UInt64(minute) * 60_000_000_000) { rows }
        }
    }

    @Test func `what was old an hour ago is deleted once an hour`() {
        let found = batches(minutes: 200) { _ in 0 }
        #expect(found.map(\.cutoff.milliseconds) == [0, 3_600_000, 7_200_000])
        #expect(found.allSatisfy { $0.limit == 10_000 })
    }

    @Test(arguments: [35 * day, -day], [0, 1, 59, 60, 61, 120])
    func `a clock that is wrong for one look deletes nothing more`(error: Int64, minute: Int) {
        let found = batches(minutes: 200) { $0 == minute ? error : 0 }
        for (hour, batchSize) in found.enumerated() {
            #expect(batchSize.cutoff.milliseconds <= Int64(hour + 1) * 3_600_000)
        }
    }

    @Test func `a clock that stays wrong deletes a share an hour`() {
        let found = batches(minutes: 61) { _ in 35 * Self.day }
        #expect(found.count == 1 && found[0].limit == 10_000)
        #expect(batches(minutes: 61, rows: 20) { _ in 0 }.map(\.limit) == [1000])
    }

    @Test func `nothing goes within the first hour`() {
        #expect(batches(minutes: 60) { _ in 35 * Self.day }.isEmpty)
    }
}
