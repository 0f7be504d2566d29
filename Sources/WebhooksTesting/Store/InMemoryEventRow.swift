public import WebhookCore

/// An event as the ``InMemoryStore`` keeps it.
public struct InMemoryEventRow: Sendable {
    /// How far it is.
    public enum State: Sendable, Hashable {
        case waitsForFanOut
        case fannedOut
        case cancelled
        case setAside(reason: String)
    }

    public internal(set) var row: Int64
    public internal(set) var event: Event
    public internal(set) var target: String?
    public internal(set) var createdAt: Timestamp
    public internal(set) var state: State
    /// Its ``AcceptancePlace``, once it is due.
    public internal(set) var place: Int64?
    /// Processes that ended while it was being rendered.
    public internal(set) var ends = 0
    /// Rows of its deliveries, ascending.
    public internal(set) var deliveries: [Int64] = []

    /// Whether it waits for its fan-out, set aside or not.
    var waits: Bool {
        switch state {
        case .waitsForFanOut, .setAside: true
        case .fannedOut, .cancelled: false
        }
    }

    /// When it is due for its fan-out.
    public var dueAt: Timestamp { event.deliverAt ?? createdAt }

    /// Where it stands among those that are due.
    var turn: Turn? { place.map { Turn(place: $0, row: row) } }

    /// By place; at the same place the event whose row it is comes before those that took it when their moment had come.
    struct Turn: Sendable, Comparable {
        var place: Int64
        var row: Int64

        static func < (lhs: Turn, rhs: Turn) -> Bool {
            (lhs.place, lhs.row < lhs.place ? 1 : 0, lhs.row) < (rhs.place, rhs.row < rhs.place ? 1 : 0, rhs.row)
        }
    }
}
