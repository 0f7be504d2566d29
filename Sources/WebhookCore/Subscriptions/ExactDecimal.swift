/// A number as JSON writes it, compared exactly: `1`, `1.0` and `10e-1` are equal, `9007199254740993` is not
/// `9007199254740992`.
package struct ExactDecimal: Sendable, Hashable {
    let isNegative: Bool
    /// Digits without leading or trailing zeros, 0 to 9; empty for zero.
    let digits: [UInt8]
    /// The power of ten of the first digit: the value is `0.d1d2d3… × 10^magnitude`; 0 for zero.
    let magnitude: Int

    /// Reads a JSON number's text; `nil` where it isn't one, or where its exponent has more than 15 digits.
    package init?(_ text: String) {
        var text = text
        let parts = text.withUTF8 { Parts(UnsafeRawBufferPointer($0)) }
        guard let parts else { return nil }
        digits = parts.digits
        isNegative = parts.isNegative
        magnitude = parts.magnitude
    }

    init(isNegative: Bool, digits: [UInt8], magnitude: Int) {
        self.isNegative = isNegative
        self.digits = digits
        self.magnitude = magnitude
    }

    /// Below 0, 0 or above 0 as this number is smaller than, equal to or greater than another.
    package func compare(to other: ExactDecimal) -> Int {
        let left = digits.isEmpty ? 0 : isNegative ? -1 : 1
        let right = other.digits.isEmpty ? 0 : other.isNegative ? -1 : 1
        if left != right { return left - right }
        guard left != 0 else { return 0 }
        if magnitude != other.magnitude { return (magnitude < other.magnitude ? -1 : 1) * left }
        if digits == other.digits { return 0 }
        return (digits.lexicographicallyPrecedes(other.digits) ? -1 : 1) * left
    }
}

extension ExactDecimal {
    /// Tells whether a JSON number's text is this number, without taking it apart: an array may have any number of them.
    func isWritten(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isWritten(UnsafeRawBufferPointer($0)) }
    }

    private func isWritten(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var (matched, leading, integerDigits) = (0, 0, 0)
        var (isInFraction, isBegun) = (false, false)
        var position = 0
        while position < bytes.count, bytes[position] | 0x20 != UInt8(ascii: "e") {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "-") { continue }
            if byte == UInt8(ascii: ".") {
                isInFraction = true
                continue
            }
            let digit = byte - UInt8(ascii: "0")
            if !isInFraction { integerDigits += 1 }
            if !isBegun, digit == 0 {
                leading += 1
                continue
            }
            isBegun = true
            guard digit == (matched < digits.count ? digits[matched] : 0) else { return false }
            matched += 1
        }
        guard isBegun, !digits.isEmpty else { return !isBegun && digits.isEmpty }
        guard matched >= digits.count, isNegative == (bytes.first == UInt8(ascii: "-")),
            let exponent = Parts.exponent(bytes[position...].dropFirst())
        else { return false }
        return magnitude == integerDigits - leading + exponent
    }
}

/// A number's text taken apart and brought into the one form that equal numbers share.
private struct Parts {
    var isNegative = false
    var digits: [UInt8] = []
    var magnitude = 0

    init?(_ bytes: UnsafeRawBufferPointer) {
        var scanner = JSONScanner(bytes, maxDepth: 0)
        guard (try? scanner.number()) != nil, scanner.position == bytes.count else { return nil }
        let exponentMark = bytes.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? bytes.count
        var integerDigits: Int?
        for byte in bytes[..<exponentMark] {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): integerDigits = digits.count
            default: digits.append(byte - UInt8(ascii: "0"))
            }
        }
        magnitude = integerDigits ?? digits.count
        let leading = digits.prefix { $0 == 0 }.count
        digits.removeFirst(leading)
        while digits.last == 0 { digits.removeLast() }
        guard !digits.isEmpty else {
            isNegative = false
            magnitude = 0
            return
        }
        guard let exponent = Self.exponent(bytes[exponentMark...].dropFirst()) else { return nil }
        magnitude += exponent - leading
    }

    static func exponent(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
        let sign = text.first == UInt8(ascii: "-") ? -1 : 1
        let significant = text.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }.drop {
            $0 == UInt8(ascii: "0")
        }
        guard significant.count <= 15 else { return nil }
        return sign * significant.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}

extension ExactDecimal: CustomStringConvertible {
    /// As a JSON number.
    package var description: String {
        guard !digits.isEmpty else { return "0" }
        let text = digits.map { String($0) }.joined()
        let number: String
        switch magnitude {
        case 1...21 where magnitude >= digits.count:
            number = text + String(repeating: "0", count: magnitude - digits.count)
        case 1..<max(2, digits.count): number = "\(text.prefix(magnitude)).\(text.dropFirst(magnitude))"
        case -5...0: number = "0." + String(repeating: "0", count: -magnitude) + text
        default:
            let fraction = text.dropFirst().isEmpty ? "" : ".\(text.dropFirst())"
            number = "\(text.prefix(1))\(fraction)e\(magnitude - 1)"
        }
        return isNegative ? "-" + number : number
    }
}
