internal import GRDB
package import WebhookCore

extension SQLiteStore {
    package func integrityProblems() async throws(StoreError) -> [String] {
        try await integrityProblems(Interruption())
    }

    /// - Parameter interruption: ends it with an error.
    func integrityProblems(_ interruption: Interruption) async throws(StoreError) -> [String] {
        try await read { [self] db in
            try interruption.heeding(db.connection) { try integrityProblems(db, interruption) }
        }
    }

    private func integrityProblems(_ db: StoreDatabase, _ interruption: Interruption) throws -> [String] {
        _ = try Schema.version(of: db)
        let findings = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
        // An interrupted check ends early, and says so as if it was a finding.
        try interruption.check()
        guard findings == ["ok"] else {
            throw StoreError(.damaged, "\(path) is damaged: \(findings.joined(separator: "; "))")
        }
        try Schema.compare(db)
        try Self.verifyContents(db)
        let remembered = StoreIdentity.remembered(in: files.lock)
        let strangeness = files.strangeness(of: try StoreIdentity.read(db), remembered: remembered)
        return try [strangeness].compactMap(\.self)
            + Self.invariants.flatMap { what, sql in
                try Int64.fetchAll(db, sql: sql + " LIMIT 20").map { "\(what): \($0)" }
            }
    }

    /// Triggers that somebody else has added to our tables, by name: they run within the store's transactions, and may
    /// change or refuse what it writes.
    package func hostTriggers() async throws(StoreError) -> [String] {
        try await read { try Schema.hostTriggers($0) }
    }

    /// Reads what SQLite can't judge.
    ///
    /// - Throws: ``StoreError`` with `damaged` that names every damaged row, as far as ``DamageList`` goes.
    private static func verifyContents(_ db: StoreDatabase) throws {
        var damage = DamageList()
        let events = try PreparedStatement(db, "SELECT \(EventRow.columns) FROM webhooks_events e NOT INDEXED")
        while try events.next() { try damage.note { _ = try EventRow.read(events) } }
        let bodies = try PreparedStatement(
            db,
            "SELECT b.id, \(StoredBody.columns) FROM webhooks_bodies b NOT INDEXED \(StoredBody.join)"
        )
        while try bodies.next() {
            let id = bodies.int64(0)
            try damage.note {
                _ = try StoredBody.read(bodies, from: 1, "body \(id)\(owner(of: "body", id, db))")
            }
        }
        let attempts = try PreparedStatement(
            db,
            "SELECT delivery, checksum, headers, response_body FROM webhooks_attempts"
        )
        while try attempts.next() {
            let id = attempts.int64(0)
            let checksum = Checksum(headers: attempts.bytes(2), responseBody: attempts.bytes(3))
            try damage.note {
                let delivery = Delivery.ID(rawValue: id)
                try checksum.verify(attempts.int64(1), "an attempt of \(delivery)\(owner(of: "id", id, db))")
            }
        }
        try damage.check()
    }

    /// The event whose delivery has a body or an attempt that is damaged, in words: whoever erases it needs its id.
    private static func owner(of column: String, _ id: Int64, _ db: StoreDatabase) -> String {
        let event = try? String.fetchOne(
            db,
            sql: """
                SELECT e.event_id FROM webhooks_deliveries d JOIN webhooks_events e ON e.id = d.event
                WHERE d.\(column) = ? LIMIT 1
                """,
            arguments: [id]
        )
        return event.map { " of event \($0)" } ?? ""
    }

    /// The states that must never be, each with the statement that finds the rows. The table's own CHECKs hold the
    /// rest.
    private static let invariants: [(String, String)] = [
        (
            "delivery without its event",
            "SELECT id FROM webhooks_deliveries d WHERE NOT EXISTS (SELECT 1 FROM webhooks_events WHERE id = d.event)"
        ),
        (
            "delivery without its subscription",
            """
            SELECT id FROM webhooks_deliveries d
            WHERE NOT EXISTS (SELECT 1 FROM webhooks_subscriptions WHERE id = d.subscription)
            """
        ),
        (
            "delivery whose body is gone",
            """
            SELECT id FROM webhooks_deliveries d
            WHERE body IS NOT NULL AND NOT EXISTS (SELECT 1 FROM webhooks_bodies WHERE id = d.body)
            """
        ),
        (
            "delivery whose attempts are not all recorded",
            """
            SELECT id FROM webhooks_deliveries d WHERE attempts - (state = 2) <>
                (SELECT count(*) FROM webhooks_attempts WHERE delivery = d.id AND number <= d.attempts - (d.state = 2))
            """
        ),
        (
            "attempt that its delivery doesn't know",
            """
            SELECT delivery FROM webhooks_attempts a WHERE NOT EXISTS (
                SELECT 1 FROM webhooks_deliveries d WHERE d.id = a.delivery AND a.number <= d.attempts - (d.state = 2)
            )
            """
        ),
        (
            "event that waits for its fan-out and isn't there, is cancelled or has deliveries",
            """
            SELECT event FROM webhooks_pending p
            WHERE NOT EXISTS (SELECT 1 FROM webhooks_events WHERE id = p.event AND NOT cancelled)
            OR EXISTS (SELECT 1 FROM webhooks_deliveries WHERE event = p.event)
            """
        ),
        (
            "delivery that the log's indexes miss or have too early",
            """
            SELECT id FROM webhooks_deliveries d NOT INDEXED
            WHERE indexed <> (id <= (SELECT indexed_delivery FROM webhooks_schema))
            """
        ),
        (
            "delivery that is not found by its topic or tenant",
            """
            SELECT d.id FROM webhooks_deliveries d NOT INDEXED CROSS JOIN webhooks_events e ON e.id = d.event
            WHERE indexed = 1 AND NOT (
                EXISTS (SELECT 1 FROM webhooks_terms WHERE kind = 2 AND term = e.topic AND id = d.id) AND
                (e.tenant IS NULL OR EXISTS (SELECT 1 FROM webhooks_terms WHERE kind = 3 AND term = e.tenant AND id = d.id))
            )
            """
        ),
        (
            "event that is not found by its topic or tenant",
            """
            SELECT id FROM webhooks_events e NOT INDEXED WHERE id <= (SELECT indexed_event FROM webhooks_schema) AND NOT (
                EXISTS (SELECT 1 FROM webhooks_terms WHERE kind = 0 AND term = e.topic AND id = e.id) AND
                (e.tenant IS NULL OR EXISTS (SELECT 1 FROM webhooks_terms WHERE kind = 1 AND term = e.tenant AND id = e.id))
            )
            """
        ),
    ]
}
