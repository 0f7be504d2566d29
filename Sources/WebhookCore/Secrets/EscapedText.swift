/// Text from outside, read in every way in which a writer may have escaped it.
///
/// A receiver that shows a secret may have escaped any part of it, and each leaves other characters alone. The escapes
/// are percent-encoding (`%2F`, `+`), those of JSON and JavaScript (`\\/`, `\\u002f`, `\\x2f`), and those of HTML and
/// XML (`&amp;`, `&#x2f;`). So nothing is spelled out beforehand: each place of the text is read as the byte that
/// stands there, and as the bytes that an escape there stands for.
struct EscapedText {
    /// The characters that one place may stand for.
    struct Reading {
        /// UTF-8, at most four bytes.
        var bytes: [UInt8]
        /// The number of bytes of the text that it takes.
        var length: Int
    }

    private let text: [UInt8]

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// Tells whether a byte may begin an escape.
    static func beginsEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "&")
            || byte == UInt8(ascii: "+")
    }

    /// Reads the escape at a place; `nil` where there is none.
    func escape(at index: Int) -> Reading? {
        switch text[index] {
        case UInt8(ascii: "+"): Reading(bytes: [0x20], length: 1)
        case UInt8(ascii: "%"):
            number(at: index + 1, digits: 2, radix: 16).map { Reading(bytes: [UInt8($0)], length: 3) }
        case UInt8(ascii: "\\"): backslash(at: index)
        case UInt8(ascii: "&"): reference(at: index)
        default: nil
        }
    }

    /// Tells whether the text ends within what may be the beginning of an escape.
    func endsWithinEscape(at index: Int) -> Bool {
        let rest = text.count - index
        switch text[index] {
        case UInt8(ascii: "%"): return rest < 3
        case UInt8(ascii: "\\"): return rest < 6
        case UInt8(ascii: "&"): return rest < Self.longestReference && !text[index...].contains(UInt8(ascii: ";"))
        default: return false
        }
    }

    private func backslash(at index: Int) -> Reading? {
        guard index + 1 < text.count else { return nil }
        switch text[index + 1] {
        case UInt8(ascii: "u"):
            guard let unit = number(at: index + 2, digits: 4, radix: 16) else { return nil }
            guard (0xD800..<0xDC00).contains(unit) else { return scalar(unit, length: 6) }
            guard index + 7 < text.count, text[index + 6] == UInt8(ascii: "\\"), text[index + 7] == UInt8(ascii: "u"),
                let low = number(at: index + 8, digits: 4, radix: 16), (0xDC00..<0xE000).contains(low)
            else { return nil }
            return scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), length: 12)
        case UInt8(ascii: "x"):
            return number(at: index + 2, digits: 2, radix: 16).map { Reading(bytes: [UInt8($0)], length: 4) }
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Reading(bytes: [text[index + 1]], length: 2)
        case UInt8(ascii: "b"): return Reading(bytes: [0x08], length: 2)
        case UInt8(ascii: "f"): return Reading(bytes: [0x0C], length: 2)
        case UInt8(ascii: "n"): return Reading(bytes: [0x0A], length: 2)
        case UInt8(ascii: "r"): return Reading(bytes: [0x0D], length: 2)
        case UInt8(ascii: "t"): return Reading(bytes: [0x09], length: 2)
        default: return nil
        }
    }

    /// `&#x0010FFFF;`, with a few leading zeros.
    private static let longestReference = 14
    private static let entities: [(name: [UInt8], byte: UInt8)] = [
        ("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("sol", "/"), ("plus", "+"),
        ("equals", "="), ("colon", ":"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)[0]) }

    private func reference(at index: Int) -> Reading? {
        let rest = text[(index + 1)...].prefix(Self.longestReference)
        guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = rest[..<end]
        let length = end - index + 1
        guard name.first == UInt8(ascii: "#") else {
            let entity = Self.entities.first { $0.name.elementsEqual(name) }
            return entity.map { Reading(bytes: [$0.byte], length: length) }
        }
        let isHex = name.dropFirst().first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        let digits = name.dropFirst(isHex ? 2 : 1)
        return number(at: digits.startIndex, digits: digits.count, radix: isHex ? 16 : 10)
            .flatMap { scalar($0, length: length) }
    }

    private func scalar(_ value: UInt32, length: Int) -> Reading? {
        Unicode.Scalar(value).map { Reading(bytes: Array(String($0).utf8), length: length) }
    }

    private func number(at index: Int, digits: Int, radix: UInt32) -> UInt32? {
        guard digits > 0, digits <= 10, index + digits <= text.count else { return nil }
        var value: UInt32 = 0
        for byte in text[index..<(index + digits)] {
            let digit: UInt32
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
            guard digit < radix, value < 0x0800_0000 else { return nil }
            value = value * radix + digit
        }
        return value
    }
}
