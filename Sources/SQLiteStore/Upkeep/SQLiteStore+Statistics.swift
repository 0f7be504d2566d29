internal import GRDB
public import WebhookCore

extension SQLiteStore {
    public func statistics() async throws(StoreError) -> [SubscriptionStatistics] {
        try await read { try StatisticsReport(db: $0).run() }
    }
}
