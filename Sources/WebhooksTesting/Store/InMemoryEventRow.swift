public import WebhookCore

/// An event as the ``InMemoryStore`` keeps it.
public struct InMemoryEventRow: Sendable {
    /// How far it is.
    public enum State: Sendable, Hashable {
        case waitsForFanOut
        case fannedOut
        case cancelled
    }

    public internal(set) var row: Int64
    public internal(set) var event: Event
    public internal(set) var target: String?
    public internal(set) var createdAt: Timestamp
    public internal(set) var state: State
    /// Rows of its deliveries, ascending.
    public internal(set) var deliveries: [Int64] = []

    /// When it is due for its fan-out.
    public var dueAt: Timestamp { event.deliverAt ?? createdAt }
}
