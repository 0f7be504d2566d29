import Testing

@testable import WebhooksServer

/// The places for streams.
@Suite struct PlacesTests {
    @Test func `an application has a quarter, and all of them leave a quarter to the organisation`() {
        let places = Places(16)
        var held: [Place] = []
        func take(_ application: String?, _ count: Int) -> Int {
            let taken = (0..<count).compactMap { _ in places.take(for: application) }
            held += taken
            return taken.count
        }
        #expect(take("a", 16) == 4)
        #expect(take("b", 16) == 4 && take("c", 3) == 3)
        #expect(take("d", 16) == 1, "of all applications there are twelve")
        #expect(take(nil, 16) == 4)
        held.removeFirst()
        #expect(take("d", 16) == 1)
        held = []
        #expect(take(nil, 20) == 16 && take("a", 1) == 0)
    }
}
