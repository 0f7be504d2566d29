internal import WebhookCore

/// The wall clock as far as it can be believed: one that jumps is wrong for a moment more often than it has been wrong until
/// now, so a jump counts once it has lasted.
///
/// Events would be delivered weeks before their moment, subscriptions disabled and signatures dated wrongly otherwise, by a
/// single look at a clock that a moment later is right again. Small corrections, as a time service makes them, count at once.
struct SteadyWall {
    /// A difference between two looks that is no jump.
    static let slack: Int64 = 1000
    /// So long a jump has to last, in milliseconds.
    static let confirmation: Int64 = 60_000

    /// Wall clock less timeline, in milliseconds.
    private var offset: Int64
    /// A jump: where to, and since when on the timeline.
    private var jump: (offset: Int64, since: Int64)?

    init(wall: Timestamp, timeline: Timestamp) {
        offset = wall.milliseconds - timeline.milliseconds
    }

    /// A look at both clocks.
    ///
    /// - Returns: what the wall clock shows, if it is believed; what it would show otherwise.
    mutating func look(wall: Timestamp, timeline: Timestamp) -> Timestamp {
        let seen = wall.milliseconds - timeline.milliseconds
        if abs(seen - offset) <= Self.slack {
            (offset, jump) = (seen, nil)
        } else if let jump, abs(seen - jump.offset) <= Self.slack {
            if timeline.milliseconds - jump.since >= Self.confirmation { (offset, self.jump) = (seen, nil) }
        } else {
            jump = (seen, timeline.milliseconds)
        }
        return Timestamp(milliseconds: timeline.milliseconds + offset)
    }
}
