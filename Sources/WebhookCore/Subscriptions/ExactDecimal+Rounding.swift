extension ExactDecimal {
    /// The most digits that are written out: more is no amount, and an exponent could ask for millions.
    private static let longest = 100

    /// Times a power of ten, exactly.
    package func scaled(by power: Int) -> ExactDecimal {
        digits.isEmpty ? self : ExactDecimal(isNegative: isNegative, digits: digits, magnitude: magnitude + power)
    }

    /// True when there is nothing behind the decimal point.
    package var isWhole: Bool { digits.count <= magnitude || digits.isEmpty }

    /// The number with exactly `decimals` decimals, halves rounded away from zero, without exponent; `nil` where it
    /// would be too long.
    ///
    /// - Parameter decimals: 0 to 100.
    package func text(decimals: Int) -> String? {
        guard abs(magnitude) <= Self.longest, digits.count <= 4 * Self.longest else { return nil }
        // Digits that stay, of `0.d1d2d3… × 10^magnitude`, and what the next one adds.
        let kept = magnitude + decimals
        var number = kept > 0 ? Array(digits.prefix(kept)) : []
        while number.count < kept { number.append(0) }
        if kept >= 0, kept < digits.count, digits[kept] >= 5 {
            var index = number.count - 1
            while index >= 0, number[index] == 9 {
                number[index] = 0
                index -= 1
            }
            if index >= 0 { number[index] += 1 } else { number.insert(1, at: 0) }
        }
        while number.count < decimals + 1 { number.insert(0, at: 0) }
        let isZero = number.allSatisfy { $0 == 0 }
        let text = number.map { String($0) }.joined()
        let point = text.index(text.endIndex, offsetBy: -decimals)
        let sign = isNegative && !isZero ? "-" : ""
        return decimals == 0 ? sign + text : "\(sign)\(text[..<point]).\(text[point...])"
    }

    /// The number as it is, without exponent; `nil` where it would be too long.
    package var plainText: String? {
        let decimals = max(0, digits.count - magnitude)
        return decimals <= 2 * Self.longest ? text(decimals: decimals) : nil
    }
}
