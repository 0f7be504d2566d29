internal import WebhookCore
internal import Webhooks

/// Tells names that filters ask for from slips: a subscription that neither the configuration nor the log knows, a topic
/// that no event has and nobody lists.
struct KnownNames {
    var log: WebhookLog
    /// The configuration's; `nil` where nobody knows them: then nothing counts as a slip.
    var entries: [ConfigurationOutline.Entry]?
    /// Every profile's topics; asked for only where nothing else knows a topic.
    var topics: () -> TopicCatalog

    init(_ opened: OpenedLog) {
        log = opened.log
        entries = opened.configuration == nil ? nil : opened.outline.entries
        topics = { opened.configuration?.topics() ?? TopicCatalog() }
    }

    init(_ dispatcher: WebhookDispatcher) {
        log = dispatcher.log
        entries = dispatcher.registry.subscriptions.map {
            ConfigurationOutline.Entry(name: $0.name, isEnabled: $0.isEnabled, topics: $0.topics.map(\.description))
        }
        topics = { dispatcher.topics }
    }

    /// Ends with an error where one of the names is a slip.
    func check(subscription: String?, topics: [String] = []) async throws {
        var unknown: [String] = []
        if let subscription, let problem = try await problem(subscription: subscription) { unknown.append(problem) }
        for topic in topics {
            if let problem = try await problem(topic: topic) { unknown.append(problem) }
        }
        guard !unknown.isEmpty else { return }
        throw CommandFailure(
            .negative,
            code: WebhooksError.Code.notFound.description,
            unknown.joined(separator: "\n"),
            hint: subscription == nil
                ? "`webhooks topics list` shows what profiles know" : "`webhooks stats` lists them"
        )
    }

    private func problem(subscription name: String) async throws -> String? {
        guard let entries, !entries.contains(where: { $0.name == name }) else { return nil }
        let stored = try await log.subscriptionNames()
        if stored.contains(name) { return nil }
        let hint = NameHint.question(name, in: entries.map(\.name) + stored).map { "; \($0)" } ?? ""
        return "neither the configuration nor the store has a subscription named \(name)\(hint)"
    }

    private func problem(topic name: String) async throws -> String? {
        guard let entries else { return nil }
        var query = EventQuery()
        query.topics = [name]
        query.limit = 1
        guard try await log.events(query).isEmpty else { return nil }
        let patterns = entries.flatMap(\.topics).compactMap { try? TopicPattern($0) }
        if patterns.contains(where: { !$0.hasWildcard && $0.description == name }) { return nil }
        let known = topics().names
        if known.contains(name) { return nil }
        let filled = patterns.compactMap { $0.filled(from: name) }.filter { $0 != name }
        let hint = NameHint.question(name, in: filled + known).map { "; \($0)" } ?? ""
        return "no event has the topic \(name), and no profile or subscription lists it\(hint)"
    }
}
