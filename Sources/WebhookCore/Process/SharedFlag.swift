internal import Synchronization

/// A flag between threads: something that is asked for, or said, once until it is lowered.
package final class SharedFlag: Sendable {
    private let value = Atomic(false)

    package init() {}

    package var isRaised: Bool { value.load(ordering: .acquiring) }

    /// Raises it; true when it was lowered before.
    @discardableResult
    package func raise() -> Bool { !value.exchange(true, ordering: .acquiringAndReleasing) }

    package func lower() { value.store(false, ordering: .releasing) }
}
