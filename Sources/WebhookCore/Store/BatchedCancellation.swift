/// A store that cancels all that a subscription has open in several transactions: it may have a million waiting, and what is
/// sent must go on in between.
package protocol BatchedCancellation: EventLog {
    /// Cancels what waits of a subscription, at most ``cancellationBatch`` deliveries; then what is in flight.
    ///
    /// - Parameters:
    ///   - position: the one before the first to look at; ``Refill/Position/start`` at the beginning.
    ///   - detail: why; `nil`: somebody wanted it so.
    ///   - result: of the transactions before.
    /// - Returns: the result with this one, and where to go on; `nil`: all is done.
    func cancelOpen(
        of subscription: String,
        after position: Refill.Position,
        detail: String?,
        at instant: Timestamp,
        _ result: CancelResult
    ) async throws(StoreError) -> (result: CancelResult, end: Refill.Position?)

    /// Cancels deliveries in one transaction.
    ///
    /// - Parameter result: of the transactions before.
    func cancel(
        _ deliveries: [Delivery.ID],
        at instant: Timestamp,
        _ result: CancelResult
    ) async throws(StoreError) -> CancelResult
}

extension BatchedCancellation {
    /// The number of deliveries that one transaction cancels.
    package static var cancellationBatch: Int { 5_000 }

    package func endDeliveries(
        of subscription: String,
        detail: String,
        at instant: Timestamp
    ) async throws(StoreError) -> Int {
        let result = try await cancelOpen(of: subscription, detail: detail, at: instant, CancelResult())
        return result.deliveries.count + result.underWay.count
    }

    /// Cancels all that a subscription has open, by hand; what disablings have cancelled so far counts as that, too.
    package func cancelAll(
        of subscription: String,
        at instant: Timestamp,
        _ result: CancelResult
    ) async throws(StoreError) -> CancelResult {
        var result = try await cancelOpen(of: subscription, detail: nil, at: instant, result)
        var query = DeliveryQuery(states: [.cancelled])
        query.errors = [.disabled]
        query.subscription = subscription
        query.limit = Self.cancellationBatch
        while true {
            // Looked for without the right to write: mostly there is none.
            let found = try await deliveries(query).map(\.id)
            guard let last = found.last else { return result }
            result = try await cancel(found, at: instant, result)
            query.after = last
        }
    }

    private func cancelOpen(
        of subscription: String,
        detail: String?,
        at instant: Timestamp,
        _ result: CancelResult
    ) async throws(StoreError) -> CancelResult {
        var result = result
        var position: Refill.Position? = .start
        while let start = position {
            (result, position) = try await cancelOpen(
                of: subscription,
                after: start,
                detail: detail,
                at: instant,
                result
            )
        }
        return result
    }
}

extension Refill.Position {
    /// The position before a subscription's first open delivery.
    package static let start = Self(
        dueAt: Timestamp(milliseconds: .min),
        delivery: Delivery.ID(rawValue: .min)
    )
}
