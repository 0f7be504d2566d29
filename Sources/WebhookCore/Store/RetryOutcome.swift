/// The result of making a delivery's next attempt due at once.
public enum RetryOutcome: Sendable, Hashable {
    /// The next attempt is due.
    case due
    /// An attempt is under way.
    case inFlight
    /// It has settled: there is no next attempt.
    case settled(DeliveryState)
    /// There is no such delivery.
    case unknown
    /// The store won't change it; why.
    case refused(String)
}
