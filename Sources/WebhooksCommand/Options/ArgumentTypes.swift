internal import ArgumentParser
internal import Webhooks

/// A span of time as in the configuration: `250ms`, `15s`, `5m`, `2h`, `5d`.
struct DurationArgument: ExpressibleByArgument {
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

    var defaultValueDescription: String { text }

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

/// A moment: RFC 3339.
struct MomentArgument: ExpressibleByArgument {
    let moment: Timestamp

    init?(argument: String) {
        guard let moment = Timestamp(rfc3339: argument) else { return nil }
        self.moment = moment
    }
}

/// A moment in the past: RFC 3339, a day (its beginning in UTC), or so long ago (`2h`, `5d`).
struct PastArgument: ExpressibleByArgument {
    let moment: Timestamp

    init?(argument: String) {
        if let moment = Timestamp(rfc3339: argument) ?? Timestamp(rfc3339: argument + "T00:00:00Z") {
            self.moment = moment
        } else if let ago = DurationArgument(argument: argument) {
            moment = .now - ago.duration
        } else {
            return nil
        }
    }
}
