internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// Applies a batch in the order of its members, then reads what it asks for.
    func apply(_ batch: StoreBatch) throws -> StoreBatchResult {
        var result = StoreBatchResult()
        if batch.reads.pendingEvents > 0 || !batch.reads.adoptions.isEmpty {
            try takePlaces(dueBy: batch.reads.pendingEventsDueBy)
        }
        result.results = try batch.results.map { try record($0) }
        result.settlements = try batch.settlements.map { try settle($0) }
        for health in batch.health { try write(health) }
        for resumption in batch.resumptions { try resume(resumption) }
        result.acceptances = try batch.acceptances.map { try accept($0) }
        result.fanOuts = try batch.fanOuts.map { try fanOut($0) }
        if !batch.fanOuts.isEmpty, try !unmatchedCancellations().isEmpty { try UnmatchedCancellations.prune(db) }
        result.withdrawals = try batch.withdrawals.map { try withdraw($0) }
        result.setAsides = try batch.setAsides.map { try setAside($0) }
        for (index, member) in batch.claims.enumerated() {
            result.claims.append(try claim(member, index, &result.refusals))
        }
        if !batch.reads.isEmpty { result.reads = try read(batch.reads) }
        return result
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
