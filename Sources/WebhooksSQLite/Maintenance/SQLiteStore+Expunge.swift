internal import GRDB
package import WebhookCore

extension SQLiteStore {
    /// Erases what events carried: data, tenant, bodies, headers, answers and details, and of a message its eventId, channels and
    /// tags. Id, topic and times stay.
    ///
    /// What was written over is zeroed within its pages (`secure_delete`), in a host's database as well; the write-ahead log
    /// keeps older pages until a dispatcher has emptied it.
    /// - Parameter ids: of events; those that are still open are left as they are.
    package func expunge(events ids: [String], at instant: Timestamp) async throws(StoreError) -> ExpungeResult {
        try await write { session in try session.expunge(ids, at: instant) }
    }

    package func expungeAnswer(attempt number: Int, of delivery: Delivery.ID) async throws(StoreError) -> Bool {
        try await write { session in
            let db = session.db
            return try db.erasing {
                let select = try PreparedStatement(
                    db,
                    "SELECT headers FROM webhooks_attempts WHERE delivery = ? AND number = ?"
                )
                try select.bind(delivery.rawValue)
                try select.bind(number)
                guard try select.next() else { return false }
                let known = select.bytes(0)
                select.reset()
                let headers = HeaderCoding.encode(request: try HeaderCoding.decode(known).request, response: [])
                let update = try PreparedStatement(
                    db,
                    """
                    UPDATE webhooks_attempts SET detail = ?, headers = ?, response_body = ?, checksum = ?
                    WHERE delivery = ? AND number = ?
                    """
                )
                try update.bind(Tombstone.answer as String?)
                try update.bind(headers)
                try update.bind(ByteString.empty)
                try update.bind(Checksum(headers: headers, responseBody: .empty).value)
                try update.bind(delivery.rawValue)
                try update.bind(number)
                return try update.run() == 1
            }
        }
    }
}

extension BatchSession {
    /// Erases what events carried.
    func expunge(_ ids: [String], at instant: Timestamp) throws -> ExpungeResult {
        try db.erasing {
            var expunging = Expunging(db: db, instant: instant)
            for id in ids { try expunging.expunge(id) }
            return expunging.result
        }
    }
}

/// Erases within one transaction, and keeps the account.
private struct Expunging {
    let db: StoreDatabase
    let instant: Timestamp
    var result = ExpungeResult()

    mutating func expunge(_ id: String) throws {
        let event = try Row.fetchOne(
            db,
            sql: """
                SELECT id, topic, tenant,
                    EXISTS (SELECT 1 FROM webhooks_pending WHERE event = e.id)
                    OR EXISTS (SELECT 1 FROM webhooks_deliveries WHERE event = e.id AND state < 3)
                FROM webhooks_events e WHERE event_id = ?
                """,
            arguments: [id]
        )
        guard let event else { return result.unknown.append(id) }
        if event[3] as Bool { return result.open.append(id) }
        let row: Int64 = event[0]
        try eraseDeliveries(of: row, tenant: event[2])
        try eraseEvent(row, id: id, topic: event[1], tenant: event[2])
        result.events.append(id)
    }

    private mutating func eraseDeliveries(of event: Int64, tenant: String?) throws {
        let headers = HeaderCoding.encode(request: [], response: [])
        let checksum = Checksum(headers: headers, responseBody: .empty).value
        for delivery in try Int64.fetchAll(
            db,
            sql: "SELECT id FROM webhooks_deliveries WHERE event = ?",
            arguments: [event]
        ) {
            if let tenant { try forget(.deliveryTenant, tenant, delivery) }
            let update = try PreparedStatement(
                db,
                """
                UPDATE webhooks_attempts SET detail = NULL, headers = ?, response_body = ?, checksum = ? WHERE delivery = ?
                """
            )
            try update.bind(headers)
            try update.bind(ByteString.empty)
            try update.bind(checksum)
            try update.bind(delivery)
            result.attempts += try update.run()
            result.deliveries += 1
        }
        // Bodies are shared within an event only.
        let bodies = try Int64.fetchAll(
            db,
            sql: "SELECT DISTINCT body FROM webhooks_deliveries WHERE event = ? AND body IS NOT NULL",
            arguments: [event]
        )
        try db.execute(
            sql: "UPDATE webhooks_deliveries SET body = NULL, detail = ? WHERE event = ?",
            arguments: [Tombstone.detail, event]
        )
        for body in bodies { try db.execute(sql: "DELETE FROM webhooks_bodies WHERE id = ?", arguments: [body]) }
    }

    private func eraseEvent(_ row: Int64, id: String, topic: String, tenant: String?) throws {
        if let tenant { try forget(.eventTenant, tenant, row) }
        let data = Tombstone.data(at: instant)
        var checksum = Checksum()
        checksum.add(id)
        checksum.add(topic)
        checksum.add(nil)
        checksum.add(data)
        let update = try PreparedStatement(
            db,
            "UPDATE webhooks_events SET tenant = NULL, trace = NULL, data = ?, checksum = ? WHERE id = ?"
        )
        try update.bind(data)
        try update.bind(checksum.value)
        try update.bind(row)
        _ = try update.run()
        try db.execute(
            sql: """
                UPDATE webhooks_messages
                SET expunged_at = coalesce(expunged_at, ?), event_id = NULL, channels = NULL, tags = NULL WHERE event = ?
                """,
            arguments: [instant.milliseconds, row]
        )
    }

    private func forget(_ kind: Term, _ term: String, _ id: Int64) throws {
        try db.execute(
            sql: "DELETE FROM webhooks_terms WHERE kind = ? AND term = ? AND id = ?",
            arguments: [kind.rawValue, term, id]
        )
    }
}

extension Database {
    /// Does work whose deletions leave nothing in the pages, on a host's connection, too: that has a setting of its own, which it
    /// gets back. Our connections always delete so.
    func erasing<Value>(_ work: () throws -> Value) throws -> Value {
        let before = try Int.fetchOne(self, sql: "PRAGMA secure_delete") ?? 0
        guard before != 1 else { return try work() }
        try execute(sql: "PRAGMA secure_delete = ON")
        defer { try? execute(sql: "PRAGMA secure_delete = \(before == 2 ? "FAST" : "OFF")") }
        return try work()
    }
}
