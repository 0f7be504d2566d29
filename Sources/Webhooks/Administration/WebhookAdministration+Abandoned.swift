internal import WebhookCore
internal import WebhookEngine

/// The deliveries that dead dispatchers have left in flight, where none is alive to end them.
extension WebhookAdministration {
    /// The most attempts that are ended at once.
    private static let abandonedBatch = 500

    /// Ends attempts whose dispatchers are dead, as interrupted, so that their deliveries can be changed. Only on a store that
    /// several dispatchers share, and only where none of them is alive: one that is does so itself, with what it knows.
    func endAbandoned() async throws(WebhooksError) {
        do throws(StoreError) {
            guard try await Self.nodes(of: log)?.isEmpty == true,
                let store = try await log.stores.existingWriter() as? any LeaseStore
            else { return }
            while true {
                var look = StoreBatch()
                look.reads.abandoned = Self.abandonedBatch
                let found = try await store.committed(look).reads.abandoned
                guard !found.isEmpty else { return }
                let now = Timestamp.now
                let time = EngineTime(wall: now, monotonic: now)
                var batch = StoreBatch()
                batch.results = found.map { $0.ended(at: time) }
                let results = try await store.committed(batch).results
                let ended = results.count { $0 != .refused }
                log.stores.lines.line(
                    .warning,
                    "dispatchers ended during attempts, and none runs; they are recorded as interrupted",
                    ["attempts": "\(ended)"]
                )
                // What is refused was ended by another, or will be.
                guard ended > 0, found.count == Self.abandonedBatch else { return }
            }
        } catch {
            throw WebhooksError(error)
        }
    }

    private static func nodes(of log: WebhookLog) async throws(StoreError) -> [LivingNode]? {
        try await WebhookLog.nodes(of: log.stores.reader())
    }
}

extension DeliveryStore {
    /// Commits a batch, and waits for it.
    fileprivate func committed(_ batch: StoreBatch) async throws(StoreError) -> StoreBatchResult {
        let result: Result<StoreBatchResult, StoreError> = await withCheckedContinuation { continuation in
            commit(batch) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}
