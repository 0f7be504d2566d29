extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds, such as `2026-03-01T09:30:00.000Z`.
    public var description: String { rfc3339(milliseconds: true) }

    /// RFC 3339 in UTC with or without milliseconds; a time outside the years 0001 to 9999 as the nearest one inside.
    public func rfc3339(milliseconds withMilliseconds: Bool) -> String {
        let instant = min(max(milliseconds, Self.firstMillisecond), Self.lastMillisecond)
        var days = instant / 86_400_000
        var rest = instant % 86_400_000
        if rest < 0 {
            rest += 86_400_000
            days -= 1
        }
        let (year, month, day) = Self.civil(fromDays: days)
        return String(unsafeUninitializedCapacity: 32) { buffer in
            var count = 0
            func put(_ value: Int64, _ width: Int) {
                var value = value
                for index in stride(from: count + width - 1, through: count, by: -1) {
                    buffer[index] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
                count += width
            }
            func put(_ character: UInt8) {
                buffer[count] = character
                count += 1
            }
            put(year, 4)
            put(UInt8(ascii: "-"))
            put(month, 2)
            put(UInt8(ascii: "-"))
            put(day, 2)
            put(UInt8(ascii: "T"))
            put(rest / 3_600_000, 2)
            put(UInt8(ascii: ":"))
            put(rest / 60_000 % 60, 2)
            put(UInt8(ascii: ":"))
            put(rest / 1000 % 60, 2)
            if withMilliseconds {
                put(UInt8(ascii: "."))
                put(rest % 1000, 3)
            }
            put(UInt8(ascii: "Z"))
            return count
        }
    }

    /// Reads RFC 3339: date, `T` (or `t`, or a space), time, optional fraction (rounded down to ms), `Z` or an offset.
    ///
    /// A leap second `:60` is taken as the last millisecond of its minute. Years 0001 to 9999, in UTC too.
    /// - Returns: `nil` for anything else.
    public init?(rfc3339 text: String) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), year >= 1, reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year),
            reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if reader.take(".") {
            guard let value = reader.fraction() else { return nil }
            fraction = value
        }
        var offset: Int64 = 0
        if !(reader.take("Z") || reader.take("z")) {
            let sign: Int64
            if reader.take("+") { sign = 1 } else if reader.take("-") { sign = -1 } else { return nil }
            guard let hours = reader.number(2), reader.take(":"), let minutes = reader.number(2), hours < 24,
                minutes < 60
            else { return nil }
            offset = sign * (hours * 60 + minutes)
        }
        guard reader.isAtEnd else { return nil }
        let seconds = second == 60 ? 59 : second
        let milliseconds = second == 60 ? 999 : fraction
        let days = Self.days(fromCivil: year, month, day)
        let instant = ((days * 24 + hour) * 60 + minute - offset) * 60_000 + seconds * 1000 + milliseconds
        // An offset may carry the first and the last day out of the four-digit years.
        guard (Self.firstMillisecond...Self.lastMillisecond).contains(instant) else { return nil }
        self.init(milliseconds: instant)
    }

    /// 0001-01-01T00:00:00.000Z.
    package static let firstMillisecond: Int64 = -62_135_596_800_000
    /// 9999-12-31T23:59:59.999Z.
    package static let lastMillisecond: Int64 = 253_402_300_799_999

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
    /// algorithms").
    private static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Timestamp: Codable {
    /// Reads RFC 3339, as ``init(rfc3339:)`` does.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Timestamp(rfc3339: try container.decode(String.self)) else {
            let message = "a time must be as in RFC 3339, such as 2026-03-01T09:30:00.000Z"
            throw DecodingError.dataCorruptedError(in: container, debugDescription: message)
        }
        self = time
    }

    /// Writes RFC 3339 in UTC with milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Reads fixed-width numbers from ASCII.
private struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func fraction() -> Int64? {
        guard var value = digit() else { return nil }
        var width = 1
        while let next = digit() {
            if width < 3 { value = value * 10 + next }
            width += 1
        }
        while width < 3 {
            value *= 10
            width += 1
        }
        return value
    }

    private mutating func digit() -> Int64? {
        guard let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        rest.removeFirst()
        return Int64(byte - UInt8(ascii: "0"))
    }
}
