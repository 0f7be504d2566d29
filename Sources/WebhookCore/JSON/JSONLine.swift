/// A JSON object on a line, keys in the order in which they were added.
package struct JSONLine: JSONFieldWriter {
    package typealias Failure = Never

    private var output: [UInt8] = [UInt8(ascii: "{")]

    package init() {}

    /// The object with the line's end.
    package var bytes: [UInt8] { output + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }

    package mutating func add(_ key: String, _ text: String?) {
        begin(key)
        if let text { JSON.appendString(text, to: &output) } else { output += "null".utf8 }
    }

    /// A number or a word; `nil` is null.
    package mutating func add(_ key: String, raw: String?) {
        begin(key)
        output += (raw ?? "null").utf8
    }

    package mutating func add(_ key: String, integer: Int?) { add(key, raw: integer.map { String($0) }) }
    package mutating func add(_ key: String, flag: Bool) { add(key, raw: flag ? "true" : "false") }

    package mutating func add(_ key: String, milliseconds: Duration?) {
        add(key, raw: milliseconds.map { Milliseconds.text($0) })
    }

    package mutating func add(_ key: String, headers: [HTTPHeader]) {
        begin(key)
        output.append(UInt8(ascii: "["))
        for (index, header) in headers.enumerated() {
            output.append(contentsOf: index > 0 ? [UInt8(ascii: ","), UInt8(ascii: "[")] : [UInt8(ascii: "[")])
            JSON.appendString(header.name, to: &output)
            output.append(UInt8(ascii: ","))
            JSON.appendString(header.value, to: &output)
            output.append(UInt8(ascii: "]"))
        }
        output.append(UInt8(ascii: "]"))
    }

    package mutating func add(_ key: String, object: some JSONForm) {
        begin(key)
        var line = JSONLine()
        object.write(to: &line)
        output += line.output
        output.append(UInt8(ascii: "}"))
    }

    /// A valid document, without the white space between its tokens.
    package mutating func add(_ key: String, document: ByteString) {
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
