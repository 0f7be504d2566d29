internal import WebhookCore

/// A JSON object on a line, keys in the order in which they were added.
struct JSONLine {
    private var output: [UInt8] = [UInt8(ascii: "{")]

    /// The object with the line's end.
    var bytes: [UInt8] { output + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }

    mutating func add(_ key: String, _ text: String?) {
        begin(key)
        if let text { JSON.appendString(text, to: &output) } else { output += "null".utf8 }
    }

    /// A number or a word; `nil` is null.
    mutating func add(_ key: String, raw: String?) {
        begin(key)
        output += (raw ?? "null").utf8
    }

    /// A valid document, without the white space between its tokens.
    mutating func add(_ key: String, document: ByteString) {
        begin(key)
        var isInString = false
        var isEscaped = false
        document.withUnsafeBytes { bytes in
            output.reserveCapacity(output.count + bytes.count)
            for byte in bytes {
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == 0x5C {
                        isEscaped = true
                    } else {
                        isInString = byte != 0x22
                    }
                } else if byte == 0x22 {
                    isInString = true
                } else if byte <= 0x20 {
                    continue
                }
                output.append(byte)
            }
        }
    }

    private mutating func begin(_ key: String) {
        if output.count > 1 { output.append(UInt8(ascii: ",")) }
        JSON.appendString(key, to: &output)
        output.append(UInt8(ascii: ":"))
    }
}
