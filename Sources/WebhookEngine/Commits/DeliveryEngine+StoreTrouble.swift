package import WebhookCore

/// This is how the engine learns of the store's state beside transactions, which an engine with nothing to record has none of.
extension DeliveryEngine {
    /// A round of leases has ended.
    ///
    /// - Parameter error: the reason why it failed; `nil`: it succeeded.
    package mutating func leaseRoundEnded(_ error: StoreError?, at time: EngineTime) {
        if let error {
            actions.notices.append(.storeFailed(error, commits.leaseRoundFailed(now: time.monotonic)))
        } else if let notice = commits.leaseRoundSucceeded(now: time.monotonic) {
            actions.notices.append(notice)
        }
        finishInput(at: time)
    }

    /// The store has not answered a call for too long.
    ///
    /// - Parameters:
    ///   - error: says so.
    ///   - isLeaseRound: whether it is a round of leases, or one as well.
    package mutating func storeIsSilent(_ error: StoreError, isLeaseRound: Bool, at time: EngineTime) {
        if let occasion = commits.isSilent(isLeaseRound: isLeaseRound, now: time.monotonic) {
            actions.notices.append(.storeFailed(error, occasion))
        }
        finishInput(at: time)
    }
}
