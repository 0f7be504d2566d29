internal import GRDB
internal import WebhookCore

/// Descending sequences of indexed ids, each of one key of an index: a step is one look-up, however many rows there
/// are.
struct IDSequences {
    let count: Int
    /// The next id of a sequence below a bound.
    let next: (_ sequence: Int, _ below: Int64) throws -> Int64?

    /// By topic or tenant.
    init(_ db: StoreDatabase, _ kind: Term, _ terms: [String], above: Int64) throws {
        let select = try PreparedStatement(db, Self.byTerm)
        let terms = Array(Set(terms))
        count = terms.count
        next = { sequence, below in
            try select.bind(kind.rawValue)
            try select.bind(terms[sequence])
            try select.bind(above)
            try select.bind(below)
            return try Self.one(select)
        }
    }

    /// Deliveries by subscription and state.
    init(_ db: StoreDatabase, subscriptions: [Int64], states: Set<DeliveryState>, above: Int64) throws {
        let select = try PreparedStatement(db, Self.byState)
        let inFlight = try PreparedStatement(db, Self.byFlight)
        let states = Array(states)
        count = subscriptions.count * states.count
        next = { sequence, below in
            let (subscription, state) = (subscriptions[sequence / states.count], states[sequence % states.count])
            let select = state == .inFlight ? inFlight : select
            try select.bind(subscription)
            if state != .inFlight { try select.bind(state.code) }
            try select.bind(above)
            try select.bind(below)
            return try Self.one(select)
        }
    }

    private static func one(_ select: PreparedStatement) throws -> Int64? {
        guard try select.next() else { return nil }
        defer { select.reset() }
        return select.int64(0)
    }

    static let byTerm = """
        SELECT id FROM webhooks_terms WHERE kind = ? AND term = ? AND id > ? AND id < ? ORDER BY id DESC LIMIT 1
        """
    static let byState = """
        SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_state
        WHERE subscription = ? AND state = ? AND id > ? AND id < ? AND indexed = 1 AND state <> 2
        ORDER BY id DESC LIMIT 1
        """
    static let byFlight = """
        SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
        WHERE subscription = ? AND id > ? AND id < ? AND state = 2 ORDER BY id DESC LIMIT 1
        """
}

/// Several descending sequences of ids as one.
struct IDMerge {
    /// The next id of a sequence below a bound, or `nil` where there are no more.
    private let advance: (_ sequence: Int, _ below: Int64) throws -> Int64?
    /// The next id of every sequence that has one, ascending.
    private var heads: [(id: Int64, sequence: Int)] = []

    /// - Parameters:
    ///   - sequences: how many there are.
    ///   - below: where they begin.
    init(_ sequences: Int, below: Int64, next: @escaping (_ sequence: Int, _ below: Int64) throws -> Int64?) throws {
        advance = next
        for sequence in 0..<sequences {
            if let id = try next(sequence, below) { heads.append((id, sequence)) }
        }
        heads.sort { $0.id < $1.id }
    }

    /// The greatest id that is left.
    mutating func next() throws -> Int64? {
        guard let head = heads.popLast() else { return nil }
        if let id = try advance(head.sequence, head.id) {
            var (low, high) = (0, heads.count)
            while low < high {
                let middle = (low + high) / 2
                if heads[middle].id < id { low = middle + 1 } else { high = middle }
            }
            heads.insert((id, head.sequence), at: low)
        }
        return head.id
    }

    /// The greatest ids that are left, at most `count`.
    mutating func next(_ count: Int) throws -> [Int64] {
        var ids: [Int64] = []
        while ids.count < count, let id = try next() { ids.append(id) }
        return ids
    }
}

/// A walk over the log's rows, newest first: over those that are not indexed yet by reading them, over the others
/// through an index where one leads to few of them.
struct NewestFirst<Row> {
    /// The most rows.
    let limit: Int
    /// The rows that are looked for within a range, at most `limit`.
    let between: (_ range: IDRange, _ limit: Int) throws -> [Row]
    /// The sequences that lead to indexed rows; `nil`: nothing but the id.
    let sequences: (_ above: Int64) throws -> IDSequences?
    /// The rows that are looked for among some.
    let rows: (_ ids: [Int64]) throws -> [Row]

