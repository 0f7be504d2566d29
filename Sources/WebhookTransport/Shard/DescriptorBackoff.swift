internal import WebhookCore

/// Requests that found no file descriptor left. Nothing of them was sent, and they try again when others have ended.
struct DescriptorBackoff {
    private(set) var waiting: [UInt64] = []
    /// The time at which to try again.
    private(set) var nextTry = MonotonicTime.distantFuture
    private var ended = 0

    private static let pause = Duration.milliseconds(20)
    /// Tries in a pause in which nothing ended: descriptors are used by others than us.
    private static let minimumTries = 4

    mutating func add(_ serial: UInt64, now: MonotonicTime) {
        waiting.append(serial)
        if nextTry == .distantFuture { nextTry = now + Self.pause }
    }

    /// A request ended, and perhaps its connection with it.
    mutating func requestEnded() { ended += 1 }

    /// Takes the requests that may try now, and those that have to go on waiting.
    mutating func takeDue(now: MonotonicTime) -> (tries: ArraySlice<UInt64>, waits: ArraySlice<UInt64>)? {
        guard now >= nextTry else { return nil }
        let count = min(waiting.count, max(Self.minimumTries, ended))
        defer {
            ended = 0
            waiting = []
            nextTry = .distantFuture
        }
        return (waiting[..<count], waiting[count...])
    }
}
