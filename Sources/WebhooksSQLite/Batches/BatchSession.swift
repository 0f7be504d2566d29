internal import GRDB
internal import WebhookCore

/// A connection within one transaction: its statements, and the ids that are given out next.
final class BatchSession {
    let db: StoreDatabase
    let names: SubscriptionRowCache
    private var statements: [PreparedStatement?]
    private var ids: (event: Int64, delivery: Int64)?
    private var cancellations: UnmatchedCancellations?
    private let mayWrite: Bool
    /// Rows that reads have found damaged.
    var damaged: [DamagedRow] = []
    /// Dates what the store settles by itself.
    let clock: any WebhookClock

    /// - Parameter mayWrite: whether the transaction holds the lock that only one writer has.
    init(_ db: StoreDatabase, names: SubscriptionRowCache, mayWrite: Bool = true, clock: any WebhookClock) {
        self.db = db
        self.names = names
        self.mayWrite = mayWrite
        self.clock = clock
        statements = Array(repeating: nil, count: StatementKind.allCases.count)
    }

    /// Thrown where a read needs a change first, which the transaction must not make.
    struct NeedsWriting: Error {}

    /// To be called before a read changes something: the read is then repeated by a transaction that may.
    func prepareToWrite() throws(NeedsWriting) {
        if !mayWrite { throw NeedsWriting() }
    }

    /// A statement, ready to be bound.
    func statement(_ hot: StatementKind) throws -> PreparedStatement {
        if let statement = statements[hot.rawValue] { return statement }
        let statement = try PreparedStatement(db, hot.sql)
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

    /// Forgets the last ids, because the transaction that used some up was rolled back.
    func forgetIDs() { ids = nil }

    /// The id for a new delivery.
    func takeDeliveryID() throws -> Int64 {
        let id = try lastIDs().delivery + 1
        ids?.delivery = id
        return id
    }

    /// The subscriptions whose deliveries of waiting events are cancelled. Read once: nobody else writes during the
    /// transaction.
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

extension BatchSession {
    /// Applies a batch in the order of its members, then reads what it asks for.
    func apply(_ planned: StoreBatch) throws -> StoreBatchResult {
        var result = StoreBatchResult()
        let batch = try current(planned, &result)
        if batch.reads.pendingEvents > 0 || !batch.reads.takeovers.isEmpty {
            try takePlaces(dueBy: batch.reads.pendingEventsDueBy)
        }
        result.results = try batch.results.map { try record($0) }
        result.settlements = try batch.settlements.map { try settle($0) }
        for health in batch.health { try write(health) }
        for resumption in batch.resumptions { try resume(resumption) }
        result.acceptances = try batch.acceptances.map { try accept($0) }
        result.fanOuts += try batch.fanOuts.map { try fanOut($0) }
        if !batch.fanOuts.isEmpty, try !unmatchedCancellations().isEmpty { try UnmatchedCancellations.prune(db) }
        result.openCancellations = try batch.openCancellations.map { try cancelOpenDeliveries($0) }
        result.setAsides = try batch.setAsides.map { try setAside($0) }
        for (index, member) in batch.claims.enumerated() {
            result.claims.append(try claim(member, index, &result.refusals))
        }
        if batch.isTrial { try tryWriting() }
        if !batch.reads.isEmpty { result.reads = try read(batch.reads) }
        return result
    }

    /// Writes a page as it is.
    func tryWriting() throws {
        // The one value that SQLite writes although it stays the same; a host's is its own.
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// The batch, without what was matched by subscriptions that are not the store's any more.
    func current(_ planned: StoreBatch, _ result: inout StoreBatchResult) throws -> StoreBatch {
        guard let known = planned.subscriptionsVersion else { return planned }
        let select = try statement(.subscriptionsVersion)
        let version = try select.next() ? select.optionalInt64(0) ?? 0 : 0
        select.reset()
        return version == known ? planned : planned.unmatched(version, &result)
    }

    /// Claims. A damaged body is refused as the store's own refusals are: its delivery fails alone.
    func claim(_ claim: Claim, _ index: Int, _ refusals: inout [RowRefusal]) throws -> ClaimResult {
        switch try self.claim(claim) {
        case .success(let result): return result
        case .failure(let damage):
            refusals.append(RowRefusal(.claim(index), reason: damage.reason))
            return .refused
        }
    }

    func write(_ health: SubscriptionHealth) throws {
        try HealthRow.update(health, row: try names.row(of: health.subscription, db), db)
    }

    func resume(_ resumption: Resumption) throws {
        let row = try names.row(of: resumption.subscription, db)
        try HealthRow.resume(resumption.paused, row: row, at: resumption.at, db)
    }
}
