/// A store as a process opens it: dispatchers deliver from it, people look into it and look after it.
///
/// Anything that only one kind of store has, such as SQLite's write-ahead log, is asked of that kind alone.
package protocol WebhookStore: DeliveryStore, EventLog {
    /// The place for people: a path or a URL, never with a password.
    var name: String { get }

    /// True when it was made when it was opened.
    var isNew: Bool { get }

    /// A setting that endangers what it acknowledges, for a warning; `nil`: there is none.
    var warning: String? { get }

    /// Lets go of it once it is idle; what was committed is durable already.
    func close()

    /// Counts what waits, by the indexes of what is open.
    ///
    /// - Parameters:
    ///   - now: what is due by then counts as due.
    ///   - late: what was due by then counts as late.
    func backlog(at now: Timestamp, late: Timestamp) async throws(StoreError) -> StoreBacklog

    /// Those of some deliveries that ``StoreBacklog/Subscription/behind`` counts.
    func deliveriesBehind(among ids: [Delivery.ID]) async throws(StoreError) -> Set<Delivery.ID>

    /// The last failure of each subscription whose newest attempt has failed, as ``EventLog/statistics()`` has it; counts
    /// nothing.
    func lastFailures() async throws(StoreError) -> [(subscription: String, failure: SubscriptionStatistics.Failure)]

    /// Follows deliveries from now on.
    func followDeliveries() async throws(StoreError) -> any DeliveryFollower

    /// The room that it takes.
    func size() async throws(StoreError) -> StoreSize

    /// About how many deliveries or events there are, whichever are more. Cheap.
    func approximateRows() async throws(StoreError) -> Int

    /// Counts what pruning would delete; deletes nothing.
    func prunable(olderThan instant: Timestamp) async throws(StoreError) -> PruneResult

    /// Erases what events and their deliveries carried, and leaves a tombstone of each; marks those that are messages. Those
    /// that are open stay.
    func expunge(events ids: [String], at instant: Timestamp) async throws(StoreError) -> ExpungeResult

    /// Erases what came back on an attempt that has ended: headers, body, and what was said of it.
    ///
    /// - Returns: `false` where there is no such attempt, or it is under way.
    func expungeAnswer(attempt number: Int, of delivery: Delivery.ID) async throws(StoreError) -> Bool

    /// Takes a batch of new rows into the indexes by which the log is searched. What is not indexed yet is found all the
    /// same. A store that indexes as it writes has nothing to do.
    func indexNewRows() async throws(StoreError) -> IndexingResult

    /// Triggers that somebody else has added to our tables, by name: they may change or refuse what is written.
    func hostTriggers() async throws(StoreError) -> [String]
}

/// The part that a process plays beside a store: dispatcher, writer or reader.
package enum StoreRole: Sendable, Hashable {
    /// Schedules and sends; holds the ``StoreLock``.
    case dispatcher
    /// Appends, cancels and reads beside a dispatcher.
    case writer
    /// Reads. Creates and changes nothing.
    case reader

    /// True when what is missing is made.
    package var writes: Bool { self != .reader }
}

/// Deliveries as they move on.
package protocol DeliveryFollower: Sendable {
    /// Deliveries that are new or have changed since the last call, oldest first. One that has changed several times
    /// comes once, as it is now.
    mutating func next() async throws(StoreError) -> [Delivery]
}

/// The room that a store takes, in bytes.
package struct StoreSize: Sendable, Hashable {
    package var bytes: Int64
    /// A write-ahead log of its own; `nil`: it has none.
    package var wal: Int64?
    /// Left for this user on the disk; `nil` where that can't be told.
    package var free: Int64?

    package init(bytes: Int64, wal: Int64? = nil, free: Int64? = nil) {
        self.bytes = bytes
        self.wal = wal
        self.free = free
    }
}

/// The result of indexing a batch of rows.
package struct IndexingResult: Sendable, Hashable {
    /// Rows that were taken into the indexes; 0: there was no whole batch.
    package var indexed: Int
    /// Rows that are not in the indexes, about.
    package var left: Int
    /// Rows that the store would not change: they are not found by what they hold, and the others are.
    package var refused: [RefusedItem]

    package init(indexed: Int, left: Int, refused: [RefusedItem] = []) {
        self.indexed = indexed
        self.left = left
        self.refused = refused
    }
}
