/// Base64 (RFC 4648, section 4), strict: padded, no white space, no stray bits.
enum Base64 {
    /// The number of bytes that a text stands for; `nil` where it is not base64.
    static func decodedCount(_ text: Substring) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count % 4 == 0 else { return nil }
        let padding = bytes.suffix(2).count { $0 == UInt8(ascii: "=") }
        let digits = bytes.dropLast(padding)
        guard bytes.last != UInt8(ascii: "=") || padding > 0, digits.allSatisfy({ value($0) != nil }) else {
            return nil
        }
        let strayBits: UInt8 = padding == 2 ? 0b1111 : padding == 1 ? 0b11 : 0
        if let last = digits.last.flatMap(value), last & strayBits != 0 { return nil }
        return bytes.count / 4 * 3 - padding
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
