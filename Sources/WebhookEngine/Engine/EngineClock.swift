internal import Synchronization
public import WebhookCore

/// The moment of an input, on both of the engine's clocks.
public struct EngineTime: Sendable, Hashable {
    /// The wall clock, for what is written down and signed. May step, but doesn't jump for a moment.
    public var wall: Timestamp
    /// For everything that is due: the wall clock at the process's start, gone on by the monotonic clock. Never steps, so
    /// that a stepping wall clock leaves the schedule unharmed. Stored due moments are on this timeline.
    public var timeline: Timestamp

    /// What of the future has come for sure: ``wall``, or what the wall clock shows at this look if that is earlier. Nothing is
    /// delivered before its moment by either.
    public var certain: Timestamp

    public init(wall: Timestamp, timeline: Timestamp, certain: Timestamp? = nil) {
        self.wall = wall
        self.timeline = timeline
        self.certain = min(wall, certain ?? wall)
    }
}

/// Makes ``EngineTime`` out of a clock.
public final class EngineClock: Sendable {
    private let clock: any WebhookClock
    private let anchorWall: Timestamp
    private let anchorUptime: UInt64
    private let wall: Mutex<SteadyWall>

    public init(_ clock: any WebhookClock) {
        self.clock = clock
        anchorWall = clock.now
        anchorUptime = clock.uptimeNanoseconds
        wall = Mutex(SteadyWall(wall: anchorWall, timeline: anchorWall))
    }

    /// Now.
    public var now: EngineTime {
        let (seen, timeline) = (clock.now, timeline)
        let believed = wall.withLock { $0.look(wall: seen, timeline: timeline) }
        return EngineTime(wall: believed, timeline: timeline, certain: seen)
    }

    /// Now, on the timeline.
    public var timeline: Timestamp {
        Timestamp(milliseconds: anchorWall.milliseconds + Int64((clock.uptimeNanoseconds - anchorUptime) / 1_000_000))
    }
}
