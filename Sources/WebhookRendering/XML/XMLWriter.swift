internal import WebhookCore

/// Writes an object as an XML 1.0 document by the rules of the product's interface, section 4.
///
/// An empty text, object or array is an element without content, written `<a></a>`; only null is written `<a nil="true"/>`.
struct XMLWriter {
    private(set) var output: [UInt8]

    /// Writes the document with its root `<webhook>`.
    static func document(_ members: [JSONValue.Member]) -> ByteString {
        var writer = XMLWriter()
        writer.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?><webhook>")
        writer.write(members)
        writer.append("</webhook>")
        return ByteString(writer.output)
    }

    private init() {
        output = []
        output.reserveCapacity(1024)
    }

    private mutating func write(_ members: [JSONValue.Member]) {
        for member in members {
            if Self.isElementName(member.key) {
                element(member.key, attribute: nil, member.value)
            } else {
                element("entry", attribute: member.key, member.value)
            }
        }
    }

    /// Depth is bounded by the data's own, at most ``JSON/maxDepth``, and the envelope's.
    private mutating func element(_ name: String, attribute: String?, _ value: JSONValue) {
        append("<")
        append(name)
        if let attribute {
            append(" name=\"")
            XMLText.append(attribute, to: &output, inAttribute: true)
            append("\"")
        }
        switch value.kind {
        case .null:
            append(" nil=\"true\"/>")
            return
        case .bool(let flag):
            append(flag ? ">true" : ">false")
        case .number(let text):
            append(">")
            append(text)
        case .string(let text):
            append(">")
            XMLText.append(text, to: &output)
        case .array(let items):
            append(">")
            for item in items { element("item", attribute: nil, item) }
        case .object(let members):
            append(">")
            write(members)
        }
        append("</")
        append(name)
        append(">")
    }

    private mutating func append(_ text: String) { output.append(contentsOf: text.utf8) }

    /// Whether a key can name an element: ASCII letters, digits, `_`, `-`, `.`, beginning with a letter or `_`, and not
    /// with `xml` in any case (reserved by XML 1.0, section 2.3).
    static func isElementName(_ key: String) -> Bool {
        guard let first = key.utf8.first, isLetter(first) || first == UInt8(ascii: "_") else { return false }
        let rest = key.utf8.allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
        return rest && key.prefix(3).lowercased() != "xml"
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
