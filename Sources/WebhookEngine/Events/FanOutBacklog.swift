internal import WebhookCore

/// The events that wait for their fan-out: the reads that bring them, and those that were given out to be matched and
/// rendered.
struct FanOutBacklog {
    /// The reads of waiting events.
    private enum Read {
        /// Nothing is known to wait. ──something may──▶ wanted
        case idle
        /// ──room for more events──▶ reading
        case wanted
        /// In a batch. ──done──▶ idle, ──failed──▶ wanted, ──something may wait──▶ readingAgain
        case reading
        /// In a batch that may have come too early. ──done or failed──▶ wanted
        case readingAgain
    }

    private var read = Read.idle
    /// The number of events that are given out, large ones aside.
    private var givenOut = 0
    /// Large ones (rows) that are given out.
    private var large: Set<Int64> = []
    /// Events (rows) that can neither be fanned out nor set aside.
    private var excluded: Set<Int64> = []
    /// The version of the store's subscriptions that matching waits for; `nil`: it is known.
    private var awaitedSubscriptions: Int64?
    /// Events (rows) of an own engine that wait for it.
    private var waitingForSubscriptions: [Int64] = []
    /// The time at which the next event is due, on the monotonic clock.
    private(set) var nextAt: Timestamp?

    /// A clock may step while an event waits for its time: look again after this.
    private static let longestWait: Duration = .seconds(30)

    /// True when no event is given out.
    var isEmpty: Bool { givenOut == 0 && large.isEmpty && waitingForSubscriptions.isEmpty }

    /// True when no read is under way or wanted.
    var isRead: Bool { read == .idle }

    var isReading: Bool { read == .reading || read == .readingAgain }

    // MARK: - Reads

    /// Something may wait.
    mutating func want() {
        switch read {
        case .idle: read = .wanted
        case .reading: read = .readingAgain
        case .wanted, .readingAgain: break
        }
    }

    /// Begins a read where one is wanted and there is room for events.
    ///
    /// - Parameter mostLarge: large events to give out at a time.
    /// - Returns: the events (rows) to leave out.
    mutating func beginRead(mostLarge: Int) -> Set<Int64>? {
        guard case .wanted = read, awaitedSubscriptions == nil else { return nil }
        guard givenOut == 0, large.count < mostLarge else { return nil }
        read = .reading
        return excluded.union(large)
    }

    /// A read is done.
    mutating func endRead() { read = read == .readingAgain ? .wanted : .idle }

    /// A read has failed.
    mutating func failRead() { read = .wanted }

    // MARK: - Events

    /// An event is given out, and will be answered.
    mutating func giveOut(_ event: PendingEvent, isLarge: Bool) {
        if isLarge {
            large.insert(event.row)
        } else {
            givenOut += 1
        }
    }

    /// An event that was given out is matched and rendered.
    mutating func answered(_ event: PendingEvent) {
        if large.remove(event.row) == nil { givenOut -= 1 }
    }

    /// Gives an event (row) out no more.
    ///
    /// - Returns: whether that is new.
    @discardableResult
    mutating func exclude(_ event: Int64) -> Bool { excluded.insert(event).inserted }

    // MARK: - Subscriptions

    /// The store's subscriptions are others than those that events were matched by.
    ///
    /// - Returns: whether that is news.
    mutating func awaitSubscriptions(of version: Int64) -> Bool {
        if let awaitedSubscriptions, awaitedSubscriptions >= version { return false }
        awaitedSubscriptions = version
        return true
    }

    /// An event of an own engine waits for its fan-out by other subscriptions.
    mutating func waitForSubscriptions(_ event: Int64) { waitingForSubscriptions.append(event) }

    /// The subscriptions of a version are known.
    ///
    /// - Returns: the events that have waited for them.
    mutating func learned(subscriptionsOf version: Int64) -> [Int64] {
        guard let awaited = awaitedSubscriptions, awaited <= version else { return [] }
        awaitedSubscriptions = nil
        defer { waitingForSubscriptions = [] }
        return waitingForSubscriptions
    }

    // MARK: - Time

    /// An event waits in the store for its time; `nil`: it is due.
    mutating func expect(_ due: Timestamp?, at time: EngineTime) {
        guard let due, due > time.certain else { return want() }
        let wait = min(Duration.milliseconds(due.milliseconds - time.certain.milliseconds), Self.longestWait)
        let instant = time.monotonic + wait
        nextAt = nextAt.map { min($0, instant) } ?? instant
    }

    /// A read says when the next event is due; `nil`: none waits for its time.
    mutating func learnNext(_ due: Timestamp?, at time: EngineTime) {
        nextAt = nil
        if let due { expect(max(due, time.certain + .milliseconds(1)), at: time) }
    }

    /// Looks for events where it is time.
    mutating func wake(now: Timestamp) {
        guard let nextAt, nextAt <= now else { return }
        self.nextAt = nil
        want()
    }
}
