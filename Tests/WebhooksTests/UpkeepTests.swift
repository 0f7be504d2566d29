import SQLiteStore
import Testing

@testable import Webhooks

@Suite struct UpkeepTests {
    @Test func aGrowingLogIsSaidOnceAndAgainWhenItHasDoubled() {
        let limit = LogSizeWatch.limit
        var watch = LogSizeWatch()
        #expect(watch.look(at: 64 * 1024 * 1024) == nil)
        #expect(watch.look(at: limit) == .grew(limit))
        #expect(watch.look(at: limit + 1) == nil)
        #expect(watch.look(at: 5 * limit) == .grew(5 * limit))
        #expect(watch.look(at: 7 * limit) == nil)
        #expect(watch.look(at: 1) == .shrank)
        #expect(watch.look(at: 1) == nil)
        #expect(watch.look(at: limit) == .grew(limit))
    }

    @Test func listingTakesItsTimeBesideTraffic() {
        var pace = ListingPace()
        func portions(new: Int, of rows: inout Int) -> Int {
            rows += new
            pace.begin()
            var count = 0
            repeat {
                let listed = min(SQLiteStore.listingPortion, rows)
                rows -= listed
                count += 1
                pace.note(ListingResult(listed: listed, left: rows))
            } while pace.goesOn
            return count
        }
        var rows = 0
        #expect(portions(new: 0, of: &rows) == 1)
        #expect(portions(new: 100_000, of: &rows) == ListingPace.busyPortions)
        #expect(portions(new: 500, of: &rows) == ListingPace.quietPortions)
        let listed = (ListingPace.busyPortions + ListingPace.quietPortions) * SQLiteStore.listingPortion
        #expect(rows == 100_500 - listed)
    }
}
