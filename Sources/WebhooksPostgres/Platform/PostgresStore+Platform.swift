#if PostgreSQL
    package import WebhookCore

    extension PostgresStore: PlatformStore {
        package func apply(
            _ changes: [PlatformChange],
            answer: StoredAnswer?
        ) async throws(StoreError) -> PlatformResult {
            let now = clock.now
            // Dispatchers look at nothing else of it.
            let changesSubscriptions = changes.contains { if case .deleteApplication = $0 { true } else { false } }
            return try await write(telling: changesSubscriptions ? .everything : nil) { session in
                let writer = PlatformWriter(connection: session.connection, identity: session.identity)
                // What was changed before the refusal is undone; the transaction goes on without it.
                return try session.allOrNone { () throws -> (PlatformResult, Bool) in
                    if let answer, try !writer.insert(answer, at: now) { return (.answered, false) }
                    for change in changes {
                        let result = try writer.apply(change)
                        guard result == .done else { return (result, false) }
                    }
                    return (.done, true)
                }
            }
        }

        package func answer(_ key: ByteString, at instant: Timestamp) async throws(StoreError) -> StoredAnswer? {
            try await read { connection in
                try connection.run(
                    Statement(
                        """
                        SELECT request, status, body, expires_at FROM answers WHERE key = $1::bytea AND expires_at > $2::int8
                        """
                    ),
                    [.bytes(key), .int8(instant.milliseconds)]
                )
                .first.map { row in
                    StoredAnswer(
                        key: key,
                        request: row.bytes(0),
                        status: row.int(1),
                        body: row.bytes(2),
                        expiresAt: row.timestamp(3)
                    )
                }
            }
        }

        package func token(_ digest: ByteString) async throws(StoreError) -> AccessToken? {
            try await read { connection in
                try connection.run(
                    Statement(
                        """
                        SELECT application, capabilities, read_only, session, expires_at FROM tokens
                        WHERE digest = $1::bytea
                        """
                    ),
                    [.bytes(digest)]
                )
                .first.map { row in
                    AccessToken(
                        digest: digest,
                        application: row.text(0),
                        capabilities: row.optionalText(1).map { $0.split(separator: ",").map(String.init) },
                        isReadOnly: row.bool(2),
                        session: row.optionalText(3),
                        expiresAt: row.timestamp(4)
                    )
                }
            }
        }
    }

    extension Conditions {
        /// Only what stands behind the start of a walk.
        mutating func walk(_ column: String, _ page: PageWalk) {
            guard let from = page.from else { return }
            add("\(column) \(page.isDescending ? "<" : ">") ?::text", .text(from))
        }
    }

    extension PageWalk {
        var order: String { isDescending ? "DESC" : "ASC" }
    }
#endif
