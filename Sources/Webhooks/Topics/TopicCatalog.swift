public import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// Every known topic, by profile: the built-in profiles, and those of a configuration.
public struct TopicCatalog: Sendable {
    /// A topic as one profile speaks it.
    public struct Entry: Sendable {
        package var profile: Profile
        package var topic: ProfileTopic

        /// The topic's canonical name, as an application emits it.
        public var name: String { topic.topic }
        /// The name of the profile that has it.
        public var profileName: String { profile.name }
        /// A title for people.
        public var title: String { topic.title }

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
    package var profiles: [Profile] { catalog.all() }

    /// A profile by name.
    package func profile(_ name: String) throws(WebhooksError) -> Profile {
        if let profile = catalog.profile(named: name) { return profile }
        if let problem = catalog.problem(with: name) {
            throw WebhooksError(.configuration, "the profile \(name) can't be read: \(problem)")
        }
        let hint = NameHint.question(name, in: catalog.names).map { $0 + " " } ?? ""
        throw WebhooksError(
            .unknown,
            "there is no profile named \(name); \(hint)there are: \(catalog.names.joined(separator: ", "))"
        )
    }

    /// Every topic of a profile, or of all.
    public func entries(profile name: String? = nil) throws(WebhooksError) -> [Entry] {
        let selected = try name.map { name throws(WebhooksError) in [try profile(name)] } ?? profiles
        return selected.flatMap { profile in profile.topics.map { Entry(profile: profile, topic: $0) } }
    }

    /// A topic as a profile speaks it; without a profile, as applications are advised to emit it, or else as the first
    /// profile that lists it speaks it.
    public func topic(_ topic: String, profile name: String? = nil) throws(WebhooksError) -> Entry {
        if let name {
            let profile = try profile(name)
            if let known = profile.topic(topic) { return Entry(profile: profile, topic: known) }
            let others = profileNames(with: topic)
            let hint = others.isEmpty ? "" : "; it is a topic of \(others.joined(separator: ", "))"
            let found = Self.unknown(topic, of: profile)
            throw WebhooksError(.unknown, found.message + hint, remedy: found.remedy)
        }
        let canonical = catalog.profile(named: ProfileCatalog.canonicalName)
        for profile in [canonical].compactMap(\.self) + profiles {
            if let known = profile.topics.first(where: { $0.topic == topic }) {
                return Entry(profile: profile, topic: known)
            }
        }
        let question = NameHint.question(topic, in: names)
        let any = Topic.isValid(topic) ? "; `standard` takes any topic" : ""
        let message = "no profile lists the topic \(topic)\(any)" + (question.map { "; \($0)" } ?? "")
        throw WebhooksError(.unknown, message, remedy: question == nil ? .listTopics(profile: nil) : nil)
    }

    /// A topic's example.
    ///
    /// - Parameters:
    ///   - topic: a canonical name.
    ///   - name: the profile; defaults to the one that ``topic(_:profile:)`` takes. `standard` has a generic example for every
    ///     topic, which counts only where it is asked for: a slip would send it.
    /// - Throws: ``WebhooksError`` with `unknown`.
    public func exampleData(of topic: String, profile name: String? = nil) throws(WebhooksError) -> ByteString {
        if name != nil || !Topic.isValid(topic) || names.contains(topic) {
            return try self.topic(topic, profile: name).topic.example.raw
        }
        let hint = NameHint.question(topic, in: names).map { "; \($0)" } ?? ""
        throw WebhooksError(
            .unknown,
            "no profile has an example of \(topic)\(hint) (the profile standard has a generic one)"
        )
    }

    /// The topics that applications are advised to emit.
    var canonicalTopics: [ProfileTopic] { catalog.profile(named: ProfileCatalog.canonicalName)?.topics ?? [] }

    /// The canonical event's example of a topic; `nil` where it has none.
    func canonicalExample(of topic: String) -> ByteString? {
        catalog.profile(named: ProfileCatalog.canonicalName)?.topic(topic)?.example.raw
    }

    /// The profiles that list a topic, by name: each has an example of it.
    package func profileNames(with topic: String) -> [String] {
        profiles.filter { $0.topics.contains { $0.topic == topic } }.map(\.name)
    }

    /// The name of every topic that a profile lists.
    package var names: [String] {
        profiles.flatMap { $0.topics.map(\.topic) }.filter { $0 != ProfileTopic.anyName }
    }

    /// The topic that was probably meant by one that no profile lists; `nil` where nothing is near.
    package func slip(_ topic: String) -> String? {
        let names = names
        return names.contains(topic) ? nil : NameHint.nearest(to: topic, in: names)
    }

    /// Says that a profile lacks a topic, and what may have been meant.
    static func unknown(_ topic: String, of profile: Profile) -> (message: String, remedy: Remedy?) {
        let question = NameHint.question(topic, in: profile.topics.map(\.topic))
        return (
            "the profile \(profile.name) has no topic \(topic)" + (question.map { "; \($0)" } ?? ""),
            question == nil ? .listTopics(profile: profile.name) : nil
        )
    }
}
