/// Percent-encoding (RFC 3986, section 2.1): `%` and two hexadecimal digits stand for a byte.
package enum PercentEncoding {
    /// The letters of hexadecimal digits.
    package enum Letters: CaseIterable, Sendable {
        case upper, lower
    }

    /// Appends a byte as `%XX`.
    @inlinable
    package static func append(_ byte: UInt8, to output: inout [UInt8], letters: Letters = .upper) {
        output.append(UInt8(ascii: "%"))
        output.append(digit(byte >> 4, letters))
        output.append(digit(byte & 15, letters))
    }

    /// A text with some of its bytes as `%XX`.
    package static func encode(_ text: String, where isEncoded: (UInt8) -> Bool) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isEncoded(byte) { append(byte, to: &output) } else { output.append(byte) }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes that a text stands for, or `nil` where a `%` lacks its digits.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                output.append(bytes[index])
                index += 1
                continue
            }
            guard let value = byte(at: index, of: bytes) else { return nil }
            output.append(value)
            index += 3
        }
        return output
    }

    /// The byte that the `%` at a place stands for, or `nil` where its digits are missing.
    package static func byte(at index: Int, of bytes: [UInt8]) -> UInt8? {
        guard index + 2 < bytes.count, let high = JSONScanner.hexValue(bytes[index + 1]),
            let low = JSONScanner.hexValue(bytes[index + 2])
        else { return nil }
        return UInt8(high << 4 | low)
    }

    @inlinable
    package static func digit(_ value: UInt8, _ letters: Letters) -> UInt8 {
        let first = letters == .upper ? UInt8(ascii: "A") : UInt8(ascii: "a")
        return value < 10 ? UInt8(ascii: "0") + value : first + value - 10
    }
}
