internal import Logging
internal import WebhookCore
internal import WebhooksSQLite

/// Decides what retention may delete, so that a wrong clock doesn't delete a log: what has been old on two looks an hour of
/// the monotonic clock apart, and of that never more than a share of the log at once.
///
/// `webhooks prune` deletes more at once.
struct RetentionPlan {
    /// Nanoseconds between two looks.
    static let distance: UInt64 = 3_600_000_000_000
    /// The divisor of the share that may go at once: one row in ten.
    static let share = 10
    /// The number of rows that may go whatever the log's size.
    static let least = 1000

    private var last: (cutoff: Timestamp, uptime: UInt64)?

    /// A batch to delete now.
    struct Batch: Equatable {
        /// The time before which a delivery must have settled to go.
        var cutoff: Timestamp
        /// The most deliveries, and the most events.
        var limit: Int
    }

    /// A look at the clocks.
    ///
    /// - Parameters:
    ///   - cutoff: what is older than the retention, as the wall clock says now.
    ///   - uptime: the monotonic clock, in nanoseconds.
    ///   - rows: about how many deliveries or events there are, whichever are more.
    /// - Returns: `nil`: nothing before a later look.
    mutating func look(cutoff: Timestamp, uptime: UInt64, rows: () throws -> Int) rethrows -> Batch? {
        guard let last else {
            self.last = (cutoff, uptime)
            return nil
        }
        guard uptime - last.uptime >= Self.distance else { return nil }
        let limit = max(Self.least, try rows() / Self.share)
        self.last = (cutoff, uptime)
        return Batch(cutoff: min(cutoff, last.cutoff), limit: limit)
    }
}

extension WebhookDispatcher {
    /// The time between two looks of a running dispatcher at the clocks for its retention.
    static let retentionInterval: Duration = .seconds(60)
    /// Deliveries and events that one transaction deletes: short enough to hold nobody up.
    static let retentionBatch = 500

    /// Deletes what settled longer ago than the configured retention, for as long as the task lives: once an hour, a batch at
    /// a time, and no more than ``RetentionPlan`` allows.
    func keepRetention(in session: DeliverySession) async {
        let clock = SystemClock()
        var plan = RetentionPlan()
        while !Task.isCancelled {
            do throws(StoreError) {
                let rows = try await session.store.approximateRows()
                let cutoff = clock.now - registry.settings.retention
                if let batchSize = plan.look(cutoff: cutoff, uptime: clock.uptimeNanoseconds, rows: { rows }) {
                    try await delete(batchSize, in: session)
                }
            } catch {
                logger.error("what is past its retention could not be deleted", metadata: ["error": "\(error)"])
            }
            guard (try? await Task.sleep(for: Self.retentionInterval)) != nil else { return }
        }
    }

    private func delete(_ batchSize: RetentionPlan.Batch, in session: DeliverySession) async throws(StoreError) {
        var left = batchSize.limit
        while left > 0, !Task.isCancelled {
            let limit = min(left, Self.retentionBatch)
            let pruned = try await session.store.prune(olderThan: batchSize.cutoff, limit: limit)
            if pruned.isEmpty { return }
            LogObserver.refused(pruned.refused, "not deleted", lines)
            left -= max(pruned.deliveries, pruned.events)
            await Task.yield()
        }
        guard left <= 0 else { return }
        let message = "much is past its retention at once, and the rest stays for an hour: is the clock right?"
        logger.warning(
            "\(Remedy.prune.text(after: message, for: configuration.audience))",
            metadata: ["deleted": "\(batchSize.limit)", "before": "\(batchSize.cutoff)"]
        )
    }
}
