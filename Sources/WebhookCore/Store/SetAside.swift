/// An event that waits for its fan-out and doesn't come through it.
///
/// Once set aside it is given out no more: it holds up nobody, until somebody asks for it again
/// (``EventLog/releaseSetAside(_:)``) or cancels it.
public struct SetAside: Sendable, Hashable {
    public enum Cause: Sendable, Hashable {
        /// The store won't take its deliveries.
        case refused(reason: String)
        /// The process ended while it was being rendered. The second time sets it aside.
        case renderingEnded
    }

    /// The event's row.
    public var event: Int64
    public var cause: Cause

    public init(event: Int64, cause: Cause) {
        self.event = event
        self.cause = cause
    }

    /// How many ends of a process set an event aside.
    public static let mostEnds = 2
    /// What is written down then.
    public static let endedReason = "its rendering ended the process \(mostEnds) times"
    /// What is written down of a delivery whose request did so.
    public static let endedRequestDetail = "making the request ended the process \(mostEnds) times"
}

/// What became of a ``SetAside``.
public struct SetAsideResult: Sendable, Hashable {
    /// The event's id; `nil` where it no longer waits for its fan-out.
    public var event: String?
    public var isSetAside: Bool

    public init(event: String?, isSetAside: Bool) {
        self.event = event
        self.isSetAside = isSetAside
    }
}

/// An event that is set aside, and why.
public struct SetAsideEvent: Sendable, Hashable {
    public var id: String
    public var topic: String
    public var reason: String

    public init(id: String, topic: String, reason: String) {
        self.id = id
        self.topic = topic
        self.reason = reason
    }
}
