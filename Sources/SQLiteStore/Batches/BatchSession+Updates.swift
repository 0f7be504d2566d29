internal import GRDB
internal import WebhookCore

extension BatchSession {
    /// Records a finished attempt and what follows, if it is the one in flight.
    func record(_ write: AttemptWrite) throws -> Bool {
        let attempt = write.attempt
        let finish = try statement(.finishDelivery)
        switch write.next {
        case .settled(let state):
            try finish.bind(state.code)
            try finish.bindNull()
            try finish.bindNull()
            try finish.bind(attempt.finishedAt ?? attempt.startedAt)
        case .waiting(let moment):
            try finish.bind(DeliveryState.waiting.code)
            try finish.bind(moment)
            try finish.bind(write.wait.wholeMilliseconds)
            try finish.bindNull()
        }
        try finish.bind(attempt.status)
        try finish.bind(attempt.error?.code)
        try finish.bind(write.freeAttempts)
        try finish.bind(write.interruptions)
        try finish.bind(write.delivery.rawValue)
        try finish.bind(attempt.number)
        guard try finish.run() == 1 else { return false }
        try insert(attempt, delivery: write.delivery)
        return true
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

    /// Gives a new delivery the body that could not be rendered for the one it repeats.
    func setBody(_ rendering: Retrigger.Rendering, of delivery: Int64) throws {
        let body = try insert(body: rendering.body)
        let update = try RawStatement(db, "UPDATE webhooks_deliveries SET body = ?, content_type = ? WHERE id = ?")
        try update.bind(body)
        try update.bind(rendering.contentType.code)
        try update.bind(delivery)
        try update.run()
    }

    func withdraw(_ withdrawal: Withdrawal) throws -> Int {
        guard let subscription = try names.knownRow(of: withdrawal.subscription, db) else { return 0 }
        let withdraw = try statement(.withdraw)
        try withdraw.bind(DeliveryState.cancelled.code)
        try withdraw.bind(DeliveryError.disabled.code)
        try withdraw.bind(withdrawal.at)
        try withdraw.bind(subscription)
        try withdraw.bind(withdrawal.limit)
        return try withdraw.run()
    }

    /// Makes a delivery in flight, if it waits for that attempt.
    func claim(_ claim: Claim) throws -> ClaimResult {
        let update = try statement(.claimDelivery)
        try update.bind(claim.at)
        try update.bind(claim.delivery.rawValue)
        try update.bind(claim.number - 1)
        guard try update.run() == 1 else { return .refused }
        guard claim.needsBody else { return .claimed(body: nil) }
        let select = try statement(.selectBody)
        try select.bind(claim.delivery.rawValue)
        guard try select.next() else { return .claimed(body: nil) }
        defer { select.reset() }
        let body = select.bytes(0)
        // Before anything of it can be sent.
        try Checksum(body: body).verify(select.int64(1), "the body of \(claim.delivery)")
        return .claimed(body: body)
    }
}
