/// What happens after an attempt that did not succeed.
public enum DeliveryMode: String, Sendable, Hashable, CaseIterable {
    /// At least once: retried by a schedule.
    case retry
    /// At most once: never two requests for one delivery.
    case singleShot = "single-shot"
}
