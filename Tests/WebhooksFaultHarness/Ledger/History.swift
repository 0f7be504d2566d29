/// A time of a round: since its start, on the monotonic clock.
typealias Instant = Duration

/// The record of a round: emits, requests, commands, and when the dispatcher was able to work. A value, so that the
/// checker can be tested with histories that never happened.
struct History: Sendable {
    /// By event id.
    var emits: [String: EmitFact] = [:]
    /// In the order in which the receivers saw them.
    var requests: [RequestFact] = []
    var commands: [CommandFact] = []
    /// Events that a host's transaction has committed with a row of its own.
    var hostCommits: Set<String> = []
    /// The spans in which a dispatcher worked on the store.
    var dispatching: [Interval] = []
    /// The spans in which something kept the store from working: a full disk, a stopped process that may hold a lock, a
    /// lost file.
    var disturbances: [Interval] = []
    /// Measurements of dispatchers, oldest first.
    var samples: [SampleFact] = []
    /// Events of a batch that was refused as a whole.
    var refused: Set<String> = []
    /// The number of times that each fault was injected, for the verdict.
    var tally: [String: Int] = [:]
    /// The violations that an actor found itself, where nothing but it can know.
    var findings: [Violation] = []
}

/// An event that a process was asked to emit.
struct EmitFact: Sendable {
    var topic: String
    var startedAt: Instant
    /// The time by which the process had said that the event is durable; `nil` where it was killed before, or failed.
    var acknowledgedAt: Instant?
    /// Its batch and its place there: lines are accepted in order.
    var batch: BatchPlace?
    /// True when somebody tried to cancel it, so that it need not arrive.
    var mayBeCancelled = false
    /// True when it may have been sent again on purpose, so that its order says nothing.
    var mayBeRetriggered = false

    init(topic: String, startedAt: Instant, acknowledgedAt: Instant? = nil, batch: BatchPlace? = nil) {
        self.topic = topic
        self.startedAt = startedAt
        self.acknowledgedAt = acknowledgedAt
        self.batch = batch
    }
}

/// A line of a batch.
struct BatchPlace: Sendable, Hashable {
    var batch: String
    var line: Int
}

/// A request whose whole head a receiver saw.
struct RequestFact: Sendable {
    var subscription: String
    var event: String
    var at: Instant
    /// A hash of the body; `nil` where it was cut off.
    var digest: Int?
    /// True when the body is the one of this event.
    var isOwnBody = true
    /// True when status line and headers of a 2xx were written whole as the response to this request.
    var isAccepted: Bool
}

/// A run of the command line.
struct CommandFact: Sendable {
    /// The command's name and options, without data.
    var name: String
    var interval: Interval
    var exit: Command.Exit
    /// The longest time that it may take.
    var bound: Duration
    /// Exit codes that are documented for what it was asked to do.
    var allowed: Set<Int32>
    /// True when the harness has sent it a signal that ends it.
    var wasSignalled = false
    /// Its stderr, shortened.
    var errors = ""

    /// True when it says that it got no turn to write within its bound: how long others hold the store is up to them
    /// and to the machine, and that it ends then is promised.
    var hadNoTurn: Bool {
        ["the store did not answer", "was held by another program for too long"].contains { errors.contains($0) }
    }
}

/// A measurement of a running dispatcher.
struct SampleFact: Sendable {
    var process: Int32
    var at: Instant
    var residentBytes: Int
    var descriptors: Int
    var walBytes: Int
}

/// A span of time.
struct Interval: Sendable, Hashable {
    var start: Instant
    var end: Instant

    func overlap(_ other: Interval) -> Duration { max(.zero, min(end, other.end) - max(start, other.start)) }

    func touches(_ other: Interval) -> Bool { start <= other.end && other.start <= end }
}
