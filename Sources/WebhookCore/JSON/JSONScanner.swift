/// A strict JSON scanner (RFC 8259): well-formed UTF-8, no extensions, bounded depth.
///
/// It never recurses deeper than `maxDepth` and never looks past the buffer. ``JSONParser`` builds values with it,
/// ``JSON/validate(_:maxDepth:)`` only walks.
struct JSONScanner {
    let bytes: UnsafeRawBufferPointer
    let maxDepth: Int
    var position = 0

    init(_ bytes: UnsafeRawBufferPointer, maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    func failure(_ reason: String, at offset: Int? = nil) -> JSONError {
        let offset = offset ?? position
        let place = TextPosition(offset: min(offset, bytes.count), in: bytes)
        return JSONError(reason: reason, offset: offset, line: place.line, column: place.column)
    }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    mutating func expect(_ literal: StaticString) throws(JSONError) {
        let length = literal.utf8CodeUnitCount
        guard position + length <= bytes.count else { throw failure("the value is cut off") }
        for index in 0..<length where bytes[position + index] != literal.utf8Start[index] {
            throw failure("not a JSON value")
        }
        position += length
    }

    /// Steps over a number: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    mutating func number() throws(JSONError) {
        if peek == UInt8(ascii: "-") { position += 1 }
        guard let first = peek, Self.isDigit(first) else { throw failure("a digit is missing") }
        position += 1
        if first != UInt8(ascii: "0") {
            digits()
        } else if let next = peek, Self.isDigit(next) {
            throw failure("a number must not begin with 0")
        }
        if peek == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw failure("a digit is missing after the decimal point") }
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if let sign = peek, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw failure("a digit is missing in the exponent") }
        }
    }

    @discardableResult
    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        return position - start
    }

    /// Steps over a string, quotes included; returns whether it holds an escape.
    mutating func string() throws(JSONError) -> Bool {
        position += 1
        var escaped = false
        while true {
            skipPlain()
            guard position < bytes.count else { throw failure("a string is not closed") }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return escaped
            case UInt8(ascii: "\\"):
                escaped = true
                try escape()
            case 0..<0x20:
                throw failure("a control character in a string must be escaped")
            case 0x20..<0x80:
                position += 1
            default:
                try multibyte()
            }
        }
    }

    /// Steps over ASCII characters that mean nothing special in a string, eight at a time; fewer are left at the end.
    private mutating func skipPlain() {
        let each: UInt64 = 0x0101_0101_0101_0101
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quote = word ^ (each &* 0x22)
            let backslash = word ^ (each &* 0x5C)
            // The highest bit of each byte that is a control character, a quote, a backslash or not ASCII. A borrow can mark
            // bytes behind the first of them, which alone counts.
            let special =
                (word | (word &- each &* 0x20) & ~word | (quote &- each) & ~quote | (backslash &- each) & ~backslash)
                & (each &* 0x80)
            guard special == 0 else {
                position += special.trailingZeroBitCount / 8
                return
            }
            position += 8
        }
    }

    private mutating func escape() throws(JSONError) {
        guard position + 1 < bytes.count else { throw failure("a string is not closed") }
        switch bytes[position + 1] {
        case UInt8(ascii: "u"):
            guard position + 5 < bytes.count else { throw failure("\\u needs four hexadecimal digits") }
            for index in 2...5 where Self.hexValue(bytes[position + index]) == nil {
                throw failure("\\u needs four hexadecimal digits")
            }
            position += 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        default:
            throw failure("an unknown escape in a string")
        }
    }

    /// Steps over one well-formed multi-byte character (Unicode 15, table 3-7).
    private mutating func multibyte() throws(JSONError) {
        let first = bytes[position]
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)
        case 0xED: (length, high) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF4: (length, high) = (4, 0x8F)
        case 0xF1...0xF3: length = 4
        default: throw illFormed
        }
        guard position + length <= bytes.count, (low...high).contains(bytes[position + 1]) else {
            throw illFormed
        }
        for index in stride(from: 2, to: length, by: 1) where bytes[position + index] & 0xC0 != 0x80 {
            throw illFormed
        }
        position += length
    }

    private var illFormed: JSONError { failure("not well-formed UTF-8 at byte offset \(position)") }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    static func hexValue(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
