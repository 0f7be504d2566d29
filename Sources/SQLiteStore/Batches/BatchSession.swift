internal import GRDB
internal import WebhookCore

/// A connection within one transaction: its statements, and the ids that are given out next.
final class BatchSession {
    let db: Database
    let names: SubscriptionNames
    private var statements: [RawStatement?]
    private var ids: (event: Int64, delivery: Int64)?
    private var cancellations: UnmatchedCancellations?
    private let mayWrite: Bool
    /// Dates what the store settles by itself.
    let clock: any WebhookClock

    /// - Parameter mayWrite: whether the transaction holds the lock that only one writer has.
    init(_ db: Database, names: SubscriptionNames, mayWrite: Bool = true, clock: any WebhookClock) {
        self.db = db
        self.names = names
        self.mayWrite = mayWrite
        self.clock = clock
        statements = Array(repeating: nil, count: HotStatement.allCases.count)
    }

    /// What is read needs a change first, which the transaction must not make.
    struct NeedsWriting: Error {}

    /// To be called before a read changes something: the read is then repeated by a transaction that may.
    func prepareToWrite() throws(NeedsWriting) {
        if !mayWrite { throw NeedsWriting() }
    }

    /// A statement, ready to be bound.
    func statement(_ hot: HotStatement) throws -> RawStatement {
        if let statement = statements[hot.rawValue] { return statement }
        let statement = try RawStatement(db, hot.sql)
        statements[hot.rawValue] = statement
        return statement
    }

    /// The id for a new event; used up only by ``useEventID()``.
    func nextEventID() throws -> Int64 { try lastIDs().event + 1 }

    func useEventID() { ids?.event += 1 }

    /// A step broke off: its statements may be half bound.
    func resetStatements() {
        for statement in statements { statement?.reset() }
    }

    /// What used up ids was rolled back.
    func forgetIDs() { ids = nil }

    /// The id for a new delivery.
    func takeDeliveryID() throws -> Int64 {
        let id = try lastIDs().delivery + 1
        ids?.delivery = id
        return id
    }

    /// Whose deliveries of events that wait are cancelled. Read once: nobody else writes during the transaction.
    func unmatchedCancellations() throws -> UnmatchedCancellations {
        if let cancellations { return cancellations }
        let found = try UnmatchedCancellations(db)
        cancellations = found
        return found
    }

    /// The highest ids that were ever given out. Read once: nobody else writes during the transaction.
    private func lastIDs() throws -> (event: Int64, delivery: Int64) {
        if let ids { return ids }
        let statement = try statement(.lastIDs)
        guard try statement.next() else { throw StoreError.damaged("webhooks_schema is empty") }
        let found = (event: statement.int64(0), delivery: statement.int64(1))
        statement.reset()
        ids = found
        return found
    }
}
