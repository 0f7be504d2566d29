internal import Logging
package import WebhookCore
internal import Webhooks

/// This is done now and then, whatever requests come.
extension WebhooksAPI {
    /// The time between two looks.
    package static let upkeepInterval: Duration = .seconds(60)
    /// The time that expired tokens are known for, so that whoever has one is told why it is refused.
    static let expiredTokens: Duration = .seconds(30 * 86_400)
    /// The time that tasks are known for after their end.
    static let endedTasks: Duration = .seconds(30 * 86_400)
    /// The most payloads that are erased in one go.
    private static let batch = 100

    /// Looks again and again, until it is cancelled: also for tasks that nobody works on.
    package func keepUp() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                for await notice in dispatcher.notices() where notice.kind == .storeRecovered {
                    storeWorks(at: notice.at)
                }
            }
            while !Task.isCancelled {
                group.addTask { await self.takeUpTasks() }
                await upkeep(at: .now)
                try? await Task.sleep(for: Self.upkeepInterval)
            }
        }
    }

    /// Drops answers whose time is over, tokens whose time has long been, and tasks that ended long ago, and erases payloads
    /// whose time is over.
    package func upkeep(at now: Timestamp) async {
        do {
            let store = try await dispatcher.platformStore()
            let forgetting = PlatformChange.forgetExpired(
                answers: now,
                tokens: now - Self.expiredTokens,
                tasks: now - Self.endedTasks
            )
            _ = try await store.apply([forgetting], answer: nil)
            upkeepOutage.worked(isChange: true, at: now)
            while true {
                let due = try await store.expiredMessages(at: now, limit: Self.batch)
                guard !due.isEmpty else { return }
                let erased = try await dispatcher.administration.expunge(due, cancels: true).result
                // What has an attempt under way comes next time.
                guard erased.open.isEmpty, due.count == Self.batch else { return }
            }
        } catch let error where error.storeFailure != nil {
            if let cause = error.storeFailure { upkeepOutage.failed(cause, isChange: true, at: now) }
        } catch {
            logger.warning("payloads and answers whose time is over are still there", metadata: ["error": "\(error)"])
        }
    }
}

extension Error {
    /// The store's own error, where that is behind it.
    var storeFailure: StoreError? { self as? StoreError ?? (self as? WebhooksError)?.store }
}
