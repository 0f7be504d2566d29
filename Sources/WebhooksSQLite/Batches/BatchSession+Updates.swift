internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// Records a finished attempt and what follows, if it is the one in flight.
    func record(_ write: AttemptWrite) throws -> AttemptWriteResult {
        let result: AttemptWriteResult
        if try finish(write) {
            result = .recorded
        } else if let settled = try finishCancelled(write) {
            result = settled
        } else {
            return .refused
        }
        try insert(write.attempt, delivery: write.delivery)
        return result
    }

    /// Does what follows from an attempt, unless its delivery was cancelled meanwhile.
    private func finish(_ write: AttemptWrite) throws -> Bool {
        let attempt = write.attempt
        let finish = try statement(.finishDelivery)
        var error = attempt.error
        switch write.next {
        case .settled(let state):
            if state == .cancelled { error = .disabled }
            try finish.bind(state.code)
            try finish.bindNull()
            try finish.bindNull()
            try finish.bind(attempt.finishedAt ?? attempt.startedAt)
        case .waiting(let instant):
            try finish.bind(DeliveryState.waiting.code)
            try finish.bind(instant)
            try finish.bind(write.wait.wholeMilliseconds)
            try finish.bindNull()
        }
        try finish.bind(attempt.status)
        try finish.bind(error?.code)
        try finish.bind(write.uncountedAttempts)
        try finish.bind(write.interruptions)
        try finish.bind(write.delivery.rawValue)
        try finish.bind(attempt.number)
        return try finish.run() == 1
    }

    /// Settles a delivery that was cancelled during its attempt. `nil`: it wasn't.
    private func finishCancelled(_ write: AttemptWrite) throws -> AttemptWriteResult? {
        let attempt = write.attempt
        guard case .settled(let state) = write.next.ifCancelled else { return nil }
        let isChanged = write.next != write.next.ifCancelled
        let finish = try statement(.finishCancelled)
        try finish.bind(state.code)
        try finish.bind(attempt.finishedAt ?? attempt.startedAt)
        try finish.bind(attempt.status)
        try finish.bind(write.errorIfCancelled?.code)
        try finish.bind(write.uncountedAttempts)
        try finish.bind(write.interruptions)
        try finish.bind(isChanged ? AttemptWrite.cancelledDetail : nil)
        try finish.bind(write.delivery.rawValue)
        try finish.bind(attempt.number)
        guard try finish.run() == 1 else { return nil }
        return isChanged ? .cancelled : .recorded
    }

    private func insert(_ attempt: Attempt, delivery: Delivery.ID) throws {
        let insert = try statement(.insertAttempt)
        try insert.bind(delivery.rawValue)
        try insert.bind(attempt.number)
        try insert.bind(attempt.outcome?.code)
        try insert.bind(attempt.status)
        try insert.bind(attempt.error?.code)
        try insert.bind(attempt.startedAt)
        try insert.bind(attempt.finishedAt)
        try insert.bind(attempt.duration)
        try insert.bind(attempt.phases.dns)
        try insert.bind(attempt.phases.connect)
        try insert.bind(attempt.phases.tls)
        try insert.bind(attempt.phases.firstByte)
        try insert.bind(attempt.responseTruncated)
        try insert.bind(attempt.connectionReused)
        try insert.bind(attempt.httpVersion)
        try insert.bind(attempt.remoteAddress)
        try insert.bind(attempt.url)
        try insert.bind(attempt.detail)
        let headers = HeaderCoding.encode(request: attempt.requestHeaders, response: attempt.responseHeaders)
        try insert.bind(Checksum(headers: headers, responseBody: attempt.responseBody).value)
        try insert.bind(headers)
        try insert.bind(attempt.responseBody)
        try insert.run()
    }

    /// Settles a pending or waiting delivery.
    func settle(_ settlement: Settlement) throws -> Bool {
        let settle = try statement(.settleDelivery)
        try settle.bind(settlement.state.code)
        try settle.bind(settlement.error?.code)
        try settle.bind(settlement.detail)
        try settle.bind(settlement.at)
        try settle.bind(settlement.delivery.rawValue)
        return try settle.run() == 1
    }

    /// Takes care that no retry follows the attempt that is under way.
    func cancelInFlight(_ delivery: Delivery.ID, at instant: Timestamp) throws {
        let update = try PreparedStatement(
            db,
            "UPDATE webhooks_deliveries SET cancelled_at = coalesce(cancelled_at, ?) WHERE id = ? AND state = 2"
        )
        try update.bind(instant)
        try update.bind(delivery.rawValue)
        try update.run()
    }

    /// Makes a delivery that a disabling had cancelled one that is cancelled by hand.
    ///
    /// - Returns: whether it was one.
    func markCancelledByHand(_ delivery: Delivery.ID) throws -> Bool {
        let update = try PreparedStatement(
            db,
            "UPDATE webhooks_deliveries SET last_error = NULL WHERE id = ? AND state = ? AND last_error = ?"
        )
        try update.bind(delivery.rawValue)
        try update.bind(DeliveryState.cancelled.code)
        try update.bind(FailureKind.disabled.code)
        return try update.run() == 1
    }

    /// Gives a new delivery the body that could not be rendered for the one it repeats.
    func setBody(_ rendering: Retrigger.Rendering, of delivery: Int64, _ event: Int64) throws {
        let body = try insert(body: rendering.body, of: event, data: nil)
        let update = try PreparedStatement(db, "UPDATE webhooks_deliveries SET body = ?, content_type = ? WHERE id = ?")
        try update.bind(body)
        try update.bind(rendering.contentType.code)
        try update.bind(delivery)
        try update.run()
    }

    func cancelOpenDeliveries(_ cancellation: OpenCancellation) throws -> Int {
        guard let subscription = try row(of: cancellation) else { return 0 }
        let cancelOpenDeliveries = try statement(.cancelOpenDeliveries)
        try cancelOpenDeliveries.bind(DeliveryState.cancelled.code)
        try cancelOpenDeliveries.bind(FailureKind.disabled.code)
        try cancelOpenDeliveries.bind(cancellation.at)
        try cancelOpenDeliveries.bind(subscription)
        try cancelOpenDeliveries.bind(cancellation.limit)
        return try cancelOpenDeliveries.run()
    }

    /// The row of the subscription whose open deliveries are to be cancelled; `nil`: nothing is.
    func row(of cancellation: OpenCancellation) throws -> Int64? {
        guard let row = try names.knownRow(of: cancellation.subscription, db) else { return nil }
        return try !cancellation.whileDisabled || HealthRow.isDisabled(row: row, db) ? row : nil
    }

    /// Makes a delivery in flight, if it waits for that attempt.
    ///
    /// - Returns: why its body can't be sent, where it is damaged: then nothing is changed.
    func claim(_ claim: Claim) throws -> Result<ClaimResult, RowDamage> {
        var body: ByteString?
        if claim.needsBody {
            let found = try Self.readable { try self.body(of: claim.delivery) }
            if case .failure(let damage) = found { return .failure(damage) }
            body = try found.get()
        }
        let update = try statement(.claimDelivery)
        try update.bind(claim.at)
        try update.bind(claim.delivery.rawValue)
        try update.bind(claim.number - 1)
        return .success(try update.run() == 1 ? .claimed(body: body) : .refused)
    }

    private func body(of delivery: Delivery.ID) throws -> ByteString? {
        let select = try statement(.selectBody)
        try select.bind(delivery.rawValue)
        guard try select.next() else { return nil }
        defer { select.reset() }
        // Damage is found before anything of it can be sent.
        return try StoredBody.read(select, from: 0, "the body of \(delivery)")
    }
}
