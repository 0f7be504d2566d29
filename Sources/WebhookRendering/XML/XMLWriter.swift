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

    /// Tells whether a key can name an element: ASCII letters, digits, `_`, `-`, `.`, beginning with a letter or `_`,
    /// and not with `xml` in any case (reserved by XML 1.0, section 2.3).
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

/// Character data of XML 1.0.
enum XMLText {
    /// Appends a text with everything escaped that could be markup.
    ///
    /// Characters that XML 1.0 cannot carry become U+FFFD; a carriage return, and in attributes also tab and line feed,
    /// become character references, because a reader would change them otherwise (XML 1.0, sections 2.2, 2.11, 3.3.3).
    static func append(_ text: String, to output: inout [UInt8], inAttribute: Bool = false) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": output.append(contentsOf: "&lt;".utf8)
            case ">": output.append(contentsOf: "&gt;".utf8)
            case "&": output.append(contentsOf: "&amp;".utf8)
            case "\"": output.append(contentsOf: "&quot;".utf8)
            case "\r": output.append(contentsOf: "&#13;".utf8)
            case "\t" where inAttribute: output.append(contentsOf: "&#9;".utf8)
            case "\n" where inAttribute: output.append(contentsOf: "&#10;".utf8)
            default:
                let kept = isCharacter(scalar.value) ? scalar : "\u{FFFD}"
                if kept.isASCII {
                    output.append(UInt8(kept.value))
                } else {
                    output.append(contentsOf: String(kept).utf8)
                }
            }
        }
    }

    /// Appends a text for a place that a template chooses: an attribute in single quotes is possible too.
    static func appendForTemplate(_ text: String, to output: inout [UInt8]) {
        // Bytes, not characters: an apostrophe with a combining mark after it is an apostrophe all the same.
        guard text.utf8.contains(UInt8(ascii: "'")) else { return append(text, to: &output) }
        var escaped: [UInt8] = []
        append(text, to: &escaped)
        for byte in escaped {
            if byte == UInt8(ascii: "'") { output.append(contentsOf: "&apos;".utf8) } else { output.append(byte) }
        }
    }

    /// Production [2] Char of XML 1.0.
    static func isCharacter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
