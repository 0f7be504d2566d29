/// A row that a store has read, by the numbers of its columns. A NULL where none is expected reads as zero or nothing.
///
/// The stores have tables of their own, and select what they read in one order: each value is made of a row here.
package protocol StoredRow {
    func isNull(_ column: Int32) -> Bool
    func bool(_ column: Int32) -> Bool
    /// A whole number of whatever size the column has.
    func int(_ column: Int32) -> Int
    func optionalInt(_ column: Int32) -> Int?
    func int64(_ column: Int32) -> Int64
    func optionalInt64(_ column: Int32) -> Int64?
    func timestamp(_ column: Int32) -> Timestamp
    func optionalTimestamp(_ column: Int32) -> Timestamp?
    func optionalDuration(_ column: Int32) -> Duration?
    func text(_ column: Int32) -> String
    func optionalText(_ column: Int32) -> String?
    func bytes(_ column: Int32) -> ByteString
}

extension Event {
    /// The columns that an event is read from, of events `e`.
    ///
    /// - Parameter messages: the table of messages, whose channels come with their events.
    package static func columns(messages: String) -> String {
        """
        e.event_id, e.topic, e.tenant, e.occurred_at, e.occurred_given, e.deliver_at, e.test, e.data, e.checksum, e.trace,
            (SELECT m.channels FROM \(messages) m WHERE m.event = e.id)
        """
    }
    /// The number of them: the first column behind.
    package static let columnCount: Int32 = 11

    /// Reads an event, its checksum aside.
    package init(_ row: some StoredRow) {
        self.init(
            stored: row.text(0),
            topic: row.text(1),
            data: row.bytes(7),
            tenant: row.optionalText(2),
            occurredAt: row.timestamp(3),
            occurredAtIsGiven: row.bool(4),
            deliverAt: row.optionalTimestamp(5),
            isTest: row.bool(6)
        )
        trace = row.optionalText(9).flatMap { TraceContext(stored: $0) }
        message = MessageTerms.read(row.optionalText(10)).map { MessageRecord(storedChannels: $0) }
    }
}

extension LoggedEvent {
    /// Reads an event of the log: id, topic, tenant, time, acceptance, due time, test, whether it is cancelled, the number of
    /// its deliveries, whether it waits for its fan-out, why it is set aside.
    package init(_ row: some StoredRow) {
        self.init(
            id: row.text(0),
            topic: row.text(1),
            tenant: row.optionalText(2),
            occurredAt: row.timestamp(3),
            createdAt: row.timestamp(4),
            deliverAt: row.optionalTimestamp(5),
            isTest: row.bool(6),
            isCancelled: row.bool(7),
            deliveryCount: row.int(8),
            isUnmatched: row.bool(9),
            setAside: row.optionalText(10)
        )
    }
}

extension OpenDelivery {
    /// The columns that a delivery is read from which has not settled, of deliveries `d` and events `e`.
    package static let columns = """
        d.id, d.mode, d.content_type, d.attempts, d.uncounted_attempts, d.interruptions, coalesce(d.due_at, d.claimed_at),
            e.id, e.event_id, e.topic, e.tenant, e.test, d.wait, e.trace
        """
    /// The number of them: the first column behind.
    package static let columnCount: Int32 = 14

    /// - Throws: ``StoreError`` with `damaged`.
    package init(_ row: some StoredRow, subscription: String) throws(StoreError) {
        self.init(
            id: Delivery.ID(rawValue: row.int64(0)),
            subscription: subscription,
            mode: try DeliveryMode(code: row.int(1)),
            contentType: try ContentType(code: row.int(2)),
            attempts: row.int(3),
            uncountedAttempts: row.int(4),
            interruptions: row.int(5),
            dueAt: row.timestamp(6),
            wait: row.optionalInt64(12).map { .milliseconds($0) },
            event: EventHeader(
                row: row.int64(7),
                id: row.text(8),
                topic: row.text(9),
                tenant: row.optionalText(10),
                isTest: row.bool(11),
                trace: row.optionalText(13).flatMap { TraceContext(stored: $0) }
            )
        )
    }
}

extension Delivery {
    /// Reads a delivery of the log: id, event, topic, tenant, subscription, state, mode, attempts, next attempt, last status,
    /// last error, creation, end, test, the delivery that it sends again, detail.
    ///
    /// - Throws: ``StoreError`` with `damaged`.
    package init(_ row: some StoredRow) throws(StoreError) {
        self.init(
            id: Delivery.ID(rawValue: row.int64(0)),
            event: row.text(1),
            topic: row.text(2),
            tenant: row.optionalText(3),
            subscription: row.text(4),
            state: try DeliveryState(code: row.int(5)),
            mode: try DeliveryMode(code: row.int(6)),
            attempts: row.int(7),
            nextAttemptAt: row.optionalTimestamp(8),
            lastStatus: row.optionalInt(9),
            lastError: try FailureKind(code: row.optionalInt(10)),
            createdAt: row.timestamp(11),
            settledAt: row.optionalTimestamp(12),
            isTest: row.bool(13),
            retriggerOf: row.optionalInt64(14).map { Delivery.ID(rawValue: $0) },
            detail: row.optionalText(15)
        )
    }
}

extension Attempt {
    /// The columns that an attempt is read from, in both stores.
    package static let columns = """
        number, outcome, status, error, started_at, finished_at, duration, dns, connect, tls, first_byte, truncated, reused,
            http_version, remote_address, url, detail, headers, response_body, checksum
        """

    /// Reads an attempt that has ended.
    ///
    /// - Parameter requestBody: its delivery's.
    /// - Throws: ``StoreError`` with `damaged`.
    package init(_ row: some StoredRow, requestBody: ByteString) throws(StoreError) {
        let (blob, responseBody) = (row.bytes(17), row.bytes(18))
        try Checksum(headers: blob, responseBody: responseBody).verify(row.int64(19), "an attempt's record")
        let headers = try HeaderCoding.decode(blob)
        self.init(
            number: row.int(0),
            startedAt: row.timestamp(4),
            url: row.text(15),
            requestHeaders: headers.request,
            requestBody: requestBody
        )
        outcome = try Attempt.Outcome(code: row.optionalInt(1))
        status = row.optionalInt(2)
        error = try FailureKind(code: row.optionalInt(3))
        finishedAt = row.optionalTimestamp(5)
        duration = row.optionalDuration(6)
        phases = Attempt.Phases(
            dns: row.optionalDuration(7),
            connect: row.optionalDuration(8),
            tls: row.optionalDuration(9),
            firstByte: row.optionalDuration(10)
        )
        responseTruncated = row.bool(11)
        connectionReused = row.bool(12)
        httpVersion = row.optionalText(13)
        remoteAddress = row.optionalText(14)
        detail = row.optionalText(16)
        responseHeaders = headers.response
        self.responseBody = responseBody
    }
}
