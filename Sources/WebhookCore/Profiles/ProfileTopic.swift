/// A topic of a profile: wire names, fields, example.
public struct ProfileTopic: Sendable {
    /// The canonical name, shared between profiles.
    public var topic: String
    public var title: String
    /// What makes the platform send it.
    public var trigger: String
    /// Whether the platform publishes it; otherwise it is our reading.
    public var isDocumented: Bool
    public var note: String?
    /// Names on the wire, in order.
    public var wire: [WireName]
    /// The envelope's members that are present; `nil` for all.
    public var keys: [String]?
    /// The fields of `data`.
    public var fields: [ProfileField]
    /// An example of `data`, as it goes out.
    public var example: JSONValue

    /// The name of the entry that stands for every topic.
    public static let anyName = "**"

    public init(
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

    /// A name on the wire by key.
    public func wireName(_ key: String) -> String? { wire.first { $0.key == key }?.value }
}

/// A name on the wire with its key, such as `eventType: paid-course-sale`.
public struct WireName: Sendable, Hashable {
    public var key: String
    public var value: String

    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A field of a topic's data.
public struct ProfileField: Sendable, Hashable {
    public var name: String
    public var type: FieldType
    /// Whether it may be null.
    public var isNullable: Bool
    /// Whether it may be absent.
    public var isOptional: Bool
    public var meaning: String?

    public init(
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
public indirect enum FieldType: Sendable, Hashable {
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
