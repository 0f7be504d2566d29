internal import Synchronization
package import WebhookCore

/// The time of an input, on both of the engine's clocks.
package struct EngineTime: Sendable, Hashable {
    /// The wall clock, for what is written down and signed. May step, but doesn't jump for a moment.
    package var wall: Timestamp
    /// For everything that is due: the wall clock at the process's start, gone on by the monotonic clock. Never steps, so
    /// that a stepping wall clock leaves the schedule unharmed. Stored due times are on the monotonic clock.
    package var monotonic: Timestamp

    /// The time that has come for sure: ``wall``, or what the wall clock shows at this look if that is earlier. Nothing
    /// is delivered before its time by either.
    package var certain: Timestamp

    package init(wall: Timestamp, monotonic: Timestamp, certain: Timestamp? = nil) {
        self.wall = wall
        self.monotonic = monotonic
        self.certain = min(wall, certain ?? wall)
    }
}

/// Makes ``EngineTime`` out of a clock.
package final class EngineClock: Sendable {
    private let clock: any WebhookClock
    private let anchorWall: Timestamp
    private let anchorUptime: UInt64
    private let wall: Mutex<SteadyWall>

    package init(_ clock: any WebhookClock) {
        self.clock = clock
        anchorWall = clock.now
        anchorUptime = clock.uptimeNanoseconds
        wall = Mutex(SteadyWall(wall: anchorWall, monotonic: anchorWall))
    }

    /// Now.
    package var now: EngineTime {
        let (seen, monotonic) = (clock.now, monotonic)
        let believed = wall.withLock { $0.look(wall: seen, monotonic: monotonic) }
        return EngineTime(wall: believed, monotonic: monotonic, certain: seen)
    }

    /// A time on the monotonic clock as the clock itself counts: nanoseconds.
    package func uptimeNanoseconds(at monotonic: Timestamp) -> UInt64 {
        let since = max(0, monotonic.milliseconds - anchorWall.milliseconds)
        return anchorUptime + UInt64(since) * 1_000_000
    }

    /// Now, on the monotonic clock.
    package var monotonic: Timestamp {
        Timestamp(milliseconds: anchorWall.milliseconds + Int64((clock.uptimeNanoseconds - anchorUptime) / 1_000_000))
    }
}

/// The wall clock as far as it can be believed: one that jumps is wrong for a moment more often than it has been wrong until
/// now, so a jump counts once it has lasted.
///
/// Events would be delivered weeks before their time, subscriptions disabled and signatures dated wrongly otherwise, by a
/// single look at a clock that a moment later is right again. Small corrections, as a time service makes them, count at once.
struct SteadyWall {
    /// A difference between two looks that is no jump.
    static let slack: Int64 = 1000
    /// The time that a jump has to last, in milliseconds.
    static let confirmation: Int64 = 60_000

    /// Wall clock less monotonic clock, in milliseconds.
    private var offset: Int64
    /// A jump: where to, and since when on the monotonic clock.
    private var jump: (offset: Int64, since: Int64)?

    init(wall: Timestamp, monotonic: Timestamp) {
        offset = wall.milliseconds - monotonic.milliseconds
    }

    /// A look at both clocks.
    ///
    /// - Returns: what the wall clock shows, if it is believed; what it would show otherwise.
    mutating func look(wall: Timestamp, monotonic: Timestamp) -> Timestamp {
        let seen = wall.milliseconds - monotonic.milliseconds
        if abs(seen - offset) <= Self.slack {
            (offset, jump) = (seen, nil)
        } else if let jump, abs(seen - jump.offset) <= Self.slack {
            if monotonic.milliseconds - jump.since >= Self.confirmation { (offset, self.jump) = (seen, nil) }
        } else {
            jump = (seen, monotonic.milliseconds)
        }
        return Timestamp(milliseconds: monotonic.milliseconds + offset)
    }
}
