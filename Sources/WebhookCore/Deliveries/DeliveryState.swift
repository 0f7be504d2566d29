/// Where a delivery stands.
///
/// ```
/// pending ──▶ in_flight ──▶ delivered | failed | unknown
///    │            │  ▲
///    │            ▼  │
///    │          waiting ──▶ cancelled | failed
///    └──▶ cancelled | failed
/// ```
public enum DeliveryState: String, Sendable, Hashable, CaseIterable {
    /// Never attempted.
    case pending
    /// An attempt is under way.
    case inFlight = "in_flight"
    /// For a retry.
    case waiting
    /// A receiver took it.
    case delivered
    /// Attempts used up, or a permanent error.
    case failed
    /// Single-shot: request bytes left, and nobody can tell whether they arrived.
    case unknown
    /// Withdrawn before it was sent.
    case cancelled

    /// Whether nothing more will happen to it.
    public var isSettled: Bool {
        switch self {
        case .pending, .inFlight, .waiting: false
        case .delivered, .failed, .unknown, .cancelled: true
        }
    }
}
