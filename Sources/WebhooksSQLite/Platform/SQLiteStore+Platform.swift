internal import GRDB
package import WebhookCore

extension SQLiteStore: PlatformStore {
    package func apply(
        _ changes: [PlatformChange],
        answer: StoredAnswer?
    ) async throws(StoreError) -> PlatformResult {
        let now = clock.now
        return try await write { session in
            let writer = PlatformWriter(db: session.db)
            var result = PlatformResult.done
            // What was changed before the refusal is undone; the transaction goes on without it.
            try session.db.connection.inSavepoint {
                if let answer, try !writer.insert(answer, at: now) { result = .answered }
                for change in changes where result == .done { result = try writer.apply(change, at: now) }
                return result == .done ? .commit : .rollback
            }
            return result
        }
    }

    package func answer(_ key: ByteString, at instant: Timestamp) async throws(StoreError) -> StoredAnswer? {
        try await read { db in
            let select = try PreparedStatement(
                db,
                "SELECT request, status, body, expires_at FROM webhooks_answers WHERE key = ? AND expires_at > ?"
            )
            try select.bind(key)
            try select.bind(instant)
            guard try select.next() else { return nil }
            defer { select.reset() }
            return StoredAnswer(
                key: key,
                request: select.bytes(0),
                status: select.int(1),
                body: select.bytes(2),
                expiresAt: select.timestamp(3)
            )
        }
    }

    package func token(_ digest: ByteString) async throws(StoreError) -> AccessToken? {
        try await read { db in
            let select = try PreparedStatement(
                db,
                """
                SELECT application, capabilities, read_only, session, expires_at FROM webhooks_tokens WHERE digest = ?
                """
            )
            try select.bind(digest)
            guard try select.next() else { return nil }
            defer { select.reset() }
            return AccessToken(
                digest: digest,
                application: select.text(0),
                capabilities: select.optionalText(1).map { $0.split(separator: ",").map(String.init) },
                isReadOnly: select.bool(2),
                session: select.optionalText(3),
                expiresAt: select.timestamp(4)
            )
        }
    }
}

extension Conditions {
    /// Only what stands behind the start of a walk.
    mutating func walk(_ column: String, _ page: PageWalk) {
        add("\(column) \(page.isDescending ? "<" : ">") ?", page.from)
    }
}
