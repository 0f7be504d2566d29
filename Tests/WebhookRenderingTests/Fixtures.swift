import WebhookCore

@testable import WebhookRendering

/// Small profiles in the manner of real ones, and events for them.
enum Fixtures {
    /// 2026-03-01T09:30:00.000Z
    static let time = Timestamp(milliseconds: 1_772_357_400_000)

    static func topic(
        _ name: String,
        wire: [(String, String)] = [],
        keys: [String]? = nil,
        example: String = "{}"
    ) -> ProfileTopic {
        let value = try? JSON.parse(ByteString(example))
        return ProfileTopic(
            topic: name,
            title: name,
            trigger: "Something happens.",
            isDocumented: true,
            wire: wire.map { WireName(key: $0.0, value: $0.1) },
            keys: keys,
            example: value ?? .made(.null)
        )
    }

    static func profile(
        _ name: String = "test",
        contentTypes: [ContentType] = [.json, .xml, .form],
        headers: [HeaderTemplate] = [],
        signature: SignatureScheme? = nil,
        body: [EnvelopeMember],
        topics: [ProfileTopic]? = nil
    ) -> Profile {
        Profile(
            name: name,
            title: name,
            contentTypes: contentTypes,
            anyTopic: topics == nil,
            headers: headers,
            signature: signature,
            body: .envelope(body),
            topics: topics ?? [topic(ProfileTopic.anyName, example: #"{"id": "a1b2c3"}"#)]
        )
    }

    static let standard = profile(
        "standard",
        signature: SignatureScheme(kind: .standardWebhooks, header: "", requiresSecret: true),
        body: [
            EnvelopeMember(name: "type", value: .reference(.topic)),
            EnvelopeMember(name: "timestamp", value: .reference(.occurredAt(.milliseconds))),
            EnvelopeMember(name: "data", value: .reference(.data(path: []))),
        ]
    )

    /// An envelope of `data` alone.
    static let bare = profile(body: [EnvelopeMember(name: "data", value: .reference(.data(path: [])))])

    static let url = EndpointURL(scheme: .https, host: "crm.example.com", port: 443, target: "/hooks/lms?x=1")

    static func subscription(
        _ name: String = "crm",
        _ profile: Profile,
        as contentType: ContentType? = nil,
        template: String? = nil
    ) -> Subscription {
        var subscription = Subscription(
            name: name,
            url: url,
            topics: [try? TopicPattern("**")].compactMap { $0 },
            profile: profile
        )
        if let contentType { subscription.contentType = contentType }
        if let template {
            subscription.body = BodyTemplate(
                name: "bodies/crm.mustache",
                contentType: contentType ?? .json,
                source: template
            )
        }
        return subscription
    }

    static func event(
        _ data: String,
        topic: String = "course.created",
        tenant: String? = nil,
        test: Bool = false
    ) throws -> Event {
        try Event(topic: topic, data: ByteString(data), id: "evt_1", tenant: tenant, occurredAt: time, isTest: test)
    }

    /// The body that one subscription gets.
    static func body(_ event: Event, for subscription: Subscription) throws -> String {
        let rendered = WebhookRenderer(subscriptions: [subscription]).render(event, for: [subscription])
        let renderedBody = try rendered.renderedBodies[0].get()
        return rendered.bodies[renderedBody.body].text
    }

    /// The data as a form or XML or JSON body of ``bare``, or through a template.
    static func render(_ data: String, as contentType: ContentType, template: String? = nil) throws -> String {
        try body(event(data, tenant: "school-42"), for: subscription("crm", bare, as: contentType, template: template))
    }

    /// The error that keeps a template from being rendered.
    static func failure(_ data: String, as contentType: ContentType, template: String) -> String? {
        do {
            _ = try render(data, as: contentType, template: template)
            return nil
        } catch let error as RenderingError {
            return error.description
        } catch {
            return "another error"
        }
    }

    static func attempt(_ event: Event, mode: DeliveryMode = .retry, contentType: ContentType = .json) -> AttemptContext
    {
        AttemptContext(
            event: EventHeader(row: 1, id: event.id, topic: event.topic, tenant: event.tenant, isTest: event.isTest),
            delivery: Delivery.ID(rawValue: 7),
            attempt: 3,
            contentType: contentType,
            mode: mode,
            at: Timestamp(milliseconds: 1_700_000_000_000)
        )
    }
}
