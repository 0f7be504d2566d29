internal import WebhookCore

/// Why an event is not for a subscription, in words.
enum MismatchText {
    static func topic(_ subscription: Subscription, meant: String?) -> String {
        let patterns = subscription.topics.prefix(8).map(\.description).joined(separator: ", ")
        let more = subscription.topics.count > 8 ? ", …" : ""
        return "its topics are \(patterns)\(more)" + (meant.map { "; did you mean \($0)?" } ?? "")
    }

    static func text(
        _ mismatch: MatchExplanation.Mismatch,
        _ event: Event,
        _ subscription: Subscription
    ) -> (code: String, text: String) {
        switch mismatch {
        case .topic: return ("topic", topic(subscription, meant: nil))
        case .notEnabled: return ("enabled", "the configuration says `enabled: false`")
        case .tenant(let wanted):
            guard let tenant = event.tenant else {
                return ("tenant", "it gets events of the tenant \(wanted) alone, and this one has no tenant")
            }
            let hint = NameHint.question(tenant, in: [wanted]).map { "; \($0)" } ?? ""
            return ("tenant", "it gets events of the tenant \(wanted) alone, not of \(tenant)\(hint)")
        case .profile: return ("profile", TopicCatalog.unknown(event.topic, of: subscription.profile))
        case .filter(let mismatch): return ("filter", text(mismatch))
        }
    }

    private static func text(_ mismatch: Filter.Mismatch) -> String {
        switch mismatch {
        case .entry(let entry, let actual):
            let path = entry.path.joined(separator: ".")
            let found = actual.map { "this event has \(clipped($0))" } ?? "this event has no such value"
            return "its filter wants \(path): \(clipped(entry.condition.description)); \(found)"
        case .noAlternative: return "none of the filters in its filter's `any` accepts the event"
        case .exclusion: return "its filter's `not` excludes the event"
        case .unreadableData: return "its filter can't read the event's data"
        }
    }

    private static func clipped(_ text: String) -> String {
        text.count > 80 ? text.prefix(80) + "…" : text
    }
}
