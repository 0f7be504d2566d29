internal import GRDB
internal import WebhookCore

/// Looks at the newest deliveries of each subscription, tests left out.
///
/// The newest of all are read once, in the order of the table. Who has too few among them gets more through the index
/// of states; these look-ups are shared out, so that all of it costs a bound and a few rows a subscription.
struct StatisticsSample {
    struct Bounds {
        /// The number of rows of deliveries and attempts that are read from the end of the tables.
        var newest = 200_000
        /// The number of deliveries that are looked up one by one; each subscription that needs it gets at least one.
        var lookUps = 250_000
    }

    /// By the subscription's row.
    private(set) var tallies: [Int64: StatisticsTally] = [:]
    /// The number of rows of deliveries and attempts that were read.
    private(set) var rows = 0

    private let db: Database
    private let counts: [Int64: [DeliveryState: Int]]
    private let bounds: Bounds
    private let durations: PreparedStatement
    /// No indexed delivery below this one was read.
    private var floor: Int64

    /// - Parameter counts: how many deliveries there are, by the subscription's row and state.
    init(_ db: Database, counts: [Int64: [DeliveryState: Int]], bounds: Bounds) throws {
        self.db = db
        self.counts = counts
        self.bounds = bounds
        durations = try PreparedStatement(db, "SELECT duration FROM webhooks_attempts WHERE delivery = ?")
        floor = try LogIndexer.mark(db).delivery + 1
        for (subscription, states) in counts { tallies[subscription] = StatisticsTally(states) }
        try readNewest()
        try fillUp()
        try findLast()
    }

    /// Reads the newest deliveries of all, until every subscription has its sample or the bound is reached; but what is
    /// not indexed yet, for it is found in no other way.
    private mutating func readNewest() throws {
        var incomplete = tallies.values.count { !$0.isComplete }
        // Where a few have nearly everything, it is cheaper to look the others up.
        let bound = min(bounds.newest, 4 * tallies.values.reduce(0) { $0 + $1.wanted })
        let mark = try LogIndexer.mark(db).delivery
        let newest = try PreparedStatement(db, "\(Self.context) ORDER BY id DESC")
        defer { newest.reset() }
        while rows < bounds.newest, try newest.next() {
            guard newest.int64(0) > mark || (incomplete > 0 && rows < bound) else { break }
            floor = min(floor, newest.int64(0))
            if try add(newest) { incomplete -= 1 }
        }
    }

    /// Fills the samples up with indexed deliveries.
    private mutating func fillUp() throws {
        let share = max(1, bounds.lookUps / max(1, tallies.values.count { !$0.isComplete }))
        var found: [Int64] = []
        // In the order of the index.
        for (subscription, tally) in tallies.sorted(by: { $0.key < $1.key }) where !tally.isComplete {
            let count = min(tally.wanted, share) - tally.count
            guard count > 0, let states = counts[subscription]?.keys.filter(\.isSettled) else { continue }
            let sequences = try IDSequences(db, subscriptions: [subscription], states: Set(states), above: 0)
            var merge = try IDMerge(sequences.count, below: floor, next: sequences.next)
            found += try merge.next(count)
        }
        try read(found) { sample, row in _ = try sample.add(row) }
    }

    /// Looks for the last success and the last failure of those whose sample tells of none.
    private mutating func findLast() throws {
        var found: [Int64] = []
        for (subscription, tally) in tallies.sorted(by: { $0.key < $1.key }) {
            let states = tally.unseen.filter { counts[subscription]?[$0] != nil }
            guard !states.isEmpty else { continue }
            let sequences = try IDSequences(db, subscriptions: [subscription], states: Set(states), above: 0)
            for sequence in 0..<sequences.count {
                if let id = try sequences.next(sequence, floor) { found.append(id) }
            }
        }
        try read(found) { sample, row in
            sample.rows += 1
            try sample.tallies[row.int64(1)]?.note(row)
        }
    }

    /// Reads deliveries in the order of the table: what lies together is read together.
    private mutating func read(_ ids: [Int64], _ use: (inout StatisticsSample, PreparedStatement) throws -> Void) throws
    {
        let row = try PreparedStatement(db, "\(Self.context) WHERE id = ?")
        for id in ids.sorted(by: >) {
            try row.bind(id)
            if try row.next() { try use(&self, row) }
            row.reset()
        }
    }

    /// - Returns: whether a sample is complete with it.
    private mutating func add(_ row: PreparedStatement) throws -> Bool {
        rows += 1
        let subscription = row.int64(1)
        guard try tallies[subscription]?.add(row) ?? false else { return false }
        try durations.bind(row.int64(0))
        while try durations.next() {
            rows += 1
            if let duration = durations.optionalDuration(0) { tallies[subscription]?.durations.append(duration) }
        }
        return tallies[subscription]?.isComplete ?? false
    }

    private static let context = """
        SELECT id, subscription, state, last_error,
            CASE WHEN state <> 2 THEN claimed_at ELSE (
                SELECT started_at FROM webhooks_attempts WHERE delivery = webhooks_deliveries.id AND number = attempts - 1
            ) END,
            settled_at, test, last_status
        FROM webhooks_deliveries NOT INDEXED
        """
}
