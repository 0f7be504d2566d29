internal import WebhookCore

/// Writes an object as an XML 1.0 document by the rules of the product's interface, section 4.
///
/// An empty text, object or array is an element without content, written `<a></a>`; only null is written `<a nil="true"/>`.
struct XMLWriter {
    private var output: BoundedBytes

    /// Writes the document with its root `<webhook>`.
    ///
    /// - Throws: where the document would exceed the limit.
    static func document(_ members: [JSONValue.Member], _ limit: BodyLimit) throws(RenderingError) -> ByteString {
        var writer = XMLWriter(output: BoundedBytes(limit))
        try writer.output.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?><webhook>" as StaticString)
        try writer.write(members)
        try writer.output.append("</webhook>" as StaticString)
        return ByteString(writer.output.bytes)
    }

    private mutating func write(_ members: [JSONValue.Member]) throws(RenderingError) {
        for member in members {
            if Self.isElementName(member.key) {
                try element(member.key, attribute: nil, member.value)
            } else {
                try element("entry", attribute: member.key, member.value)
            }
        }
    }

    /// Depth is bounded by the data's own, at most ``JSON/maxDepth``, and the envelope's.
    private mutating func element(
        _ name: String,
        attribute: String?,
        _ value: JSONValue
    ) throws(RenderingError) {
        try output.append(UInt8(ascii: "<"))
        try output.append(name)
        if let attribute {
            try output.append(" name=\"" as StaticString)
            try output.append(attribute) { XMLText.append($0, to: &$1, inAttribute: true) }
            try output.append(UInt8(ascii: "\""))
        }
        if case .null = value.kind { return try output.append(" nil=\"true\"/>" as StaticString) }
        try output.append(UInt8(ascii: ">"))
        switch value.kind {
        case .null: break
        case .bool(let flag): try output.append(flag ? "true" : "false")
        case .number(let text): try output.append(text)
        case .string(let text): try output.append(text) { XMLText.append($0, to: &$1) }
        case .array(let items):
            for item in items { try element("item", attribute: nil, item) }
        case .object(let members): try write(members)
        }
        try output.append("</" as StaticString)
        try output.append(name)
        try output.append(UInt8(ascii: ">"))
    }

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
