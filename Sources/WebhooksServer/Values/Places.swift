internal import Synchronization

/// A bounded number of places.
final class Places: Sendable {
    private let taken = Mutex(0)
    private let most: Int

    init(_ most: Int) { self.most = most }

    /// A place; `nil` where all are taken.
    func take() -> Place? {
        let isFree = taken.withLock { taken in
            guard taken < most else { return false }
            taken += 1
            return true
        }
        return isFree ? Place(self) : nil
    }

    fileprivate func leave() { taken.withLock { $0 -= 1 } }
}

/// One of the places, which is free again once nobody holds it.
final class Place: Sendable {
    private let places: Places

    fileprivate init(_ places: Places) { self.places = places }

    deinit { places.leave() }
}
