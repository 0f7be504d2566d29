/// A value that is made here and stands in no other document: its own text is its document.
extension JSONValue {
    /// Makes a value of its kind.
    package init(_ kind: Kind) {
        var text: [UInt8] = []
        switch kind {
        case .null: text += "null".utf8
        case .bool(let flag): text += (flag ? "true" : "false").utf8
        case .number(let number): text += number.utf8
        case .string(let string): JSON.appendString(string, to: &text)
        case .array(let items):
            text.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text += item.raw.bytes
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                JSON.appendString(member.key, to: &text)
                text.append(UInt8(ascii: ":"))
                text += member.value.raw.bytes
            }
            text.append(UInt8(ascii: "}"))
        }
        self.init(kind: kind, document: ByteString(text), range: 0..<text.count)
    }

    /// Reads one JSON document; keeps key order and number text.
    ///
    /// - Throws: ``WebhooksError`` with the place of the first problem.
    public init(parsing document: ByteString) throws(WebhooksError) {
        do {
            self = try JSON.parse(document)
        } catch {
            throw .eventData(error)
        }
    }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// `null`.
    public init(nilLiteral: ()) { self.init(.null) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self.init(.bool(value)) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self.init(.number(String(value))) }
    /// A number; for one that a `Double` doesn't hold exactly use ``init(parsing:)``.
    public init(floatLiteral value: Double) { self.init(.number(value.description)) }
    /// A text.
    public init(stringLiteral value: String) { self.init(.string(value)) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self.init(.array(elements)) }
    /// An object, its members in the order of the literal.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(.object(elements.map { Member(key: $0.0, value: $0.1) }))
    }
}

extension JSONValue: Hashable {
    /// Tells whether two say the same in the same order, white space aside. Numbers are compared by their text.
    public static func == (lhs: JSONValue, rhs: JSONValue) -> Bool {
        switch (lhs.kind, rhs.kind) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.elementsEqual(right) { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
        default: false
        }
    }

    /// Hashes single values, and of others the size.
    public func hash(into hasher: inout Hasher) {
        switch kind {
        case .null: hasher.combine(0)
        case .bool(let flag): hasher.combine(flag)
        case .number(let text), .string(let text): hasher.combine(text.utf8.count)
        case .array(let items): hasher.combine(items.count)
        case .object(let members): hasher.combine(members.count)
        }
    }
}

extension JSONValue: Codable {
    /// Reads any value. A decoder hands out an object's members in no order: they are sorted by key, and numbers are as exact
    /// as it gives them. ``init(parsing:)`` keeps both.
    public init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self.init(.null)
        } else if let flag = try? single.decode(Bool.self) {
            self.init(.bool(flag))
        } else if let integer = try? single.decode(Int64.self) {
            self.init(.number(String(integer)))
        } else if let integer = try? single.decode(UInt64.self) {
            self.init(.number(String(integer)))
        } else if let number = try? single.decode(Double.self), number.isFinite {
            self.init(.number(number.description))
        } else if let text = try? single.decode(String.self) {
            self.init(.string(text))
        } else if let members = try? decoder.container(keyedBy: NameKey.self) {
            guard decoder.codingPath.count < JSON.maxDepth else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "it is nested too deep")
            }
            let keys = members.allKeys.sorted { $0.stringValue.utf8.lexicographicallyPrecedes($1.stringValue.utf8) }
            self.init(
                .object(
                    try keys.map { Member(key: $0.stringValue, value: try members.decode(JSONValue.self, forKey: $0)) }
                )
            )
        } else {
            guard decoder.codingPath.count < JSON.maxDepth else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "it is nested too deep")
            }
            self.init(.array(try single.decode([JSONValue].self)))
        }
    }

    /// Writes the value; a number that is no integer of 64 bits as a `Double`.
    public func encode(to encoder: any Encoder) throws {
        switch kind {
        case .object(let members):
            var container = encoder.container(keyedBy: NameKey.self)
            for member in members { try container.encode(member.value, forKey: NameKey(member.key)) }
        case .array(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .null, .bool, .number, .string:
            var container = encoder.singleValueContainer()
            try encode(into: &container)
        }
    }

    private func encode(into container: inout any SingleValueEncodingContainer) throws {
        switch kind {
        case .bool(let flag): try container.encode(flag)
        case .string(let text): try container.encode(text)
        case .number(let text):
            if let integer = Int64(text) {
                try container.encode(integer)
            } else if let integer = UInt64(text) {
                try container.encode(integer)
            } else {
                try container.encode(Double(text) ?? .nan)
            }
        case .null, .array, .object: try container.encodeNil()
        }
    }
}
