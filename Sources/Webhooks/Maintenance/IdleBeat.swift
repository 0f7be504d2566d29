internal import WebhookCore

/// The times at which a running dispatcher's slower tasks wake up: the same for all, so that they wake the machine together.
enum IdleBeat {
    /// The time between two beats.
    static let length: Duration = .milliseconds(500)

    private static let start = ContinuousClock.now

    /// Sleeps for about an interval: until the beat that is nearest to its end, but for no less than half of it. What is
    /// shorter than a beat is slept exactly.
    static func sleep(for interval: Duration) async throws(CancellationError) {
        let now = ContinuousClock.now
        let end = start + wakeUp(after: now - start, interval)
        do {
            try await Task.sleep(until: end, clock: .continuous)
        } catch {
            throw CancellationError()
        }
    }

    /// The time to wake up at.
    ///
    /// - Parameter now: since the first beat, as the result.
    static func wakeUp(after now: Duration, _ interval: Duration) -> Duration {
        guard interval >= length else { return now + interval }
        let end = now + interval
        let beats = Int64((end / length).rounded())
        let beat = length * Int(beats)
        return beat - now < interval / 2 ? beat + length : beat
    }
}
