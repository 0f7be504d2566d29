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

    private let db: StoreDatabase
    /// `nil`: not known, so that there may be some of any state.
    private let counts: [Int64: [DeliveryState: Int]]?
    private let bounds: Bounds
    private let durations: PreparedStatement
    /// No indexed delivery below this one was read.
    private var floor: Int64

    /// - Parameter counts: how many deliveries there are, by the subscription's row and state.
    init(_ db: StoreDatabase, counts: [Int64: [DeliveryState: Int]], bounds: Bounds) throws {
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

    /// Looks for the last success and the last failure alone: a look-up or two for each subscription and state, and what is
    /// not indexed yet.
    init(lastOf subscriptions: [Int64], _ db: StoreDatabase) throws {
        self.db = db
        counts = nil
        bounds = Bounds()
        durations = try PreparedStatement(db, "SELECT duration FROM webhooks_attempts WHERE delivery = ?")
        floor = try LogIndexer.mark(db).delivery + 1
        for subscription in subscriptions { tallies[subscription] = StatisticsTally([:]) }
        let newest = try PreparedStatement(db, "\(Self.context) WHERE id >= ? ORDER BY id DESC")
        try newest.bind(floor)
        while try newest.next() {
            rows += 1
            try tallies[newest.int64(1)]?.note(newest)
        }
        try findLast()
    }

    /// Tells whether a subscription may have deliveries of a state.
    private func mayHave(_ state: DeliveryState, _ subscription: Int64) -> Bool {
        counts.map { $0[subscription]?[state] != nil } ?? true
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

    /// Fills the samples up with indexed deliveries, as long as there is something to measure among them.
    private mutating func fillUp() throws {
        let share = max(1, bounds.lookUps / max(1, tallies.values.count { !$0.isComplete }))
        // In the order of the index.
        var fillings = try tallies.filter { !$0.value.isComplete }.keys.sorted().map { try filling(of: $0, share) }
        while true {
            var found: [Int64] = []
            for index in fillings.indices {
                guard let tally = tallies[fillings[index].subscription] else { continue }
                found += try fillings[index].next(min(tally.wanted, share) - tally.count)
            }
            if found.isEmpty { return }
            try read(found) { sample, row in _ = try sample.add(row) }
        }
    }

    private func filling(of subscription: Int64, _ share: Int) throws -> Filling {
        // What was cancelled has seldom an attempt to measure, and may be more than all the rest.
        let sources = try [[DeliveryState.delivered, .failed, .unknown], [.cancelled]].map { states in
            let states = states.filter { mayHave($0, subscription) }
            let sequences = try IDSequences(db, subscriptions: [subscription], states: Set(states), above: 0)
            return try IDMerge(sequences.count, below: floor, next: sequences.next)
        }
        return Filling(subscription: subscription, left: share, sources: sources)
    }

    /// A subscription's settled deliveries from which its sample is filled up.
    private struct Filling {
        let subscription: Int64
        /// The number of deliveries that may still be looked up.
        var left: Int
        /// Newest first, one after the other.
        var sources: [IDMerge]

        mutating func next(_ count: Int) throws -> [Int64] {
            var ids: [Int64] = []
            for index in sources.indices { ids += try sources[index].next(min(count, left) - ids.count) }
            left -= ids.count
            return ids
        }
    }

    /// Looks for the last success and the last failure of those whose sample tells of none.
    private mutating func findLast() throws {
        var found: [Int64] = []
        for (subscription, tally) in tallies.sorted(by: { $0.key < $1.key }) {
            let states = tally.unseen.filter { mayHave($0, subscription) }
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
        var measured: [Duration] = []
        while try durations.next() {
            rows += 1
            if let duration = durations.optionalDuration(0) { measured.append(duration) }
        }
        if measured.isEmpty { return false }
        tallies[subscription]?.measure(measured)
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
