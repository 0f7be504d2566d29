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
