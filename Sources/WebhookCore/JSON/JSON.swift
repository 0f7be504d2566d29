/// Reading and checking JSON.
package enum JSON {
    /// The depth of nesting that an event's data may have.
    package static let maxDepth = 512

    /// Parses one JSON document.
    ///
    /// - Parameters:
    ///   - document: UTF-8 without byte order mark; white space around the value is allowed.
    ///   - maxDepth: how deep arrays and objects may nest; defaults to 512, and is never more, which bounds the stack.
    /// - Throws: ``JSONError`` with the place of the first problem.
    package static func parse(_ document: ByteString, maxDepth: Int = maxDepth) throws(JSONError) -> JSONValue {
        let result: Result<JSONValue, JSONError> = document.withUnsafeBytes { bytes in
            var parser = JSONParser(
                document: document,
                scanner: JSONScanner(bytes, maxDepth: min(maxDepth, Self.maxDepth))
            )
            return Result { () throws(JSONError) in try parser.parseDocument() }
        }
        return try result.get()
    }

    /// Checks a document without building values and returns where the value stands in it, white space left out.
    ///
    /// - Throws: ``JSONError`` with the place of the first problem.
    package static func validate(_ document: ByteString, maxDepth: Int = maxDepth) throws(JSONError) -> Range<Int> {
        let result: Result<Range<Int>, JSONError> = document.withUnsafeBytes { bytes in
            var walker = JSONWalker(scanner: JSONScanner(bytes, maxDepth: min(maxDepth, Self.maxDepth)))
            return Result { () throws(JSONError) in try walker.walkDocument() }
        }
        return try result.get()
    }

    /// Appends a text as a JSON string, quotes included; only what RFC 8259 demands is escaped.
    package static func appendString(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        appendEscaped(text, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    /// Appends a text with JSON's escapes but without the quotes.
    package static func appendEscaped(_ text: String, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: [0x5C, 0x22])
            case UInt8(ascii: "\\"): output.append(contentsOf: [0x5C, 0x5C])
            case 0x08: output.append(contentsOf: [0x5C, UInt8(ascii: "b")])
            case 0x0C: output.append(contentsOf: [0x5C, UInt8(ascii: "f")])
            case 0x0A: output.append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x0D: output.append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case 0x09: output.append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 15))
            default: output.append(byte)
            }
        }
    }

    /// Tells whether a text of a valid document, or a key, holds half of a surrogate pair, which stands for no character: readers
    /// differ in what they make of it.
    package static func hasLoneSurrogate(_ document: ByteString) -> Bool {
        document.withUnsafeBytes { bytes in
            var rest = bytes[...]
            var isHigh = false
            while let slash = rest.firstIndex(of: UInt8(ascii: "\\")) {
                if isHigh, slash != rest.startIndex { return true }
                let unit = bytes[slash + 1] == UInt8(ascii: "u") ? bytes[(slash + 2)..<(slash + 6)] : nil
                let isLow = unit.map { isSurrogate($0, "cdef") } ?? false
                guard isHigh == isLow else { return true }
                isHigh = unit.map { isSurrogate($0, "89ab") } ?? false
                rest = bytes[(slash + (unit == nil ? 2 : 6))...]
            }
            return isHigh
        }
    }

    /// Tells whether four hexadecimal digits are `d`, one of some, and two more.
    private static func isSurrogate(_ digits: Slice<UnsafeRawBufferPointer>, _ second: StaticString) -> Bool {
        guard digits[digits.startIndex] | 0x20 == UInt8(ascii: "d") else { return false }
        let digit = digits[digits.startIndex + 1] | 0x20
        return second.withUTF8Buffer { $0.contains { $0 | 0x20 == digit } }
    }

    /// A text as a JSON string, quotes included.
    package static func string(_ text: String) -> String {
        var output: [UInt8] = []
        appendString(text, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

/// The reason why bytes are not acceptable JSON, and where.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The problem in a few words; never quotes the input.
    package var reason: String
    /// The offset of the offending byte, from 0.
    package var offset: Int
    /// The line, from 1.
    package var line: Int
    /// The column in characters, from 1.
    package var column: Int

    package init(reason: String, offset: Int, line: Int, column: Int) {
        self.reason = reason
        self.offset = offset
        self.line = line
        self.column = column
    }

    package var description: String { "line \(line), column \(column): \(reason)" }
}

/// A position in a text, for messages.
package struct TextPosition: Sendable, Hashable {
    /// From 1.
    package var line: Int
    /// In characters (Unicode scalars), from 1.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The position of the byte at `offset`.
    package init(offset: Int, in bytes: ByteString) {
        self = bytes.withUnsafeBytes { TextPosition(offset: offset, in: $0) }
    }

    init(offset: Int, in bytes: UnsafeRawBufferPointer) {
        self.init(line: 1, column: 1)
        advance(over: bytes.prefix(offset))
    }

    /// Goes on over some bytes.
    package mutating func advance(over bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
    }
}
