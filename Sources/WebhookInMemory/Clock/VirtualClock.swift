internal import Synchronization
package import WebhookCore

/// A clock that stands still until it is told otherwise. The wall can be stepped without the monotonic clock noticing.
package final class VirtualClock: WebhookClock {
    private struct State {
        var wall: Timestamp
        var uptime: UInt64 = 0
    }

    private let state: Mutex<State>

    /// - Parameter wall: the time on the wall; default: 2026-01-01T00:00:00Z.
    package init(wall: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        state = Mutex(State(wall: wall))
    }

    package var now: Timestamp { state.withLock { $0.wall } }

    package var uptimeNanoseconds: UInt64 { state.withLock { $0.uptime } }

    /// Lets time pass, on both faces. Whole milliseconds.
    package func advance(by duration: Duration) {
        state.withLock { state in
            state.wall = state.wall + duration
            state.uptime += UInt64(max(0, duration.wholeMilliseconds)) * 1_000_000
        }
    }

    /// Sets the wall forward or back, as an operator or a time service does.
    package func stepWall(by duration: Duration) {
        state.withLock { $0.wall = $0.wall + duration }
    }
}

/// Random numbers that repeat: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Returns true in `percent` of a hundred cases.
    package mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// A number out of a range.
    package mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// An element; `nil` where there is none.
    package mutating func pick<Value>(_ values: [Value]) -> Value? { values.randomElement(using: &self) }
}
