import Testing
import WebhookCore
import WebhookSimulation

@Suite struct EventIDTests {
    @Test func holdsNoDot() {
        // Standard Webhooks joins id, timestamp and body by dots.
        for _ in 0..<1000 { #expect(!EventID.generate().contains(".")) }
    }

    @Test func idsAreOrderedByTime() {
        var random = SeededGenerator(seed: 3)
        let times = [0, 1, 31, 32, 1023, 1_772_357_400_000, 1_772_357_400_001, 253_402_300_799_999] as [Int64]
        let ids = times.map { EventID.make(at: Timestamp(milliseconds: $0), using: &random) }
        #expect(ids == ids.sorted())
        #expect(ids.map { Array($0.utf8) }.adjacentPairs.allSatisfy { $0.lexicographicallyPrecedes($1) })
    }

    @Test func idsAreValidAndDiffer() {
        let ids = (0..<1000).map { _ in EventID.generate() }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { Event.isValidID($0) && $0.utf8.count == 30 && $0.hasPrefix("evt_") })
    }

    @Test func theTimeStandsInFront() {
        var random = SeededGenerator(seed: 4)
        let id = EventID.make(at: Timestamp(milliseconds: 32 * 32 + 2 * 32 + 3), using: &random)
        #expect(id.dropFirst(4).prefix(10) == "0000000123")
        #expect(EventID.make(at: Timestamp(milliseconds: -5), using: &random).dropFirst(4).prefix(10) == "0000000000")
    }
}

extension Array {
    fileprivate var adjacentPairs: [(Element, Element)] { [(Element, Element)](zip(self, dropFirst())) }
}
