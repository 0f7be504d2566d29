internal import Synchronization

/// A bounded number of places. An application has a quarter of them at most, and all applications three quarters: the rest is
/// the organisation's.
final class Places: Sendable {
    private struct Taken {
        var all = 0
        /// By application.
        var applications: [String: Int] = [:]
    }

    private let taken = Mutex(Taken())
    private let most: Int

    init(_ most: Int) { self.most = most }

    /// A place; `nil` where all are taken that there are for whoever asks.
    ///
    /// - Parameter application: `nil`: the organisation.
    func take(for application: String? = nil) -> Place? {
        let isFree = taken.withLock { taken in
            guard taken.all < most else { return false }
            if let application {
                let own = taken.applications[application, default: 0]
                guard own < most / 4, taken.applications.values.reduce(0, +) < most - most / 4 else { return false }
                taken.applications[application] = own + 1
            }
            taken.all += 1
            return true
        }
        return isFree ? Place(self, application) : nil
    }

    fileprivate func leave(_ application: String?) {
        taken.withLock { taken in
            taken.all -= 1
            guard let application, let own = taken.applications[application] else { return }
            taken.applications[application] = own > 1 ? own - 1 : nil
        }
    }
}

/// One of the places, which is free again once nobody holds it.
final class Place: Sendable {
    private let places: Places
    private let application: String?

    fileprivate init(_ places: Places, _ application: String?) {
        (self.places, self.application) = (places, application)
    }

    deinit { places.leave(application) }
}
