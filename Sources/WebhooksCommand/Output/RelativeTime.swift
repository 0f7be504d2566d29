internal import Webhooks

/// Moments and spans as people say them.
enum RelativeTime {
    /// `3 min ago`, `in 5 s`, `now`.
    static func text(_ moment: Timestamp, now: Timestamp = .now) -> String {
        let distance = moment.milliseconds - now.milliseconds
        let span = span(milliseconds: abs(distance))
        if abs(distance) < 1000 { return "now" }
        return distance > 0 ? "in \(span)" : "\(span) ago"
    }

    /// The moment itself, and how far away it is.
    static func long(_ moment: Timestamp, now: Timestamp = .now) -> String {
        "\(moment) (\(text(moment, now: now)))"
    }

    /// `12.3 ms`, `1.20 s`, `4 min`.
    static func duration(_ duration: Duration) -> String {
        let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        if microseconds < 1_000_000 { return "\(decimal(microseconds / 100, digits: 1)) ms" }
        if microseconds < 60_000_000 { return "\(decimal(microseconds / 10_000, digits: 2)) s" }
        return span(milliseconds: microseconds / 1000)
    }

    private static func span(milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        return switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min"
        case ..<(2 * 86_400): "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    private static func decimal(_ value: Int64, digits: Int) -> String {
        let scale: Int64 = digits == 1 ? 10 : 100
        let fraction = String(value % scale)
        return "\(value / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
