internal import Logging
package import WebhookCore
internal import Webhooks

/// This is done now and then, whatever requests come.
extension WebhooksAPI {
    /// The time between two looks.
    package static let upkeepInterval: Duration = .seconds(60)
    /// The most payloads that are erased in one go.
    private static let batch = 100

    /// Goes on with what was interrupted, then looks again and again until it is cancelled.
    package func keepUp() async {
        await resumeTasks()
        while !Task.isCancelled {
            await upkeep(at: .now)
            try? await Task.sleep(for: Self.upkeepInterval)
        }
    }

    /// Drops answers and tokens whose time is over, and erases payloads whose time is.
    package func upkeep(at now: Timestamp) async {
        do {
            let store = try await dispatcher.platformStore()
            _ = try await store.apply([.forgetExpired(at: now)], answer: nil)
            while true {
                let due = try await store.expiredMessages(at: now, limit: Self.batch)
                guard !due.isEmpty else { return }
                let erased = try await dispatcher.administration.expunge(due, cancels: true).result
                _ = try await store.apply([.markExpunged(events: erased.events, at: now)], answer: nil)
                // What has an attempt under way comes next time.
                guard erased.open.isEmpty, due.count == Self.batch else { return }
            }
        } catch {
            logger.warning("payloads and answers whose time is over are still there", metadata: ["error": "\(error)"])
        }
    }

    /// Goes on with the tasks that the process before has left.
    private func resumeTasks() async {
        do {
            let store = try await dispatcher.platformStore()
            for task in try await store.tasks(PageWalk(limit: 1_000), kind: nil, state: .running) {
                if task.kind == PurgeTask.kind {
                    await PurgeTask(api: self, task: task).run()
                } else {
                    await ReplayTask(api: self, task: task)?.run()
                }
            }
        } catch {
            logger.warning("background tasks that were left can't be taken up", metadata: ["error": "\(error)"])
        }
    }
}

/// Erases the payloads of all messages that an application had when it was asked for.
struct PurgeTask: Sendable {
    static let kind = "application.purge_content"

    let api: WebhooksAPI
    var task: BackgroundTask

    /// Works until all are erased. What was erased before is skipped, so that it may be done again.
    func run() async {
        var task = task
        do {
            let store = try await api.dispatcher.platformStore()
            guard let id = task.application, let application = try await store.application(id) else {
                return try await finish(&task, .failed, "{\"reason\":\"the application is gone\"}", store)
            }
            var query = MessageQuery(application)
            query.before = task.updatedAt
            query.needsData = false
            query.limit = 100
            var (erased, open) = (0, 0)
            while true {
                let page = try await store.messages(query)
                guard let last = page.last else { break }
                let ids = page.filter { !$0.isExpunged }.map(\.id)
                if !ids.isEmpty {
                    let result = try await api.dispatcher.administration.expunge(ids, cancels: true).result
                    _ = try await store.apply([.markExpunged(events: result.events, at: .now)], answer: nil)
                    erased += result.events.count
                    open += result.open.count
                }
                query.from = last.row
            }
            try await finish(&task, .finished, "{\"messagesExpunged\":\(erased),\"messagesInFlight\":\(open)}", store)
        } catch {
            // It stays `running`: the next process takes it up.
            api.logger.warning(
                "a background task is interrupted",
                metadata: ["task": "\(task.id)", "error": "\(error)"]
            )
        }
    }

    private func finish(
        _ task: inout BackgroundTask,
        _ state: BackgroundTask.State,
        _ data: String,
        _ store: any PlatformStore
    ) async throws {
        (task.state, task.data, task.updatedAt) = (state, data, .now)
        _ = try await store.apply([.putTask(task)], answer: nil)
    }
}
