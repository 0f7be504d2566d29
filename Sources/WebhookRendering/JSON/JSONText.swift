package import WebhookCore

/// Writes JSON values back to text.
enum JSONText {
    /// Appends a value compactly: no white space between tokens, numbers and strings as they were written.
    static func append(_ value: JSONValue, to output: inout [UInt8]) {
        switch value.kind {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let text): output.append(contentsOf: text.utf8)
        case .string(let text):
            if value.hasSource {
                value.appendSource(to: &output)
            } else {
                JSON.appendString(text, to: &output)
            }
        case .array(let items):
            output.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(item, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSON.appendString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                append(member.value, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// A value's text as it stands in its document, or compactly where it stands in none.
    static func source(of value: JSONValue) -> String {
        if value.hasSource { return value.raw.text }
        var output: [UInt8] = []
        append(value, to: &output)
        return String(decoding: output, as: UTF8.self)
    }
}

extension JSONValue {
    /// The value as compact JSON: white space between tokens left out, numbers and strings as they were written.
    ///
    /// This is how a profile's example is sent.
    package var compactText: ByteString {
        var output: [UInt8] = []
        JSONText.append(self, to: &output)
        return ByteString(output)
    }

    /// True when the value's text can be copied from a document.
    var hasSource: Bool { !range.isEmpty }

    /// Appends the value's text from its document.
    func appendSource(to output: inout [UInt8]) {
        document.withUnsafeBytes { output.append(contentsOf: $0[range]) }
    }
}
