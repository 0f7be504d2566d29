#if PostgreSQL
    package import WebhookCore

    /// Deleting and erasing, and looking for what must never be.
    extension PostgresStore {
        package func prune(olderThan instant: Timestamp, limit: Int) async throws(StoreError) -> PruneResult {
            // The search may pass many rows that stay: it is done beside the writer.
            let found = try await read { connection in
                let pruning = Pruning(connection: connection, instant: instant)
                return (
                    deliveries: try pruning.settledDeliveries(limit: limit),
                    events: try pruning.bareEvents(limit: limit)
                )
            }
            if found.deliveries.isEmpty && found.events.isEmpty { return PruneResult() }
            return try await write(telling: nil) { session in
                let pruning = Pruning(connection: session.connection, instant: instant)
                var result = PruneResult()
                guard session.trial != nil else {
                    try pruning.delete(deliveries: found.deliveries, limit: limit, into: &result)
                    try pruning.delete(events: found.events, limit: limit, into: &result)
                    return result
                }
                // Each by itself, so that the store keeps only what it must.
                for row in found.deliveries {
                    let before = result
                    let outcome = try session.item(.delivery) {
                        try pruning.delete(deliveries: [row], limit: limit, into: &result)
                    }
                    guard case .failure(let refused) = outcome else { continue }
                    result = before
                    let id = Delivery.ID(rawValue: row).description
                    result.refused.append(RefusedItem(id: id, reason: refused.reason))
                }
                for row in found.events {
                    let before = result
                    let outcome = try session.item(.event) {
                        try pruning.delete(events: [row], limit: limit, into: &result)
                    }
                    guard case .failure(let refused) = outcome else { continue }
                    result = before
                    let id = try session.connection.run(
                        Statement("SELECT event_id FROM events WHERE id = $1::int8"),
                        [.int8(row)]
                    )
                    result.refused.append(RefusedItem(id: id.first?.text(0) ?? "\(row)", reason: refused.reason))
                }
                return result
            }
        }

        package func prunable(olderThan instant: Timestamp) async throws(StoreError) -> PruneResult {
            try await read { try Pruning(connection: $0, instant: instant).count() }
        }

        package func integrityProblems() async throws(StoreError) -> [String] {
            try await read { try Integrity(connection: $0).run() }
        }

        package func exportPage(_ query: DeliveryQuery) async throws(StoreError) -> [ExportedDelivery] {
            try await read { connection in
                let deliveries = try DeliverySearch(query: query).run(connection)
                var page: [ExportedDelivery] = []
                var size = 0
                // The data of some at a time: a page ends once it holds enough.
                var rest = deliveries[...]
                while !rest.isEmpty, size < ExportedDelivery.pageSize {
                    let some = rest.prefix(20)
                    rest = rest.dropFirst(some.count)
                    let events = try EventRow.known(Set(some.map(\.event)).sorted(), connection)
                    for delivery in some where size < ExportedDelivery.pageSize {
                        guard let event = events[delivery.event]?.1 else { continue }
                        // Deliveries of one event stand together for the most part, and share its data.
                        if page.last?.delivery.event != delivery.event { size += event.data.count }
                        page.append(
                            ExportedDelivery(delivery: delivery, occurredAt: event.occurredAt, data: event.data)
                        )
                    }
                }
                return page
            }
        }

        package func expunge(events ids: [String], at instant: Timestamp) async throws(StoreError) -> ExpungeResult {
            try await write(telling: nil) { session in try session.expunge(ids, at: instant) }
        }

        package func expungeAnswer(
            attempt number: Int,
            of delivery: Delivery.ID
        ) async throws(StoreError) -> Bool {
            try await write(telling: nil) { session in
                let key: [Parameter] = [.int8(delivery.rawValue), .int4(Int32(number))]
                let found = try session.connection.run(
                    Statement(
                        "SELECT headers FROM attempts WHERE delivery = $1::int8 AND number = $2::int4 FOR UPDATE"
                    ),
                    key
                )
                guard let row = found.first else { return false }
                let request = try HeaderCoding.decode(row.bytes(0)).request
                let headers = HeaderCoding.encode(request: request, response: [])
                return try session.connection.run(
                    Statement(
                        """
                        UPDATE attempts
                        SET detail = $3::bytea, headers = $4::bytea, response_body = ''::bytea, checksum = $5::int8
                        WHERE delivery = $1::int8 AND number = $2::int4
                        """
                    ),
                    key + [
                        .bytes(ByteString(Tombstone.answer)), .bytes(headers),
                        .int8(Checksum(headers: headers, responseBody: .empty).value),
                    ]
                )
                .changedCount == 1
            }
        }

        package func hostTriggers() async throws(StoreError) -> [String] {
            try await read { connection in
                try connection.run(
                    Statement(
                        """
                        SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                        JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1::text AND NOT t.tgisinternal ORDER BY 1
                        """
                    ),
                    [.text(connection.target.schema.name)]
                )
                .map { $0.text(0) }
            }
        }
    }

    extension PostgresStore.Session {
        /// Erases what events carried.
        func expunge(_ ids: [String], at instant: Timestamp) throws -> ExpungeResult {
            var result = ExpungeResult()
            let expunging = Expunging(connection: connection, instant: instant)
            for id in ids { try expunging.expunge(id, into: &result) }
            return result
        }
    }

    /// Erases what an event carried, within one transaction.
    private struct Expunging {
        let connection: PostgresConnection
        let instant: Timestamp

        func expunge(_ id: String, into result: inout ExpungeResult) throws {
            let found = try connection.run(
                Statement(
                    """
                    SELECT e.id, e.topic, EXISTS (SELECT 1 FROM pending p WHERE p.event = e.id)
                        OR EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id AND d.settled_at IS NULL)
                    FROM events e WHERE e.event_id = $1::text FOR UPDATE
                    """
                ),
                [.text(id)]
            )
            guard let event = found.first else { return result.unknown.append(id) }
            guard !event.bool(2) else { return result.open.append(id) }
            let row: [Parameter] = [.int8(event.int64(0))]
            let headers = HeaderCoding.encode(request: [], response: [])
            result.attempts += try connection.run(
                Statement(
                    """
                    UPDATE attempts SET detail = NULL, headers = $2::bytea, response_body = ''::bytea, checksum = $3::int8
                    WHERE delivery IN (SELECT id FROM deliveries WHERE event = $1::int8)
                    """
                ),
                row + [
                    .bytes(headers), .int8(Checksum(headers: headers, responseBody: .empty).value),
                ]
            )
            .changedCount
            result.deliveries += try connection.run(
                Statement("UPDATE deliveries SET body = NULL, detail = $2::text WHERE event = $1::int8"),
                row + [.text(Tombstone.detail)]
            )
            .changedCount
            try connection.run(Statement("DELETE FROM bodies WHERE event = $1::int8"), row)
            let data = Tombstone.data(at: instant)
            var checksum = Checksum()
            checksum.add(id)
            checksum.add(event.text(1))
            checksum.add(nil)
            checksum.add(data)
            try connection.run(
                Statement(
                    """
                    UPDATE events SET tenant = NULL, trace = NULL, data = $2::bytea, checksum = $3::int8
                    WHERE id = $1::int8
                    """
                ),
                row + [.bytes(data), .int8(checksum.value)]
            )
            try connection.run(
                Statement(
                    """
                    UPDATE messages
                    SET expunged_at = coalesce(expunged_at, $2::int8), event_id = NULL, channels = NULL, tags = NULL
                    WHERE event = $1::int8
                    """
                ),
                row + [.int8(instant.milliseconds)]
            )
            result.events.append(id)
        }
    }
#endif
