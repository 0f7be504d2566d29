public import WebhookCore

/// The moment of an input, on both of the engine's clocks.
public struct EngineTime: Sendable, Hashable {
    /// The wall clock, for what is written down and signed. May step.
    public var wall: Timestamp
    /// For everything that is due: the wall clock at the process's start, gone on by the monotonic clock. Never steps, so
    /// that a stepping wall clock leaves the schedule unharmed. Stored due moments are on this timeline.
    public var timeline: Timestamp

    public init(wall: Timestamp, timeline: Timestamp) {
        self.wall = wall
        self.timeline = timeline
    }
}

/// Makes ``EngineTime`` out of a clock.
public struct EngineClock: Sendable {
    private let clock: any WebhookClock
    private let anchorWall: Timestamp
    private let anchorUptime: UInt64

    public init(_ clock: any WebhookClock) {
        self.clock = clock
        anchorWall = clock.now
        anchorUptime = clock.uptimeNanoseconds
    }

    /// Now.
    public var now: EngineTime {
        EngineTime(wall: clock.now, timeline: timeline)
    }

    /// Now, on the timeline.
    public var timeline: Timestamp {
        Timestamp(milliseconds: anchorWall.milliseconds + Int64((clock.uptimeNanoseconds - anchorUptime) / 1_000_000))
    }
}
