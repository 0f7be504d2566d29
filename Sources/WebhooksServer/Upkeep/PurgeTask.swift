internal import WebhookCore
internal import Webhooks

/// Erases the payloads of all messages that an application had when it was asked for.
struct PurgeTask: Sendable {
    let claimed: ClaimedTask

    private static let batch = 100

    /// Works until all are erased. What was erased before is skipped.
    func run(_ application: Application) async throws -> TaskResult {
        var query = MessageQuery(application)
        query.before = claimed.task.updatedAt
        query.needsData = false
        query.limit = Self.batch
        var (erased, open) = (claimed.task.done, 0)
        while true {
            try await claimed.renew()
            let page = try await claimed.store.messages(query)
            let ids = page.messages.filter { !$0.isExpunged }.map(\.id)
            if !ids.isEmpty {
                let administration = claimed.api.dispatcher.administration
                let result = try await claimed.held(administration.expunge(ids, for: claimed.claim))
                erased += result.events.count
                open += result.open.count
            }
            guard let next = page.next else { break }
            query.from = next
        }
        return TaskResult(.finished, ["messagesExpunged": .integer(erased), "messagesInFlight": .integer(open)])
    }
}
