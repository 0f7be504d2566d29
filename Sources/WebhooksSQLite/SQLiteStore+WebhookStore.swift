internal import GRDB
package import WebhookCore

extension SQLiteStore: WebhookStore {
    package var name: String { path }

    /// No warning: what would endanger the store is refused when it is opened.
    package var warning: String? { nil }

    package func size() async throws(StoreError) -> StoreSize {
        StoreSize(
            bytes: FileIdentity(files.path)?.size ?? 0,
            wal: FileIdentity(files.wal)?.size ?? 0,
            free: DiskSpace(of: files.path).map { Int64($0.free) }
        )
    }

    package func indexNewRows() async throws(StoreError) -> IndexingResult {
        try await indexNewRows(batchSize: Self.indexingBatch)
    }

    package func followDeliveries() async throws(StoreError) -> any DeliveryFollower {
        SQLiteFollower(store: self, cursor: try await deliveryCursor())
    }
}

/// Looks what has changed since the last look.
private struct SQLiteFollower: DeliveryFollower {
    let store: SQLiteStore
    var cursor: DeliveryCursor

    mutating func next() async throws(StoreError) -> [Delivery] {
        try await store.changedDeliveries(since: &cursor)
    }
}

extension DispatcherRecord {
    /// Reads what the lock's file says of its holder; `nil`: nobody holds it, or somebody who has not signed yet.
    ///
    /// - Parameter path: the database's.
    package init?(path: String, _ prefix: TablePrefix = .standard) {
        guard let record = DispatcherLock.record(path: path, prefix) else { return nil }
        self.init(record.holder)
        (isStopping, trouble) = (record.isStopping, record.trouble)
        (host, version, since) = (record.program?.host, record.program?.version, record.program?.since)
        lastSignOfLife = SignOfLife.read(storePath: path, prefix, of: record.holder.processID)?.age()
        let lines = HeldSubscriptions.read(storePath: path, prefix, of: record.holder.processID).names
        unusable = UnusableSubscriptions(lines: lines)
        let process = record.holder.processID
        let problems = RefusedConfiguration.read(storePath: path, prefix, of: process)
        if problems > 0 { refusals = [ConfigurationRefusal(processID: process, host: host, problems: problems)] }
    }
}