    private static var mostAtATime: Int { 500 }

    /// - Parameters:
    ///   - mark: up to where rows are indexed.
    ///   - times: between which ids the indexed rows of the time in question lie.
    func run(from start: IDRange, mark: Int64, times: () throws -> IDRange) throws -> [Row] {
        var found = try between(start.above(mark), limit)
        guard found.count < limit else { return found }
        let indexed = try times().below(start.below)
        guard !indexed.isEmpty else { return found }
        guard let sequences = try sequences(indexed.above) else {
            return found + (try between(indexed, limit - found.count))
        }
        var merge = try IDMerge(sequences.count, below: indexed.below, next: sequences.next)
        while found.count < limit {
            let ids = try merge.next(min(limit - found.count, Self.mostAtATime))
            if ids.isEmpty { break }
            found += try rows(ids)
        }
        return found
    }
}

/// The ids between which rows lie, both ends left out.
struct IDRange {
    var above: Int64 = 0
    var below: Int64 = .max

    var isEmpty: Bool { above >= below - 1 }

    func above(_ id: Int64) -> IDRange { IDRange(above: max(above, id), below: below) }

    func below(_ id: Int64) -> IDRange { IDRange(above: above, below: min(below, id)) }

    /// The ids between which the indexed rows of some time lie: not all that lie there are of that time.
    ///
    /// Ids follow the clock but for its steps back, between which the times are searched by halves.
    /// - Parameters:
    ///   - isEvent: of events, or else of deliveries.
    ///   - mark: up to where rows are indexed.
    static func indexed(
        _ db: StoreDatabase,
        isEvent: Bool,
        since: Timestamp?,
        until: Timestamp?,
        mark: Int64
    ) throws -> IDRange {
        let whole = IDRange(above: 0, below: mark + 1)
        if since == nil && until == nil { return whole }
        let table = isEvent ? "webhooks_events" : "webhooks_deliveries"
        let probe = try PreparedStatement(
            db,
            "SELECT id, created_at FROM \(table) NOT INDEXED WHERE id >= ? AND id < ? ORDER BY id LIMIT 1"
        )
        var starts = [Int64(0)]
        let steps = try PreparedStatement(db, "SELECT id FROM webhooks_clock_steps WHERE of_event = ? ORDER BY id")
        try steps.bind(isEvent)
        while try steps.next() { starts.append(steps.int64(0)) }
        var range: IDRange?
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : mark + 1
            // Within the tolerance, a row may be earlier than one before it.
            let low = try since.map {
                try first(probe, from: start, to: end, at: $0.milliseconds - LogIndexer.clockTolerance)
            }
            let high = try until.map {
                try first(probe, from: start, to: end, at: $0.milliseconds + LogIndexer.clockTolerance)
            }
            let found = IDRange(above: (low ?? start) - 1, below: high ?? end)
            guard !found.isEmpty else { continue }
            range = IDRange(above: min(range?.above ?? .max, found.above), below: max(range?.below ?? 0, found.below))
        }
        return range ?? IDRange(above: 0, below: 0)
    }

    /// The first id at which rows are of a time or later; the end where none is.
    private static func first(_ probe: PreparedStatement, from start: Int64, to end: Int64, at instant: Int64) throws
        -> Int64
    {
        var (low, high) = (start, end)
        while low < high {
            let middle = low + (high - low) / 2
            try probe.bind(middle)
            try probe.bind(high)
            // No row from the middle on: as if it were too late.
            guard try probe.next() else {
                high = middle
                continue
            }
            let (id, found) = (probe.int64(0), probe.int64(1))
            probe.reset()
            if found >= instant { high = middle } else { low = id + 1 }
        }
        return low
    }
}

/// A kind of index entry for events and deliveries, besides their own columns. The numbers stand in `webhooks_terms`.
enum Term: Int, CaseIterable {
    case eventTopic, eventTenant, deliveryTopic, deliveryTenant
}
