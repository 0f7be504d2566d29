internal import WebhookCore

/// A look at something again and again, in a thread of its own that sleeps in between.
///
/// A timer of Dispatch wakes a thread that wakes another, and sets itself again by two system calls: several times what a look
/// at a file costs, and most of what an idle dispatcher does.
final class RegularLook: Sendable {
    private let isOver = SharedFlag()

    /// - Parameters:
    ///   - interval: from the end of a look to the next.
    ///   - look: must not block.
    /// - Returns: `nil` where the system has no thread left.
    init?(every interval: Duration, _ look: @escaping @Sendable () -> Void) {
        let isStarted = DetachedThread.start(stackSize: 256 * 1024) { [isOver] in
            while true {
                DetachedThread.sleep(interval)
                if isOver.isRaised { return }
                look()
            }
        }
        if !isStarted { return nil }
    }

    deinit { stop() }

    /// Lets no further look begin; the thread ends by itself.
    func stop() { isOver.raise() }
}
