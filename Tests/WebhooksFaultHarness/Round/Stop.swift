import Synchronization

/// When actors end: at a time, or at once.
package final class Stop: Sendable {
    private let isStopped = Atomic(false)
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    package init() {}

    /// Whether somebody wants everything to end now.
    package var isStoppedNow: Bool { isStopped.load(ordering: .acquiring) }

    package func stop() { isStopped.store(true, ordering: .releasing) }

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
