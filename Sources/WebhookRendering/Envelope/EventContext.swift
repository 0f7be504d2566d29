internal import WebhookCore

/// The values of one event. Its data is parsed when something first asks for a part of it, and never twice.
///
/// Belongs to one rendering on one thread.
final class EventContext {
    let event: Event
    private var parsed: Result<JSONValue, RenderingError>?
    /// The payloads that mappings made of the event so far.
    var payloads: [PayloadKey: Result<Payload, RenderingError>] = [:]

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

    /// The value of a reference, payload and item aside; `nil` where it leads nowhere.
    func value(
        of reference: EnvelopeReference,
        _ topic: ProfileTopic,
        _ variables: [Variable]
    ) throws(RenderingError) -> JSONValue? {
        switch reference {
        case .id: return .made(.string(event.id))
        case .topic: return .made(.string(event.topic))
        case .tenant: return .made(event.tenant.map { .string($0) } ?? .null)
        case .test: return .made(.bool(event.isTest))
        case .data(let path): return try data().value(at: path)
        case .occurredAt(let format): return .made(format.kind(of: event.occurredAt))
        case .wire(let key): return topic.wireName(key).map { .made(.string($0)) }
        case .vars(let name): return variables.first { $0.name == name }.map { .made($0.value.kind) }
        case .payload, .item: return nil
        }
    }
}

extension Variable.Value {
    /// The constant as JSON has it.
    var kind: JSONValue.Kind {
        switch self {
        case .text(let text): .string(text)
        case .number(let text): .number(text)
        case .bool(let flag): .bool(flag)
        }
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
        case .vars(let name): "vars.\(name)"
        case .payload(let path): (["payload"] + path).joined(separator: ".")
        case .item(let path): (["item"] + path).joined(separator: ".")
        }
    }
}
