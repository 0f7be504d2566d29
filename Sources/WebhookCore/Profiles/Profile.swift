/// A platform's dialect: its topics and how they look on the wire. Data, read from a folder.
///
/// A class, because thousands of subscriptions share one.
package final class Profile: Sendable {
    /// The name that a subscription refers to.
    package let name: String
    /// The name for people.
    package let title: String
    /// For receivers and operators.
    package let notes: String?
    /// Offered content types, the first is the default.
    package let contentTypes: [ContentType]
    /// True when the platform takes webhooks over TLS only.
    package let httpsOnly: Bool
    /// True when every topic is known.
    package let anyTopic: Bool
    /// The status codes that count as success.
    package let successCodes: [ClosedRange<Int>]
    /// The built-in defaults with what the profile says about delivery.
    package let policy: DeliveryPolicy
    /// In order; values are Mustache templates.
    package let headers: [HeaderTemplate]
    package let signature: SignatureScheme?
    package let body: ProfileBody
    /// True when the JSON body is a list that holds the one envelope: for platforms that take batches.
    package let isListBody: Bool
    /// In the profile's order.
    package let topics: [ProfileTopic]
    private let topicIndex: [String: Int]

    package init(
        name: String,
        title: String,
        notes: String? = nil,
        contentTypes: [ContentType],
        httpsOnly: Bool = false,
        anyTopic: Bool = false,
        successCodes: [ClosedRange<Int>] = [200...299],
        policy: DeliveryPolicy = DeliveryPolicy(),
        headers: [HeaderTemplate] = [],
        signature: SignatureScheme? = nil,
        body: ProfileBody,
        isListBody: Bool = false,
        topics: [ProfileTopic]
    ) {
        self.name = name
        self.title = title
        self.notes = notes
        self.contentTypes = contentTypes
        self.httpsOnly = httpsOnly
        self.anyTopic = anyTopic
        self.successCodes = successCodes
        self.policy = policy
        self.headers = headers
        self.signature = signature
        self.body = body
        self.isListBody = isListBody
        self.topics = topics
        topicIndex = Dictionary(topics.enumerated().map { ($1.topic, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The profile's entry for a topic; under ``anyTopic`` its generic entry for all that it doesn't list.
    package func topic(_ name: String) -> ProfileTopic? {
        if let index = topicIndex[name] { return topics[index] }
        return anyTopic ? topicIndex[ProfileTopic.anyName].map { topics[$0] } : nil
    }

    /// The name of the profile's entry for a topic; `nil`: it knows none.
    package func entry(for name: String) -> String? {
        if topicIndex[name] != nil { return name }
        return anyTopic && topicIndex[ProfileTopic.anyName] != nil ? ProfileTopic.anyName : nil
    }

    /// Tells whether a status code means that the receiver took the delivery.
    package func isSuccess(_ status: Int) -> Bool { successCodes.contains { $0.contains(status) } }
}

/// A header whose value is a Mustache template.
package struct HeaderTemplate: Sendable, Hashable {
    /// The header's name.
    package var name: String
    /// Its value, with placeholders.
    package var template: String

    /// Makes a header of a name and a template.
    package init(name: String, template: String) {
        self.name = name
        self.template = template
    }
}

/// The body that a profile sends.
package enum ProfileBody: Sendable, Hashable {
    /// An ordered envelope, written as JSON, XML or form.
    case envelope([EnvelopeMember])
    /// The event's data or the payload, with nothing around it.
    case whole(EnvelopeReference)
    /// A Mustache template for each content type.
    case templates([ContentType: BodyTemplate])
}

/// A member of a profile's envelope.
package struct EnvelopeMember: Sendable, Hashable {
    /// The key on the wire; ignored for ``EnvelopeValue/merge(_:)``.
    package var name: String
    package var value: EnvelopeValue

    package init(name: String, value: EnvelopeValue) {
        self.name = name
        self.value = value
    }
}

/// The source of a member's value.
package indirect enum EnvelopeValue: Sendable, Hashable {
    /// A literal, as JSON text.
    case literal(String)
    /// A fact of the event.
    case reference(EnvelopeReference)
    /// The first of these that is present and not null; none is a `template` error.
    case firstOf([EnvelopeReference])
    /// A nested object.
    case object([EnvelopeMember])
    /// The members of the referenced object at this place; those that the envelope already names are left out.
    case merge(EnvelopeReference)
    /// The result of a mapping of the event: conversions, lists and the like.
    case mapped(PayloadValue)
}

/// A fact of the event.
package enum EnvelopeReference: Sendable, Hashable {
    case id
    case topic
    /// Null where the event has none.
    case tenant
    case test
    /// The event's data as a whole (empty path) or a value in it.
    case data(path: [String])
    /// The platform's payload as a whole or a value in it: the event's data, or what the topic's mapping made of them.
    case payload(path: [String])
    /// The item at hand, within a mapping's list.
    case item(path: [String])
    /// A constant of the subscription.
    case vars(String)
    case occurredAt(TimeFormat)
    /// A wire name of the topic, by key.
    case wire(String)

    package enum TimeFormat: Sendable, Hashable {
        /// `2026-03-01T09:30:00.000Z`
        case milliseconds
        /// `2026-03-01T09:30:00Z`
        case seconds
        /// Integer Unix seconds.
        case unix
        /// Integer Unix milliseconds.
        case unixMilliseconds
        /// `2026-03-01`
        case date
        /// `09:30:00`
        case time
        /// `2026-03-01 09:30:00`
        case dateTime
        /// `20260301T093000Z`
        case basic
        /// `2026-03-01T09:30:00+00:00`
        case offset
        /// `Sun, 01 Mar 2026 09:30:00 GMT`
        case httpDate
        /// `Sun, 01 Mar 2026 09:30:00 +0000`
        case rfc2822
    }
}
