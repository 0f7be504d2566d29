internal import Glibc

/// Nanoseconds on the clock that nobody sets (CLOCK_MONOTONIC), for deadlines within the process.
struct MonotonicTime: Comparable, Sendable {
    var nanoseconds: Int64

    static let distantFuture = MonotonicTime(nanoseconds: .max)

    static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (lhs: MonotonicTime, rhs: MonotonicTime) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    static func + (lhs: MonotonicTime, rhs: Duration) -> MonotonicTime {
        let (sum, overflow) = lhs.nanoseconds.addingReportingOverflow(rhs.wholeNanoseconds)
        return overflow ? .distantFuture : MonotonicTime(nanoseconds: sum)
    }

    static func - (lhs: MonotonicTime, rhs: MonotonicTime) -> Duration {
        .nanoseconds(lhs.nanoseconds - rhs.nanoseconds)
    }
}

extension Duration {
    /// The duration in milliseconds, at least 1: libcurl takes 0 for its own default or for no limit at all.
    var curlMilliseconds: Int {
        max(1, min(wholeNanoseconds / 1_000_000, 0x7FFF_FFFF).magnitudeAsInt)
    }
}

extension Int64 {
    /// The value, with negative ones as zero.
    fileprivate var magnitudeAsInt: Int { self < 0 ? 0 : Int(self) }
}
