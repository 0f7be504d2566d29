/// Builds ``JSONValue`` nodes with the scanner. Recursion is bounded by the scanner's depth.
struct JSONParser {
    let document: ByteString
    var scanner: JSONScanner

    mutating func parseDocument() throws(JSONError) -> JSONValue {
        scanner.skipWhiteSpace()
        guard scanner.peek != nil else { throw scanner.failure("there is no JSON value") }
        let value = try parseValue(depth: 0)
        scanner.skipWhiteSpace()
        guard scanner.peek == nil else { throw scanner.failure("something follows the JSON value") }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        let start = scanner.position
        let kind: JSONValue.Kind
        switch scanner.peek {
        case nil: throw scanner.failure("the value is cut off")
        case UInt8(ascii: "{"): kind = .object(try parseMembers(depth: depth + 1))
        case UInt8(ascii: "["): kind = .array(try parseItems(depth: depth + 1))
        case UInt8(ascii: "\""): kind = .string(try parseString())
        case UInt8(ascii: "t"):
            try scanner.expect("true")
            kind = .bool(true)
        case UInt8(ascii: "f"):
            try scanner.expect("false")
            kind = .bool(false)
        case UInt8(ascii: "n"):
            try scanner.expect("null")
            kind = .null
        case let byte? where byte == UInt8(ascii: "-") || JSONScanner.isDigit(byte):
            try scanner.number()
            kind = .number(String(decoding: scanner.bytes[start..<scanner.position], as: UTF8.self))
        default: throw scanner.failure("not a JSON value")
        }
        return JSONValue(kind: kind, document: document, range: start..<scanner.position)
    }

    private mutating func parseMembers(depth: Int) throws(JSONError) -> [JSONValue.Member] {
        guard depth <= scanner.maxDepth else { throw scanner.failure("nested deeper than \(scanner.maxDepth) levels") }
        scanner.position += 1
        var members: [JSONValue.Member] = []
        scanner.skipWhiteSpace()
        if scanner.peek == UInt8(ascii: "}") {
            scanner.position += 1
            return members
        }
        while true {
            scanner.skipWhiteSpace()
            guard scanner.peek == UInt8(ascii: "\"") else { throw scanner.failure("a key in quotes is missing") }
            let keyOffset = scanner.position
            let key = try parseString()
            scanner.skipWhiteSpace()
            guard scanner.peek == UInt8(ascii: ":") else { throw scanner.failure("a colon is missing after the key") }
            scanner.position += 1
            scanner.skipWhiteSpace()
            members.append(JSONValue.Member(key: key, keyOffset: keyOffset, value: try parseValue(depth: depth)))
            scanner.skipWhiteSpace()
            switch scanner.peek {
            case UInt8(ascii: ","): scanner.position += 1
            case UInt8(ascii: "}"):
                scanner.position += 1
                return members
            default: throw scanner.failure("a comma or } is missing")
            }
        }
    }

    private mutating func parseItems(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= scanner.maxDepth else { throw scanner.failure("nested deeper than \(scanner.maxDepth) levels") }
        scanner.position += 1
        var items: [JSONValue] = []
        scanner.skipWhiteSpace()
        if scanner.peek == UInt8(ascii: "]") {
            scanner.position += 1
            return items
        }
        while true {
            scanner.skipWhiteSpace()
            items.append(try parseValue(depth: depth))
            scanner.skipWhiteSpace()
            switch scanner.peek {
            case UInt8(ascii: ","): scanner.position += 1
            case UInt8(ascii: "]"):
                scanner.position += 1
                return items
            default: throw scanner.failure("a comma or ] is missing")
            }
        }
    }

    private mutating func parseString() throws(JSONError) -> String {
        let start = scanner.position + 1
        let escaped = try scanner.string()
        let content = scanner.bytes[start..<(scanner.position - 1)]
        return escaped ? Self.unescape(content) : String(decoding: content, as: UTF8.self)
    }

    private static func unescape(_ content: Slice<UnsafeRawBufferPointer>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(content.count)
        var index = content.startIndex
        while index < content.endIndex {
            let byte = content[index]
            guard byte == UInt8(ascii: "\\") else {
                output.append(byte)
                index += 1
                continue
            }
            let code = content[index + 1]
            index += 2
            switch code {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                let unit = codeUnit(content, at: index)
                index += 4
                var scalar = Unicode.Scalar(UInt32(unit))
                if (0xD800..<0xDC00).contains(unit), index + 5 < content.endIndex,
                    content[index] == UInt8(ascii: "\\"), content[index + 1] == UInt8(ascii: "u")
                {
                    let low = codeUnit(content, at: index + 2)
                    if (0xDC00..<0xE000).contains(low) {
                        scalar = Unicode.Scalar(0x10000 + (UInt32(unit - 0xD800) << 10) + UInt32(low - 0xDC00))
                        index += 6
                    }
                }
                output.append(contentsOf: String(Character(scalar ?? "\u{FFFD}")).utf8)
            default: output.append(code)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func codeUnit(_ content: Slice<UnsafeRawBufferPointer>, at index: Int) -> UInt16 {
        (0..<4).reduce(0) { $0 << 4 | (JSONScanner.hexValue(content[index + $1]) ?? 0) }
    }
}
