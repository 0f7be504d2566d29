/// A number as JSON writes it, compared exactly: `1`, `1.0` and `10e-1` are equal, `9007199254740993` is not `9007199254740992`.
public struct ExactDecimal: Sendable, Hashable {
    private let isNegative: Bool
    /// Digits without leading or trailing zeros; empty for zero.
    private let digits: [UInt8]
    /// The power of ten of the first digit: the value is `0.d1d2d3… × 10^magnitude`.
    private let magnitude: Int

    /// Reads a JSON number's text; `nil` where it isn't one or its exponent has more than 15 digits.
    public init?(_ text: String) {
        var digits: [UInt8] = []
        var pointShift = 0
        var seenPoint = false
        var seenDigit = false
        var exponent = 0
        var bytes = Substring(text).utf8
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes.removeFirst() }
        while let byte = bytes.first {
            bytes.removeFirst()
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                seenDigit = true
                digits.append(byte - UInt8(ascii: "0"))
                if !seenPoint { pointShift += 1 }
            case UInt8(ascii: ".") where !seenPoint && seenDigit:
                seenPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                if bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
                let exponentText = String(Substring(bytes))
                guard seenDigit, exponentText.utf8.count <= 16, let value = Int(exponentText) else { return nil }
                exponent = value
                bytes = Substring("").utf8
            default:
                return nil
            }
        }
        guard seenDigit else { return nil }
        let leading = digits.prefix { $0 == 0 }.count
        digits.removeFirst(leading)
        while digits.last == 0 { digits.removeLast() }
        self.digits = digits
        self.isNegative = isNegative && !digits.isEmpty
        magnitude = digits.isEmpty ? 0 : pointShift - leading + exponent
    }

    /// Below 0, 0 or above 0 as this number is smaller than, equal to or greater than another.
    public func compare(to other: ExactDecimal) -> Int {
        let left = digits.isEmpty ? 0 : isNegative ? -1 : 1
        let right = other.digits.isEmpty ? 0 : other.isNegative ? -1 : 1
        if left != right { return left - right }
        guard left != 0 else { return 0 }
        if magnitude != other.magnitude { return (magnitude < other.magnitude ? -1 : 1) * left }
        if digits == other.digits { return 0 }
        return (digits.lexicographicallyPrecedes(other.digits) ? -1 : 1) * left
    }
}
