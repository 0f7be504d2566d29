internal import Webhooks

/// JSON that is safe on a terminal too: what acts there is escaped, which changes no value.
enum JSONEscaping {
    /// Appends a text as a JSON string, quotes included.
    static func append(_ text: String, to output: inout [UInt8]) {
        guard text.unicodeScalars.contains(where: { $0.value > 0x7E && PlainText.isUnsafe($0) }) else {
            return JSON.appendString(text, to: &output)
        }
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if scalar.value > 0x7E, PlainText.isUnsafe(scalar) {
                appendEscape(scalar, to: &output)
            } else {
                JSON.appendEscaped(String(scalar), to: &output)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends a valid document without the white space between its tokens.
    static func appendCompact(_ document: ByteString, to output: inout [UInt8]) {
        var isInString = false
        var isEscaped = false
        for byte in terminalSafe(document) {
            if isInString {
                output.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte > 0x20 {
                isInString = byte == UInt8(ascii: "\"")
                output.append(byte)
            }
        }
    }

    /// A valid document as it may go to a terminal. What acts there can only stand within strings, so escapes replace it.
    static func terminalSafe(_ document: ByteString) -> [UInt8] {
        let bytes = document.bytes
        guard bytes.contains(where: { $0 > 0x7E }) else { return bytes }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for scalar in document.text.unicodeScalars {
            if scalar.value > 0x7E, PlainText.isUnsafe(scalar) {
                appendEscape(scalar, to: &output)
            } else {
                output += String(scalar).utf8
            }
        }
        return output
    }

    /// `\u` and four hexadecimal digits, two times outside the basic plane.
    private static func appendEscape(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
            let digits = String(unit, radix: 16)
            output += "\\u".utf8
            output += [UInt8](repeating: UInt8(ascii: "0"), count: 4 - digits.utf8.count)
            output += digits.utf8
        }
    }
}
