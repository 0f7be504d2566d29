/// Standard base64 (RFC 4648, section 4), so that a body needs no Foundation.
package enum Base64 {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    package static func encode(_ bytes: ByteString) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | UInt32(offset < count ? bytes[start + offset] : 0) }
            for digit in 0..<4 {
                let index = Int(group >> (18 - 6 * UInt32(digit)) & 63)
                output.append(digit <= count ? alphabet.utf8Start[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of a text with its padding; `nil` where it is no base64.
    package static func decode(_ text: String) -> ByteString? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        var output: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 4) {
            let isLast = start + 4 == digits.count
            let padding = isLast ? digits[start..<(start + 4)].reversed().prefix { $0 == UInt8(ascii: "=") }.count : 0
            guard padding <= 2 else { return nil }
            var group: UInt32 = 0
            for digit in digits[start..<(start + 4 - padding)] {
                guard let value = value(of: digit) else { return nil }
                group = group << 6 | value
            }
            group <<= 6 * UInt32(padding)
            // Bits that no byte takes must be none.
            guard group & (1 << (8 * UInt32(padding)) - 1) == 0 else { return nil }
            for byte in 0..<(3 - padding) { output.append(UInt8(truncatingIfNeeded: group >> (16 - 8 * UInt32(byte)))) }
        }
        return ByteString(output)
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
