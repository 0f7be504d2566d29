internal import WebhookCore
internal import WebhooksSQLite

extension WebhookLog {
    /// Writes a checked copy of the store to a new file (mode 0600), also while a dispatcher runs.
    ///
    /// - Parameter path: a file that is not there yet.
    /// - Returns: its size in bytes.
    /// - Throws: ``WebhooksError`` with `refused` where the file is there, with `store` for what else keeps it from being
    ///   written; then nothing is left behind.
    package func backUp(to path: String) async throws(WebhooksError) -> Int64 {
        do throws(StoreError) {
            guard let store = try await stores.reader() as? SQLiteStore else {
                throw StoreError(
                    .refused,
                    "the store is on PostgreSQL, whose own tools copy it while it is in use: `pg_dump`, `pg_basebackup`"
                )
            }
            return try await store.backUp(to: path)
        } catch {
            throw error.code == .refused ? WebhooksError(.refused, error.message) : WebhooksError(error)
        }
    }
}
