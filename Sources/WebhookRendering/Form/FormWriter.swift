internal import WebhookCore

/// Writes an object as a form by the rules of the product's interface, section 4.
///
/// Nested keys are `a[b]` and `a[0]`; the key is then encoded as a whole, brackets included, as every form serializer does.
struct FormWriter {
    private var output: [UInt8] = []
    /// The encoded key of the value at hand.
    private var key: [UInt8] = []

    /// Writes the members in order.
    static func form(_ members: [JSONValue.Member]) -> ByteString {
        var writer = FormWriter()
        for member in members {
            writer.key.removeAll(keepingCapacity: true)
            FormText.append(member.key, to: &writer.key)
            writer.write(member.value)
        }
        return ByteString(writer.output)
    }

    private mutating func write(_ value: JSONValue) {
        switch value.kind {
        case .null: pair("")
        case .bool(let flag): pair(flag ? "true" : "false")
        case .number(let text), .string(let text): pair(text)
        case .array(let items):
            for (index, item) in items.enumerated() { nested(String(index), item) }
        case .object(let members):
            for member in members { nested(member.key, member.value) }
        }
    }

    private mutating func nested(_ name: String, _ value: JSONValue) {
        let length = key.count
        FormText.append("[", to: &key)
        FormText.append(name, to: &key)
        FormText.append("]", to: &key)
        write(value)
        key.removeSubrange(length...)
    }

    private mutating func pair(_ value: String) {
        if !output.isEmpty { output.append(UInt8(ascii: "&")) }
        output.append(contentsOf: key)
        output.append(UInt8(ascii: "="))
        FormText.append(value, to: &output)
    }
}
