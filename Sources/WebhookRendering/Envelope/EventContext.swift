internal import WebhookCore

/// The values of one event. Its data is parsed when something first asks for a part of it, and never twice.
///
/// Belongs to one rendering on one thread.
final class EventContext {
    let event: Event
    private var parsed: Result<JSONValue, RenderingError>?

    init(_ event: Event) {
        self.event = event
    }

    /// The parsed payload.
    func data() throws(RenderingError) -> JSONValue {
        if let parsed { return try parsed.get() }
        let result: Result<JSONValue, RenderingError>
        do {
            result = .success(try JSON.parse(event.data))
        } catch {
            result = .failure(RenderingError("the event's data is not JSON: \(error)"))
        }
        parsed = result
        return try result.get()
    }

    /// The value of a reference; `nil` where a path of the data leads nowhere.
    func value(of reference: EnvelopeReference, in topic: ProfileTopic) throws(RenderingError) -> JSONValue? {
        switch reference {
        case .id: return .made(.string(event.id))
        case .topic: return .made(.string(event.topic))
        case .tenant: return .made(event.tenant.map { .string($0) } ?? .null)
        case .test: return .made(.bool(event.isTest))
        case .data(let path): return try data().value(at: path)
        case .occurredAt(let format): return .made(format.kind(of: event.occurredAt))
        case .wire(let key): return topic.wireName(key).map { .made(.string($0)) }
        }
    }

    /// The first value that is there and not null.
    func first(of references: [EnvelopeReference], in topic: ProfileTopic) throws(RenderingError) -> JSONValue {
        for reference in references {
            if let value = try value(of: reference, in: topic), !value.isNull { return value }
        }
        let paths = references.map(\.path).joined(separator: ", ")
        throw RenderingError("the profile requires a value that the event lacks; looked for: \(paths)")
    }

    /// The members of an object to merge.
    func members(of reference: EnvelopeReference, in topic: ProfileTopic) throws(RenderingError) -> [JSONValue.Member] {
        guard let members = try value(of: reference, in: topic)?.object else {
            throw RenderingError("the profile merges the members of \(reference.path), which is no object here")
        }
        return members
    }
}

extension EnvelopeReference {
    /// The reference as a message names it.
    var path: String {
        switch self {
        case .id: "id"
        case .topic: "topic"
        case .tenant: "tenant"
        case .test: "test"
        case .data(let path): (["data"] + path).joined(separator: ".")
        case .occurredAt: "occurredAt"
        case .wire(let key): "wire.\(key)"
        }
    }
}

extension EnvelopeReference.TimeFormat {
    /// A time in this format.
    func kind(of time: Timestamp) -> JSONValue.Kind {
        switch self {
        case .milliseconds: .string(time.rfc3339(milliseconds: true))
        case .seconds: .string(time.rfc3339(milliseconds: false))
        case .unix: .number(String(time.unixSeconds))
        case .unixMilliseconds: .number(String(time.milliseconds))
        }
    }
}
