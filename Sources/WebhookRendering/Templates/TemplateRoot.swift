internal import WebhookCore

/// What a template can name at its outermost level.
///
/// Belongs to one rendering on one thread.
final class TemplateRoot {
    private let values: [String: JSONValue]
    private let facts: EventFacts?
    /// Why the data could not be read, once something asked for it.
    private(set) var failure: RenderingError?

    /// The scope of a body: `id`, `topic`, `tenant`, `occurredAt`, `timestamp`, `test`, `data` and `wire`.
    init(body facts: EventFacts, topic: ProfileTopic) {
        let event = facts.event
        self.facts = facts
        values = [
            "id": .made(.string(event.id)),
            "topic": .made(.string(event.topic)),
            "tenant": .made(event.tenant.map { .string($0) } ?? .null),
            "occurredAt": .made(.string(event.occurredAt.description)),
            "timestamp": .made(.number(String(event.occurredAt.unixSeconds))),
            "test": .made(.bool(event.isTest)),
            "wire": Self.wire(topic),
        ]
    }

    /// The scope of a header: `id`, `topic`, `tenant`, `deliveryId`, `attempt`, `timestamp` (of the attempt), `test`, `wire`.
    init(header attempt: AttemptContext, topic: ProfileTopic?) {
        facts = nil
        values = [
            "id": .made(.string(attempt.event.id)),
            "topic": .made(.string(attempt.event.topic)),
            "tenant": .made(attempt.event.tenant.map { .string($0) } ?? .null),
            "deliveryId": .made(attempt.delivery.map { .string($0.description) } ?? .null),
            "attempt": .made(.number(String(attempt.attempt))),
            "timestamp": .made(.number(String(attempt.at.unixSeconds))),
            "test": .made(.bool(attempt.event.isTest)),
            "wire": topic.map(Self.wire) ?? .made(.object([])),
        ]
    }

    private static func wire(_ topic: ProfileTopic) -> JSONValue {
        .made(.object(topic.wire.map { JSONValue.Member(key: $0.key, value: .made(.string($0.value))) }))
    }

    /// The value of a name; `nil` for one that is not in scope.
    func value(named name: String) -> JSONValue? {
        if let value = values[name] { return value }
        guard name == "data", let facts else { return nil }
        do {
            return try facts.data()
        } catch {
            failure = error
            return nil
        }
    }
}
