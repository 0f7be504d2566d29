import Testing
import WebhookCore
import WebhooksSQLite

@testable import Webhooks

@Suite struct MaintenanceTests {
    @Test func aGrowingLogIsSaidOnceAndAgainWhenItHasDoubled() {
        let limit = WALSizeWatch.limit
        var watch = WALSizeWatch()
        #expect(watch.look(at: 64 * 1024 * 1024) == nil)
        #expect(watch.look(at: limit) == .grew(limit))
        #expect(watch.look(at: limit + 1) == nil)
        #expect(watch.look(at: 5 * limit) == .grew(5 * limit))
        #expect(watch.look(at: 7 * limit) == nil)
        #expect(watch.look(at: 1) == .shrank)
        #expect(watch.look(at: 1) == nil)
        #expect(watch.look(at: limit) == .grew(limit))
    }

    @Test func indexingTakesItsTimeBesideTraffic() {
        var pace = IndexingPace()
        func batches(new: Int, of rows: inout Int) -> Int {
            rows += new
            pace.begin()
            var count = 0
            repeat {
                let indexed = min(SQLiteStore.indexingBatch, rows)
                rows -= indexed
                count += 1
                pace.note(IndexingResult(indexed: indexed, left: rows))
            } while pace.goesOn
            return count
        }
        var rows = 0
        #expect(batches(new: 0, of: &rows) == 1)
        #expect(batches(new: 100_000, of: &rows) == IndexingPace.busyBatches)
        #expect(batches(new: 500, of: &rows) == IndexingPace.quietBatches)
        let indexed = (IndexingPace.busyBatches + IndexingPace.quietBatches) * SQLiteStore.indexingBatch
        #expect(rows == 100_500 - indexed)
    }
}
