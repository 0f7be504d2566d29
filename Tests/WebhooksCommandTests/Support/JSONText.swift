import Testing
import WebhookCore

/// A line of JSON output, taken apart.
struct JSONText {
    let value: JSONValue

    init(_ text: String) throws {
        value = try JSON.parse(ByteString(text))
    }

    init(_ value: JSONValue) {
        self.value = value
    }

    /// An object's keys in order.
    var keys: [String] { value.object?.map(\.key) ?? [] }

    /// A member that must be there.
    subscript(key: String) -> JSONText {
        get throws { JSONText(try #require(value[key])) }
    }

    subscript(index: Int) -> JSONText {
        get throws { JSONText(try #require(value.array.flatMap { $0.indices.contains(index) ? $0[index] : nil })) }
    }

    var string: String? { value.string }
    var count: Int? { value.array?.count }
    /// As it stands in the line.
    var raw: String { value.raw.text }
}

/// The interface's forms.
enum Keys {
    static let event = ["id", "topic", "tenant", "occurredAt", "test"]
    static let delivery = [
        "id", "event", "topic", "tenant", "subscription", "state", "mode", "attempts", "nextAttemptAt", "lastStatus",
        "lastError", "createdAt", "settledAt", "test", "retriggerOf",
    ]
    static let attempt = [
        "number", "startedAt", "finishedAt", "outcome", "status", "error", "detail", "url", "requestHeaders",
        "requestBody", "responseHeaders", "responseBody", "responseTruncated", "remoteAddress", "httpVersion",
        "connectionReused", "durationMs", "phasesMs",
    ]
    static let phases = ["dns", "connect", "tls", "firstByte"]
}
