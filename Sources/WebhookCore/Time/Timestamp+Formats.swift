extension Timestamp {
    /// `2026-03-01`, in UTC.
    package var dateText: String { String(secondsText.prefix(10)) }

    /// `09:30:00`, in UTC.
    package var timeText: String { String(secondsText.dropFirst(11).prefix(8)) }

    /// `2026-03-01 09:30:00`, in UTC.
    package var dateTimeText: String { "\(dateText) \(timeText)" }

    /// `20260301T093000Z` (ISO 8601, basic format).
    package var basicText: String { secondsText.filter { $0 != "-" && $0 != ":" } }

    /// `2026-03-01T09:30:00+00:00`.
    package var offsetText: String { secondsText.dropLast() + "+00:00" }

    /// `Sun, 01 Mar 2026 09:30:00` and a zone: IMF-fixdate (RFC 9110 section 5.6.7) with `GMT`, RFC 2822 with `+0000`.
    package func mailText(zone: String) -> String {
        let parts = dateText.split(separator: "-")
        let month = Self.months[(Int(parts[1]) ?? 1) - 1]
        let days = milliseconds / 86_400_000 - (milliseconds % 86_400_000 < 0 ? 1 : 0)
        // 1970-01-01 was a Thursday.
        let weekday = Self.weekdays[Int(((days % 7) + 11) % 7)]
        return "\(weekday), \(parts[2]) \(month) \(parts[0]) \(timeText) \(zone)"
    }

    private var secondsText: String { rfc3339(milliseconds: false) }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
