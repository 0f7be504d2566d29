internal import Logging
internal import WebhookCore

extension WebhookDispatcher {
    /// How often a running dispatcher looks for what is older than the retention.
    static let retentionInterval: Duration = .seconds(60)
    /// Deliveries and events that one transaction deletes: short enough to hold nobody up.
    static let retentionPortion = 500

    /// Deletes what settled longer ago than the configured retention, a portion at a time, for as long as the task lives.
    func keepRetention(in session: DeliverySession) async {
        while !Task.isCancelled {
            let moment = Timestamp.now - registry.settings.retention
            do throws(StoreError) {
                while true {
                    let pruned = try await session.store.prune(olderThan: moment, limit: Self.retentionPortion)
                    guard pruned.deliveries > 0 || pruned.events > 0, !Task.isCancelled else { break }
                    await Task.yield()
                }
            } catch {
                logger.error("what is past its retention could not be deleted", metadata: ["error": "\(error)"])
            }
            guard (try? await Task.sleep(for: Self.retentionInterval)) != nil else { return }
        }
    }
}
