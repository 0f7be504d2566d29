internal import WebhookCore

/// When the next attempt is due.
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

    /// The longest time from now at which a stored due moment makes sense. A later one was written by a clock that was wrong.
    static func longestWait(_ policy: DeliveryPolicy) -> Duration {
        let scheduled = policy.schedule.max() ?? .zero
        let jittered = scheduled + .milliseconds(Int64(Double(scheduled.wholeMilliseconds) * policy.jitter))
        return max(jittered, RetryAfter.longest)
    }
}
