internal import ArgumentParser
internal import WebhookCore
internal import WebhookMonitoring
internal import Webhooks

/// A span of time as in the configuration: `250ms`, `15s`, `5m`, `2h`, `5d`.
struct DurationArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits) else { return nil }
        let milliseconds: Int64
        switch argument.dropFirst(digits.count) {
        case "ms": milliseconds = 1
        case "s": milliseconds = 1000
        case "m": milliseconds = 60_000
        case "h": milliseconds = 3_600_000
        case "d": milliseconds = 86_400_000
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: milliseconds)
        // A thousand years: what is added to the clock stays within what can be written down.
        guard !overflow, product <= 365_000 * 86_400_000 else { return nil }
        duration = .milliseconds(product)
    }

    /// Reads an argument, or says what is wrong with it as the configuration does.
    static func read(_ text: String) throws -> DurationArgument {
        guard let argument = DurationArgument(argument: text) else {
            throw ValidationError("must be a duration, \(Self.format)")
        }
        return argument
    }

    static let format = "a whole number with ms, s, m, h or d: 250ms, 15s, 5m, 2h, 5d"

    /// In the largest unit that leaves nothing over.
    var text: String {
        let milliseconds = duration.wholeMilliseconds
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        for (size, unit) in units where milliseconds >= size && milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }
}

/// A time: RFC 3339.
struct TimeArgument {
    let instant: Timestamp

    static func read(_ text: String) throws -> TimeArgument {
        guard let instant = Timestamp(rfc3339: text) else { throw ValidationError("must be a time as in \(format)") }
        return TimeArgument(instant: instant)
    }

    static let format = "RFC 3339, such as 2026-03-01T09:30:00Z"
}

/// A time in the past: RFC 3339, a day (its beginning in UTC), or so long ago (`2h`, `5d`).
struct PastArgument {
    let instant: Timestamp

    static func read(_ text: String) throws -> PastArgument {
        if let instant = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") {
            return PastArgument(instant: instant)
        }
        guard let ago = DurationArgument(argument: text) else {
            throw ValidationError(
                "must be a time as in \(TimeArgument.format); a day, 2026-03-01; or so long ago, 2h, 5d"
            )
        }
        return PastArgument(instant: .now - ago.duration)
    }
}

/// Whole numbers within bounds.
enum NumberArgument {
    static func read<Number: FixedWidthInteger & Sendable & SendableMetatype>(
        _ bounds: ClosedRange<Number>
    ) -> @Sendable (String) throws -> Number {
        { text in
            guard let number = Number(text), bounds.contains(number) else {
                // The end of a wide type is nobody's bound.
                let isOpen = bounds.upperBound == .max && Number.bitWidth > 32
                let most = isOpen ? "" : " to \(bounds.upperBound)"
                let least = most.isEmpty ? ", at least \(bounds.lowerBound)" : ", \(bounds.lowerBound)\(most)"
                throw ValidationError("must be a whole number\(least)")
            }
            return number
        }
    }
}

/// An address to listen on.
enum ListenArgument {
    static func read(_ text: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw ValidationError("must be an address and a port, such as 127.0.0.1:9464 or [::1]:9464")
        }
        return address
    }
}
