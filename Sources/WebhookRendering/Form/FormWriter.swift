internal import WebhookCore

/// Writes an object as a form by the rules of the product's interface, section 4.
///
/// Nested keys are `a[b]` and `a[0]`; the key is then encoded as a whole, brackets included, as every form serializer does.
struct FormWriter {
    private var output: BoundedBytes
    /// The encoded key of the value at hand.
    private var key: BoundedBytes

    /// Writes the members in order.
    ///
    /// - Throws: where the form would exceed the limit: every value repeats its whole key.
    static func form(_ members: [JSONValue.Member], _ limit: BodyLimit) throws(RenderingError) -> ByteString {
        var writer = FormWriter(limit)
        for member in members {
            writer.key.truncate(to: 0)
            try writer.key.append(member.key, escapedBy: FormText.append)
            try writer.write(member.value)
        }
        return ByteString(writer.output.bytes)
    }

    private init(_ limit: BodyLimit) {
        output = BoundedBytes(limit)
        key = BoundedBytes(limit)
    }

    private mutating func write(_ value: JSONValue) throws(RenderingError) {
        switch value.kind {
        case .null: try pair("")
        case .bool(let flag): try pair(flag ? "true" : "false")
        case .number(let text), .string(let text): try pair(text)
        case .array(let items):
            for (index, item) in items.enumerated() { try nested(String(index), item) }
        case .object(let members):
            for member in members { try nested(member.key, member.value) }
        }
    }

    private mutating func nested(_ name: String, _ value: JSONValue) throws(RenderingError) {
        let length = key.bytes.count
        try key.append("[", escapedBy: FormText.append)
        try key.append(name, escapedBy: FormText.append)
        try key.append("]", escapedBy: FormText.append)
        try write(value)
        key.truncate(to: length)
    }

    private mutating func pair(_ value: String) throws(RenderingError) {
        if !output.bytes.isEmpty { try output.append(UInt8(ascii: "&")) }
        try output.append(key.bytes)
        try output.append(UInt8(ascii: "="))
        try output.append(value, escapedBy: FormText.append)
    }
}

/// The serializer of `application/x-www-form-urlencoded` (WHATWG URL Standard, section 5.2).
enum FormText {
    /// Appends a text percent-encoded, a space as `+`.
    static func append(_ text: String, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                output.append(byte)
            case 0x20:
                output.append(UInt8(ascii: "+"))
            default:
                PercentEncoding.append(byte, to: &output)
            }
        }
    }
}
