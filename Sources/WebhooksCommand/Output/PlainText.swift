/// Text from outside, made harmless: no control character and no direction mark reaches a terminal.
enum PlainText {
    /// One line; line breaks and tabs are escaped as well.
    static func escaped(_ text: String) -> String { escaped(text, keepsLines: false) }

    /// Several lines; line feeds and tabs stay.
    static func escapedLines(_ text: String) -> String { escaped(text, keepsLines: true) }

    /// Records of a file that end with CR LF, as lines.
    static func escapedRecords(_ bytes: [UInt8]) -> [UInt8] {
        Array(escapedLines(String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n")).utf8)
    }

    /// Whether a scalar would act on a terminal or on the order of what stands around it.
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F: true  // C0, DEL, C1
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // bidirectional controls
        case 0x2028, 0x2029, 0xFEFF, 0xFFF9...0xFFFB: true  // line breaks, byte order mark, annotations
        case 0xE0000...0xE007F: true  // tags
        default: false
        }
    }

    private static func escaped(_ text: String, keepsLines: Bool) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\t":
                output += keepsLines ? String(scalar) : scalar == "\n" ? "\\n" : "\\t"
            case "\r": output += "\\r"
            case _ where isUnsafe(scalar):
                let digits = String(scalar.value, radix: 16)
                output += "\\u{" + String(repeating: "0", count: max(0, 2 - digits.count)) + digits + "}"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
