extension ExactDecimal: CustomStringConvertible {
    /// As a JSON number.
    public var description: String {
        guard !digits.isEmpty else { return "0" }
        let text = digits.map { String($0) }.joined()
        let number: String
        switch magnitude {
        case digits.count...21: number = text + String(repeating: "0", count: magnitude - digits.count)
        case 1..<max(2, digits.count): number = "\(text.prefix(magnitude)).\(text.dropFirst(magnitude))"
        case -5...0: number = "0." + String(repeating: "0", count: -magnitude) + text
        default:
            let fraction = text.dropFirst().isEmpty ? "" : ".\(text.dropFirst())"
            number = "\(text.prefix(1))\(fraction)e\(magnitude - 1)"
        }
        return isNegative ? "-" + number : number
    }
}
