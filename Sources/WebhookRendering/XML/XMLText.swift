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
