public import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// Every known topic, by profile: the built-in profiles, and those of a configuration.
public struct TopicCatalog: Sendable {
    /// A topic as one profile speaks it.
    public struct Entry: Sendable {
        public var profile: Profile
        public var topic: ProfileTopic

        /// A JSON Schema (2020-12) of the topic's data.
        public var schema: String { ProfileSchema.jsonSchema(for: topic) }
        /// A TypeScript type of the topic's data.
        public var typeScript: String { ProfileSchema.typeScript(for: topic) }
    }

    private let catalog: ProfileCatalog

    /// The built-in profiles.
    public init() {
        catalog = ProfileCatalog()
    }

    init(_ catalog: ProfileCatalog) {
        self.catalog = catalog
    }

    /// Every profile, by name. Reads those that were not needed yet.
    public var profiles: [Profile] { catalog.all() }

    /// A profile by name.
    public func profile(_ name: String) throws(WebhooksError) -> Profile {
        if let profile = catalog.profile(named: name) { return profile }
        throw WebhooksError(
            .unknown,
            "there is no profile named \(name); there are: \(catalog.names.joined(separator: ", "))"
        )
    }

    /// Every topic of a profile, or of all.
    public func entries(profile name: String? = nil) throws(WebhooksError) -> [Entry] {
        let selected = try name.map { name throws(WebhooksError) in [try profile(name)] } ?? profiles
        return selected.flatMap { profile in profile.topics.map { Entry(profile: profile, topic: $0) } }
    }

    /// A topic as a profile speaks it; without a profile, as the first that lists it, else as `standard`.
    public func topic(_ topic: String, profile name: String? = nil) throws(WebhooksError) -> Entry {
        if let name {
            let profile = try profile(name)
            if let known = profile.topic(topic) { return Entry(profile: profile, topic: known) }
            throw WebhooksError(
                .unknown,
                "the profile \(name) has no topic \(topic); see `webhooks topics list --profile \(name)`"
            )
        }
        for profile in profiles {
            if let known = profile.topics.first(where: { $0.topic == topic }) {
                return Entry(profile: profile, topic: known)
            }
        }
        for profile in profiles where profile.anyTopic {
            if Topic.isValid(topic), let known = profile.topic(topic) { return Entry(profile: profile, topic: known) }
        }
        throw WebhooksError(.unknown, "no profile has a topic \(topic); see `webhooks topics list`")
    }
}
