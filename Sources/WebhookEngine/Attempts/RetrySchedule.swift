internal import WebhookCore

/// The waits between attempts.
enum RetrySchedule {
    /// The wait after an attempt that used up a step, or `nil` when the schedule is used up.
    ///
    /// - Parameters:
    ///   - stepsUsed: attempts that used up a step, this one included; at least 1.
    ///   - jitter: a random number from 0 up to 1.
    static func wait(afterStep stepsUsed: Int, policy: DeliveryPolicy, jitter: Double) -> Duration? {
        guard stepsUsed >= 1, stepsUsed <= policy.schedule.count else { return nil }
        let wait = policy.schedule[stepsUsed - 1]
        return wait + .milliseconds(Int64(Double(wait.wholeMilliseconds) * policy.jitter * jitter))
    }

    /// The longest time from now at which a stored due time makes sense. A later one was written by a clock that was wrong.
    static func longestWait(_ policy: DeliveryPolicy) -> Duration {
        let scheduled = policy.schedule.max() ?? .zero
        let jittered = scheduled + .milliseconds(Int64(Double(scheduled.wholeMilliseconds) * policy.jitter))
        return max(jittered, RetryAfter.longest)
    }
}

/// The `Retry-After` header (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// The longest wait that a receiver may ask for.
    static let longest: Duration = .seconds(86_400)

    /// The wait that an answer asks for, from the time it came, at most 24 hours; `nil` without a header that makes sense.
    ///
    /// - Parameter now: the wall clock's, for a date.
    static func wait(in headers: [HTTPHeader], now: Timestamp) -> Duration? {
        guard let field = headers.first(where: { $0.name.lowercased() == "retry-after" }) else { return nil }
        let value = field.value.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        return wait(String(value), now: now)
    }

    static func wait(_ value: String, now: Timestamp) -> Duration? {
        guard !value.isEmpty else { return nil }
        if value.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {
            // More digits than fit are a long time, too.
            guard let seconds = Int64(value) else { return longest }
            return min(.seconds(min(seconds, 86_400)), longest)
        }
        guard let date = HTTPDate.parse(value) else { return nil }
        let wait = date.milliseconds - now.milliseconds
        return min(.milliseconds(max(0, wait)), longest)
    }
}

/// The three date forms that RFC 9110, section 5.6.7, asks receivers to take.
enum HTTPDate {
    static func parse(_ text: String) -> Timestamp? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        // Sun, 06 Nov 1994 08:49:37 GMT — Sunday, 06-Nov-94 08:49:37 GMT — Sun Nov  6 08:49:37 1994
        if words.count == 6, words[5] == "GMT" {
            return timestamp(day: words[1], month: words[2], year: words[3], time: words[4])
        }
        if words.count == 5 {
            return timestamp(day: words[2], month: words[1], year: words[4], time: words[3])
        }
        return nil
    }

    private static func timestamp(day: Substring, month: Substring, year: Substring, time: Substring) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let monthIndex = months.firstIndex(of: String(month)), let dayNumber = Int(day),
            var yearNumber = Int(year)
        else { return nil }
        if year.count == 2 { yearNumber += yearNumber < 70 ? 2000 : 1900 }
        guard yearNumber >= 1, yearNumber <= 9999 else { return nil }
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return Timestamp(
            rfc3339: "\(padded(yearNumber, 4))-\(padded(monthIndex + 1, 2))-\(padded(dayNumber, 2))T\(time)Z"
        )
    }
}
