import Synchronization

/// The end of a run: at a time, or at once.
package final class Stop: Sendable {
    /// The cause of an end at once.
    package enum Cause: UInt8, AtomicRepresentable, Sendable {
        case none
        /// Somebody wants it.
        case wish
        /// The time is over in which it should have come to its end.
        case time
    }

    private let state = Atomic(Cause.none)
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    package init() {}

    /// True when everything is to end now.
    package var isStoppedNow: Bool { cause != .none }

    var cause: Cause { state.load(ordering: .acquiring) }

    /// Ends everything; the first cause counts.
    package func stop(_ cause: Cause = .wish) {
        _ = state.compareExchange(expected: .none, desired: cause, ordering: .acquiringAndReleasing)
    }

    var isOver: Bool {
        isStoppedNow || end.withLock { end in end.map { ContinuousClock.now >= $0 } ?? false }
    }

    func end(after length: Duration) { end.withLock { $0 = .now + length } }

    /// Sleeps, but not past the end.
    func sleep(milliseconds: Int) async {
        let until = ContinuousClock.now + .milliseconds(milliseconds)
        while !isOver, .now < until {
            try? await Task.sleep(for: min(.milliseconds(50), until - .now))
        }
    }
}
