internal import GRDB
internal import WebhookCore

/// Descending sequences of listed ids, each of one key of an index: a step is one look-up, however many rows there are.
struct IDSequences {
    let count: Int
    /// The next id of a sequence below a bound.
    let next: (_ sequence: Int, _ below: Int64) throws -> Int64?

    /// By topic or tenant.
    init(_ db: Database, _ kind: Word, _ words: [String], above: Int64) throws {
        let select = try RawStatement(db, Self.byWord)
        let words = Array(Set(words))
        count = words.count
        next = { sequence, below in
            try select.bind(kind.rawValue)
            try select.bind(words[sequence])
            try select.bind(above)
            try select.bind(below)
            return try Self.one(select)
        }
    }

    /// Deliveries by subscription and state.
    init(_ db: Database, subscriptions: [Int64], states: Set<DeliveryState>, above: Int64) throws {
        let select = try RawStatement(db, Self.byState)
        let inFlight = try RawStatement(db, Self.byFlight)
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

    private static func one(_ select: RawStatement) throws -> Int64? {
        guard try select.next() else { return nil }
        defer { select.reset() }
        return select.int64(0)
    }

    static let byWord = """
        SELECT id FROM webhooks_words WHERE kind = ? AND word = ? AND id > ? AND id < ? ORDER BY id DESC LIMIT 1
        """
    static let byState = """
        SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_state
        WHERE subscription = ? AND state = ? AND id > ? AND id < ? AND listed = 1 AND state <> 2
        ORDER BY id DESC LIMIT 1
        """
    static let byFlight = """
        SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_in_flight
        WHERE subscription = ? AND id > ? AND id < ? AND state = 2 ORDER BY id DESC LIMIT 1
        """
}
