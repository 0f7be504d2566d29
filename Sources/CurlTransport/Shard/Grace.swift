internal import WebhookCore

/// Time for what has arrived while a shard's thread could not look.
///
/// libcurl looks at the time before it reads: of a process that was stopped for longer than a request's timeout it would
/// end the request although the answer lies in the socket. So, after such a stop, what is under way may go on for a
/// moment.
struct Grace {
    /// A thread that is this late was stopped, or had no processor.
    static let tolerance = Duration.milliseconds(100)
    /// How long what is under way may go on.
    static let moment = Duration.seconds(1)

    /// When the shard looks at the time again, at the latest.
    private var expected = MonotonicTime.distantFuture
    /// When the moment ends.
    private(set) var end = MonotonicTime.distantFuture
    /// Whose time would have been up before.
    private(set) var serials: [UInt64] = []

    /// The shard looks at the time; if it is so late that it has to give time: until when.
    mutating func look(now: MonotonicTime) -> MonotonicTime? {
        defer { expected = now }
        guard expected != .distantFuture, now - expected > Self.tolerance else { return nil }
        return now + Self.moment
    }

    /// The shard has nothing to do before.
    mutating func looksAgain(at time: MonotonicTime) { expected = time }

    /// libcurl will not end these any more: its timer for them has passed.
    mutating func give(until end: MonotonicTime, to serials: [UInt64]) {
        guard !serials.isEmpty else { return }
        self.end = end
        self.serials += serials
    }

    /// Those whose moment is over.
    mutating func takeOver(now: MonotonicTime) -> [UInt64] {
        guard now >= end else { return [] }
        defer { (serials, end) = ([], .distantFuture) }
        return serials
    }
}
