internal import WebhookCore

/// Durations, sizes, percentages and rates as the configuration writes them.
enum Quantity {
    /// `250ms`, `15s`, `5m`, `2h`, `5d`: a whole number with its unit, at most 3650 days. 0 needs no unit.
    static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text) else { return nil }
        let factor: Int
        switch unit {
        case "ms": factor = 1
        case "s": factor = 1000
        case "m": factor = 60_000
        case "h": factor = 3_600_000
        case "d": factor = 86_400_000
        case "" where number == 0: factor = 0
        default: return nil
        }
        let (milliseconds, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows, milliseconds <= 3650 * 86_400_000 else { return nil }
        return .milliseconds(milliseconds)
    }

    /// Tells whether a text is a duration but for its length: over 3650 days.
    static func isTooLong(_ text: String) -> Bool {
        let rest = text.utf8.drop(while: isDigit)
        return rest.count < text.utf8.count && ["ms", "s", "m", "h", "d"].contains(String(Substring(rest)))
            && duration(text) == nil
    }

    /// `512`, `64KiB`, `20MB`: a whole number of bytes with its unit, less than a terabyte.
    static func size(_ text: String) -> Int? {
        guard let (number, unit) = split(text) else { return nil }
        let factor: Int
        switch unit {
        case "", "B": factor = 1
        case "KB", "kB": factor = 1000
        case "MB": factor = 1_000_000
        case "GB": factor = 1_000_000_000
        case "KiB": factor = 1 << 10
        case "MiB": factor = 1 << 20
        case "GiB": factor = 1 << 30
        default: return nil
        }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
        return overflows || bytes >= 1_000_000_000_000 ? nil : bytes
    }

    /// `20%` → 0.2, from 0 to 100, with decimals or without. 0 needs no sign.
    static func percentage(_ text: String) -> Double? {
        let digits = text.hasSuffix("%") ? text.dropLast() : Substring(text)
        guard digits.utf8.count <= 20, digits.utf8.first.map(isDigit) == true, digits.utf8.last.map(isDigit) == true,
            digits.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }),
            let value = Double(digits), value <= 100, text.hasSuffix("%") || value == 0
        else { return nil }
        return value / 100
    }

    /// The requests that a rate may have in its time.
    static let rates = 1...1_000_000_000

    /// `100/s`, `600/m`, `1000/h`.
    static func rate(_ text: String) -> RateLimit? {
        guard let (count, unit) = split(text), rates.contains(count) else { return nil }
        switch unit {
        case "/s": return RateLimit(count: count, per: .seconds(1))
        case "/m": return RateLimit(count: count, per: .seconds(60))
        case "/h": return RateLimit(count: count, per: .seconds(3600))
        default: return nil
        }
    }

    /// Leading digits and what follows.
    private static func split(_ text: String) -> (number: Int, rest: Substring)? {
        let digits = text.utf8.prefix(while: isDigit)
        guard !digits.isEmpty, let number = Int(Substring(digits)) else { return nil }
        return (number, Substring(text.utf8.dropFirst(digits.count)))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
