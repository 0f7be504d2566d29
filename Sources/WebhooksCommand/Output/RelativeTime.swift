internal import WebhookCore
internal import Webhooks

/// Times and spans as people say them.
enum RelativeTime {
    /// `3 min ago`, `in 5 s`, `now`.
    static func text(_ instant: Timestamp, now: Timestamp = .now) -> String {
        let distance = instant.milliseconds - now.milliseconds
        let span = span(milliseconds: abs(distance))
        if abs(distance) < 1000 { return "now" }
        return distance > 0 ? "in \(span)" : "\(span) ago"
    }

    /// The time until something is to happen: `in 5 s`, `now`; `overdue` where something holds it up.
    static func next(_ instant: Timestamp, now: Timestamp = .now) -> String {
        instant.milliseconds <= now.milliseconds - 1000 ? "overdue" : text(instant, now: now)
    }

    /// The time itself, and how far away it is.
    static func long(_ instant: Timestamp, now: Timestamp = .now) -> String {
        "\(instant) (\(text(instant, now: now)))"
    }

    /// `12.3 ms`, `1.20 s`, `4 min`.
    static func duration(_ duration: Duration) -> String {
        let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        if microseconds < 1_000_000 { return "\(decimal(microseconds / 100, digits: 1)) ms" }
        if microseconds < 60_000_000 { return "\(decimal(microseconds / 10_000, digits: 2)) s" }
        return span(milliseconds: microseconds / 1000)
    }

    /// To the nearest whole unit: a time after `--in 60m` it is an hour, not 59 minutes.
    private static func span(milliseconds: Int64) -> String {
        func rounded(_ unit: Int64) -> Int64 { milliseconds / unit + (milliseconds % unit * 2 >= unit ? 1 : 0) }
        if rounded(1000) < 60 { return "\(rounded(1000)) s" }
        if rounded(60_000) < 60 { return "\(rounded(60_000)) min" }
        if rounded(3_600_000) < 48 { return "\(rounded(3_600_000)) h" }
        return "\(rounded(86_400_000)) d"
    }

    private static func decimal(_ value: Int64, digits: Int) -> String {
        let scale: Int64 = digits == 1 ? 10 : 100
        let fraction = String(value % scale)
        return "\(value / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
