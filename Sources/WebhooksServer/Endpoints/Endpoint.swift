internal import WebhookCore
internal import Webhooks

/// A subscription as an application's endpoint.
struct Endpoint: Sendable {
    enum Source: Sendable {
        /// The file, or the host's own code: nothing of it changes here.
        case declared(Subscription)
        /// The store: its row, and what that says in plain text.
        case stored(StoredSubscription, SubscriptionDraft)
        /// It has left the configuration.
        case gone
    }

    var id: String
    var name: String
    var source: Source
    /// The reason why the dispatcher sends nothing to it.
    var health: SubscriptionHealth.Disabled?

    init(id: String, name: String, source: Source, health: SubscriptionHealth.Disabled?) {
        (self.id, self.name, self.source, self.health) = (id, name, source, health)
    }

    init(declared subscription: Subscription, health: SubscriptionHealth.Disabled?) {
        self.init(
            id: EndpointID.of(subscription.name),
            name: subscription.name,
            source: .declared(subscription),
            health: health
        )
    }

    init(stored row: StoredSubscription, health: SubscriptionHealth.Disabled?) {
        self.init(id: row.id, name: row.name, source: .stored(row, row.plainDraft), health: health)
    }

    var isDisabled: Bool {
        if health != nil { return true }
        switch source {
        case .declared(let subscription): return !subscription.isEnabled
        case .stored(let row, _): return row.isDisabled
        case .gone: return true
        }
    }

    /// Its members as the API shows them, without secrets and headers.
    var members: [(String, APIValue)] {
        var members = plainMembers
        if let health {
            members.append(("disabledReason", .string(health.cause.rawValue)))
        } else if case .stored(let row, _) = source, row.isDisabled {
            members.append(("disabledReason", .string(SubscriptionHealth.Disabled.Cause.manual.rawValue)))
        }
        return members
    }

    private var plainMembers: [(String, APIValue)] {
        switch source {
        case .stored(let row, let draft): return Self.members(row, draft, isDisabled: isDisabled)
        case .declared(let subscription):
            let rate = subscription.policy.rateLimit.flatMap { $0.period == .seconds(1) ? $0.count : nil }
            return declaredMembers(
                url: subscription.url.display,
                description: subscription.title ?? "",
                topics: subscription.topics.map(\.description),
                rate: rate,
                profile: subscription.profile.name
            )
        case .gone: return declaredMembers(url: "", description: "", topics: ["**"], rate: nil, profile: "")
        }
    }

    private func declaredMembers(
        url: String,
        description: String,
        topics: [String],
        rate: Int?,
        profile: String
    ) -> [(String, APIValue)] {
        let types = topics == ["**"] ? nil : topics
        let beginning = APIValue.time(Timestamp(milliseconds: 0))
        return [
            ("id", .string(id)), ("uid", .null), ("url", .string(url)), ("description", .string(description)),
            ("disabled", .bool(isDisabled)), ("eventTypes", .list(types)), ("filterTypes", .list(types)),
            ("channels", .null), ("throttleRate", .number(rate)), ("rateLimit", .number(rate)),
            ("version", .integer(1)),
            (
                "metadata",
                [
                    "webhooks.source": .string("file"), "webhooks.name": .string(name),
                    "webhooks.profile": .string(profile),
                ]
            ),
            ("createdAt", beginning), ("updatedAt", beginning),
        ]
    }

    private static func members(
        _ row: StoredSubscription,
        _ draft: SubscriptionDraft,
        isDisabled: Bool
    ) -> [(String, APIValue)] {
        let (own, kept) = EndpointDraft.split(row.metadata)
        let texts = EndpointDraft.texts(draft, row.metadata)
        let types = draft.topics == ["**"] ? nil : draft.topics
        let rate = draft.ratePerSecond
        return [
            ("id", .string(row.id)), ("uid", .text(row.uid)), ("url", .string(draft.url)),
            ("description", .string(texts.description)),
            ("disabled", .bool(isDisabled)), ("eventTypes", .list(types)), ("filterTypes", .list(types)),
            ("channels", .list(row.channels.isEmpty ? nil : row.channels)), ("throttleRate", .number(rate)),
            ("rateLimit", .number(rate)), ("version", .integer(kept["webhooks.version"].flatMap { Int($0) } ?? 1)),
            ("metadata", .raw(EndpointDraft.json(own).raw)), ("createdAt", .time(row.createdAt)),
            ("updatedAt", .time(row.updatedAt)), ("webhooks", .raw(more(draft, title: texts.title).raw)),
        ]
    }

    /// The extension, without what stands beside it and without secrets.
    ///
    /// - Parameter title: its title, where that is none of the description's.
    private static func more(_ draft: SubscriptionDraft, title: String?) -> JSONValue {
        let elsewhere: Set<String> = ["name", "url", "tenant", "tenants", "secrets", "headers", "enabled"]
        let members = (draft.json.object ?? []).compactMap { member -> JSONValue.Member? in
            if elsewhere.contains(member.key) || member.key == "topics" && !draft.hasPatterns { return nil }
            if member.key == "title", title == nil { return nil }
            guard member.key == "delivery", draft.ratePerSecond != nil else { return member }
            let rest = (member.value.object ?? []).filter { $0.key != "rateLimit" }
            return rest.isEmpty ? nil : JSONValue.Member(key: member.key, value: JSONValue(.object(rest)))
        }
        return JSONValue(.object(members))
    }
}
