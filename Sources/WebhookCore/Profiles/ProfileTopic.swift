/// A topic of a profile: wire names, fields, example.
package struct ProfileTopic: Sendable {
    /// The canonical name, shared between profiles.
    package var topic: String
    package var title: String
    /// The trigger that makes the platform send it.
    package var trigger: String
    /// True when the platform publishes it; otherwise it is our reading.
    package var isDocumented: Bool
    package var note: String?
    /// Names on the wire, in order.
    package var wire: [WireName]
    /// The envelope's members that are present; `nil` for all.
    package var keys: [String]?
    /// The fields of the platform's payload.
    package var fields: [ProfileField]
    /// The mapping that makes the payload of data that are not the platform's own; `nil`: they are passed on as they
    /// are.
    package var payload: PayloadValue?
    /// An example of `data`, as it goes out.
    package var example: JSONValue

    /// The name of the entry that stands for every topic.
    package static let anyName = "**"

    package init(
        topic: String,
        title: String,
        trigger: String,
        isDocumented: Bool,
        note: String? = nil,
        wire: [WireName] = [],
        keys: [String]? = nil,
        fields: [ProfileField] = [],
        example: JSONValue
    ) {
        self.topic = topic
        self.title = title
        self.trigger = trigger
        self.isDocumented = isDocumented
        self.note = note
        self.wire = wire
        self.keys = keys
        self.fields = fields
        self.example = example
    }

    /// True when the fields say how the payload must look. Those of the entry for every topic are an example.
    package var hasSchema: Bool { !fields.isEmpty && topic != Self.anyName }

    /// A name on the wire by key.
    package func wireName(_ key: String) -> String? { wire.first { $0.key == key }?.value }
}

/// A name on the wire with its key, such as `eventType: paid-course-sale`.
package struct WireName: Sendable, Hashable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A field of a topic's data.
package struct ProfileField: Sendable, Hashable {
    package var name: String
    package var type: FieldType
    /// True when it may be null.
    package var isNullable: Bool
    /// True when it may be absent.
    package var isOptional: Bool
    package var meaning: String?

    package init(
        name: String,
        type: FieldType,
        isNullable: Bool = false,
        isOptional: Bool = false,
        meaning: String? = nil
    ) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
        self.isOptional = isOptional
        self.meaning = meaning
    }
}

/// The type of a field, enough for a JSON Schema and a TypeScript type.
package indirect enum FieldType: Sendable, Hashable {
    /// `format` is one of JSON Schema's names, such as `date-time`.
    case string(format: String?, values: [String], constant: String?)
    case integer
    case number
    case boolean(constant: Bool?)
    case object([ProfileField])
    /// An object with any keys and values of one type.
    case map(FieldType)
    case array(FieldType)
    case union([FieldType])
    case any
}
