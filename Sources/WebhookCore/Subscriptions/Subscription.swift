/// A subscription: one entry of the configuration with every default applied.
package struct Subscription: Sendable, Hashable {
    /// Unique; `[A-Za-z0-9._-]`, at most 64.
    package var name: String
    /// For people.
    package var title: String?
    /// The URL that its requests go to.
    package var url: EndpointURL
    /// The topics that it wants.
    package var topics: [TopicPattern]
    /// Only this tenant's events; `nil` for all.
    package var tenant: String?
    /// Only the events of one of these tenants, where there are several; ``tenant`` is not set then.
    package var tenants: [String] = []
    /// Only the events that go out on one of these channels; empty: all. Messages of the HTTP API have channels.
    package var channels: [String] = []
    /// The dialect that is spoken.
    package var profile: Profile
    /// One that the profile offers, or the custom body's.
    package var contentType: ContentType
    /// The credentials that prove who sends; `nil`: none.
    package var authentication: Authentication?
    /// Signing secrets, the current one first; the others still sign during a rotation.
    package var secrets: [Secret]
    /// Secrets that were replaced and go on signing for a while, as far as the scheme puts several signatures side by side.
    package var retiringSecrets: [RetiringSecret] = []
    /// The place of the current secret; it makes no difference to what is sent.
    package var secretOrigin: SecretOrigin?
    /// Headers beside the profile's.
    package var headers: [ConfiguredHeader]
    /// Replaces the profile's body.
    package var body: BodyTemplate?
    /// Replace the profile's body for some topics, the first that matches; not beside ``body``.
    package var topicBodies: [TopicBody] = []
    /// Replace the profile's mapping for some topics, the first that matches.
    package var topicPayloads: [TopicPayload] = []
    /// Constants in scope in templates, headers and mappings.
    package var variables: [Variable] = []
    /// The treatment of a payload that doesn't fit the topic's fields.
    package var schema: SchemaMode = .warn
    /// The events that it wants of its topics; `nil`: all.
    package var filter: Filter?
    /// Authorities and client certificate; `nil`: the system's authorities, and none.
    package var tls: TLSOptions?
    /// The HTTP version that its requests use.
    package var httpVersion: HTTPVersion
    /// True when its receiver gets the trace context of the attempt, as W3C's `traceparent` and `tracestate`.
    package var sendsTrace = false
    /// `false`: as if it were not in the file, but for test sends.
    package var isEnabled: Bool
    /// Mode, retries, timeouts and limits.
    package var policy: DeliveryPolicy
    /// The tenant in whose share of the dispatcher's slots its attempts count, where it is kept in the store; `nil`: in none.
    package var slotShare: String?
    /// The reasons why nothing can be sent, where it is held for that: it gets its deliveries, which wait.
    package var obstacles: [Diagnostic] = []

    /// A subscription with the built-in defaults.
    package init(name: String, url: EndpointURL, topics: [TopicPattern], profile: Profile) {
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

    /// True when a dispatcher sends to it.
    package var isServed: Bool { isEnabled && obstacles.isEmpty }

    /// Every custom body.
    package var bodies: [BodyTemplate] { topicBodies.isEmpty ? [body].compactMap { $0 } : topicBodies.map(\.body) }

    /// The custom body for a topic; `nil` where the profile's is sent.
    package func body(for topic: String) -> BodyTemplate? {
        topicBodies.isEmpty ? body : topicBodies.first { $0.pattern.matches(topic) }?.body
    }

    /// Tells whether an event is for this subscription, its filter aside: enabled, tenant, channels, topic, and a topic that the profile
    /// knows.
    package func wants(topic: String, tenant eventTenant: String?, channels eventChannels: [String]?) -> Bool {
        isOpen(toChannels: eventChannels) && mayWant(topic: topic, tenant: eventTenant)
    }

    /// Tells whether some event of this topic and tenant is for this subscription, whatever its channels.
    package func mayWant(topic: String, tenant eventTenant: String?) -> Bool {
        isEnabled && isOpen(to: eventTenant) && profile.entry(for: topic) != nil
            && topics.contains { $0.reaches(topic) }
    }

    /// The reason why an event of this id can't be signed for this subscription; `nil` where it can.
    package func objection(toID id: String) -> String? {
        guard id.hasByte(UInt8(ascii: ".")), let signature = profile.signature, signature.beginsWithID,
            !secrets.isEmpty
        else {
            return nil
        }
        return Self.dottedID
    }

    /// The reason why an id with a dot is not signed.
    package static let dottedID =
        "the event's id holds a dot, and what is signed is `id.timestamp.body`: "
        + "a reader of the request could move the dots and choose another time; use an id without dots"

    /// Tells whether an event is for this subscription. Parses its data where a filter asks for it: for many
    /// subscriptions, ask the ``Registry``.
    package func wants(_ event: Event) -> Bool {
        guard wants(topic: event.topic, tenant: event.tenant, channels: event.message?.channels) else { return false }
        guard let filter else { return true }
        return (try? JSON.parse(event.data)).map { filter.accepts(event, data: $0) } ?? false
    }

    /// Tenants are told apart by their bytes: `==` takes "é" in one code point and in two for the same.
    func isOpen(to eventTenant: String?) -> Bool {
        guard tenant != nil || !tenants.isEmpty else { return true }
        guard let eventTenant else { return false }
        if let tenant { return tenant.utf8.elementsEqual(eventTenant.utf8) }
        return tenants.contains { $0.utf8.elementsEqual(eventTenant.utf8) }
    }

    /// An event without channels reaches only those that ask for none.
    func isOpen(toChannels eventChannels: [String]?) -> Bool {
        channels.isEmpty || eventChannels?.contains(where: channels.contains) == true
    }

    /// Every tenant that it is for; empty: all, and events without one.
    package var allTenants: [String] { tenant.map { [$0] } ?? tenants }

    /// Tells whether everything is the same.
    package static func == (lhs: Subscription, rhs: Subscription) -> Bool {
        lhs.name == rhs.name && lhs.title == rhs.title && lhs.url == rhs.url && lhs.topics == rhs.topics
            && lhs.tenant == rhs.tenant && lhs.tenants == rhs.tenants && lhs.channels == rhs.channels
            && lhs.profile === rhs.profile && lhs.contentType == rhs.contentType
            && lhs.authentication == rhs.authentication && lhs.secrets == rhs.secrets && lhs.headers == rhs.headers
            && lhs.body == rhs.body && lhs.filter == rhs.filter && lhs.tls == rhs.tls
            && lhs.topicBodies == rhs.topicBodies && lhs.topicPayloads == rhs.topicPayloads
            && lhs.variables == rhs.variables && lhs.schema == rhs.schema
            && lhs.httpVersion == rhs.httpVersion && lhs.isEnabled == rhs.isEnabled && lhs.policy == rhs.policy
            && lhs.sendsTrace == rhs.sendsTrace && lhs.obstacles == rhs.obstacles
            && lhs.retiringSecrets == rhs.retiringSecrets && lhs.slotShare == rhs.slotShare
    }

    /// Hashes the name.
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A custom body: the text of a Mustache template with the content type that its file name states.
package struct BodyTemplate: Sendable, Hashable {
    /// The file as the configuration names it, for messages.
    package var name: String
    /// The type of its output.
    package var contentType: ContentType
    /// The template.
    package var source: String

    /// Makes a template of its text; it is compiled with the subscription.
    package init(name: String, contentType: ContentType, source: String) {
        self.name = name
        self.contentType = contentType
        self.source = source
    }
}

/// A custom body for the topics that a pattern matches.
package struct TopicBody: Sendable, Hashable {
    /// The topics.
    package var pattern: TopicPattern
    /// The template of their bodies.
    package var body: BodyTemplate

    /// Makes a pair of topics and template.
    package init(pattern: TopicPattern, body: BodyTemplate) {
        self.pattern = pattern
        self.body = body
    }
}

/// A mapping for the topics that a pattern matches.
package struct TopicPayload: Sendable, Hashable {
    package var pattern: TopicPattern
    package var value: PayloadValue
    /// Its place in a file, for messages; where it moves within that, it is the same.
    package var place: (file: String, line: Int, column: Int)?

    package init(pattern: TopicPattern, value: PayloadValue, place: (file: String, line: Int, column: Int)? = nil) {
        self.pattern = pattern
        self.value = value
        self.place = place
    }

    package static func == (lhs: TopicPayload, rhs: TopicPayload) -> Bool {
        lhs.pattern == rhs.pattern && lhs.value == rhs.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(pattern)
        hasher.combine(value)
    }
}

/// A constant of a subscription.
package struct Variable: Sendable, Hashable {
    /// Letters, digits, `_` and `-`.
    package var name: String
    /// Its value.
    package var value: Value

    /// The value of a variable.
    package enum Value: Sendable, Hashable {
        /// A text.
        case text(String)
        /// A number, as JSON text.
        case number(String)
        /// `true` or `false`.
        case bool(Bool)
    }

    /// Makes a variable of a name and a value.
    package init(name: String, value: Value) {
        self.name = name
        self.value = value
    }
}

/// The treatment of a payload that doesn't fit the fields that the catalogue lists for its topic.
package enum SchemaMode: String, Sendable, Hashable, CaseIterable {
    /// Nothing; it isn't even looked at.
    case off
    /// It is sent, and the log says so.
    case warn
    /// The delivery fails as `template`.
    case enforce
}

/// The content type of a body.
package enum ContentType: String, Sendable, Hashable, CaseIterable {
    /// JSON.
    case json = "application/json"
    /// XML.
    case xml = "application/xml"
    /// A form: `application/x-www-form-urlencoded`.
    case form = "application/x-www-form-urlencoded"
}

/// The value of a configured header.
package enum HeaderValue: Sendable, Hashable {
    /// Shown as it is.
    case plain(String)
    /// From the environment or a file: shown as `***`.
    case secret(Secret)

    /// The value as it is sent.
    package var text: String {
        switch self {
        case .plain(let text): text
        case .secret(let secret): secret.reveal()
        }
    }
}

/// A configured header.
public struct ConfiguredHeader: Sendable, Hashable {
    /// The name as written.
    public var name: String
    /// Its value.
    package var value: HeaderValue

    package init(name: String, value: HeaderValue) {
        self.name = name
        self.value = value
    }

    /// Makes a header with a value that is shown as it is.
    public init(name: String, value: String) { self.init(name: name, value: .plain(value)) }

    /// Makes a header with a value that is shown as `***`.
    public init(name: String, secret: Secret) { self.init(name: name, value: .secret(secret)) }
}

/// The credentials that a request carries.
public enum Authentication: Sendable, Hashable {
    /// `Authorization: Basic …` (RFC 7617, UTF-8).
    case basic(username: String, password: Secret)
    /// `Authorization: Bearer …` (RFC 6750).
    case bearer(Secret)
    /// The raw value of `Authorization`.
    case raw(Secret)
}

/// A subscription's TLS options. Contents, not paths: the files were read when the configuration was loaded.
public struct TLSOptions: Sendable, Hashable {
    /// Certificates of the authorities to trust instead of the system's, PEM.
    public var authorities: ByteString?
    /// The client certificate chain, PEM.
    public var certificate: ByteString?
    /// The client certificate's key, PEM.
    public var key: Secret?

    /// Makes options of PEM texts; a certificate needs its key.
    public init(authorities: ByteString? = nil, certificate: ByteString? = nil, key: Secret? = nil) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
    }
}

/// The HTTP version to speak.
package enum HTTPVersion: String, Sendable, Hashable, CaseIterable {
    /// HTTP/1.1.
    case http1 = "1.1"
    /// Over TLS only.
    case http2 = "2"
}
