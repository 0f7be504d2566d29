/// Who wants which events, where and how: one entry of the configuration with every default applied.
public struct Subscription: Sendable, Hashable {
    /// Unique; `[A-Za-z0-9._-]`, at most 64.
    public var name: String
    /// For people.
    public var title: String?
    public var url: EndpointURL
    public var topics: [TopicPattern]
    /// Only this tenant's events; `nil` for all.
    public var tenant: String?
    /// The dialect that is spoken.
    public var profile: Profile
    /// One that the profile offers, or the custom body's.
    public var contentType: ContentType
    public var authentication: Authentication?
    /// Signing secrets, the current one first; the others still sign during a rotation.
    public var secrets: [Secret]
    public var headers: [ConfiguredHeader]
    /// Replaces the profile's body.
    public var body: BodyTemplate?
    public var filter: Filter?
    public var tls: TLSOptions?
    public var httpVersion: HTTPVersion
    /// `false`: as if it were not in the file, but for test sends.
    public var isEnabled: Bool
    public var policy: DeliveryPolicy

    /// A subscription with the built-in defaults.
    public init(name: String, url: EndpointURL, topics: [TopicPattern], profile: Profile) {
        self.name = name
        self.url = url
        self.topics = topics
        self.profile = profile
        contentType = profile.contentTypes.first ?? .json
        secrets = []
        headers = []
        httpVersion = .http1
        isEnabled = true
        policy = profile.policy
    }

    /// Whether an event is for this subscription, its filter aside: enabled, tenant, topic, and a topic that the profile knows.
    public func wants(topic: String, tenant eventTenant: String?) -> Bool {
        isEnabled && isOpen(to: eventTenant) && profile.topic(topic) != nil && topics.contains { $0.matches(topic) }
    }

    /// Why an event of this id can't be signed for this subscription; `nil` where it can.
    package func objection(toID id: String) -> String? {
        guard id.utf8.contains(UInt8(ascii: ".")), let signature = profile.signature, signature.beginsWithID,
            !secrets.isEmpty
        else {
            return nil
        }
        return Self.dottedID
    }

    /// Why an id with a dot is not signed.
    package static let dottedID =
        "the event's id holds a dot, and what is signed is `id.timestamp.body`: "
        + "a reader of the request could move the dots and choose another time; use an id without dots"

    /// Whether an event is for this subscription. Parses its data where a filter asks for it: for many subscriptions, ask the
    /// ``Registry``.
    public func wants(_ event: Event) -> Bool {
        guard wants(topic: event.topic, tenant: event.tenant) else { return false }
        guard let filter else { return true }
        return (try? JSON.parse(event.data)).map { filter.accepts(event, data: $0) } ?? false
    }

    /// Tenants are told apart by their bytes: `==` takes "é" in one code point and in two for the same.
    func isOpen(to eventTenant: String?) -> Bool {
        guard let tenant else { return true }
        return eventTenant.map { tenant.utf8.elementsEqual($0.utf8) } ?? false
    }

    public static func == (lhs: Subscription, rhs: Subscription) -> Bool {
        lhs.name == rhs.name && lhs.title == rhs.title && lhs.url == rhs.url && lhs.topics == rhs.topics
            && lhs.tenant == rhs.tenant && lhs.profile === rhs.profile && lhs.contentType == rhs.contentType
            && lhs.authentication == rhs.authentication && lhs.secrets == rhs.secrets && lhs.headers == rhs.headers
            && lhs.body == rhs.body && lhs.filter == rhs.filter && lhs.tls == rhs.tls
            && lhs.httpVersion == rhs.httpVersion && lhs.isEnabled == rhs.isEnabled && lhs.policy == rhs.policy
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
