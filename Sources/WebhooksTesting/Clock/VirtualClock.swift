internal import Synchronization
public import WebhookCore

/// A clock that stands still until it is told otherwise. The wall can be stepped without the monotonic clock noticing.
public final class VirtualClock: WebhookClock {
    private struct State {
        var wall: Timestamp
        var uptime: UInt64 = 0
    }

    private let state: Mutex<State>

    /// - Parameter wall: the time on the wall; default: 2026-01-01T00:00:00Z.
    public init(wall: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        state = Mutex(State(wall: wall))
    }

    public var now: Timestamp { state.withLock { $0.wall } }

    public var uptimeNanoseconds: UInt64 { state.withLock { $0.uptime } }

    /// Lets time pass, on both faces. Whole milliseconds.
    public func advance(by duration: Duration) {
        state.withLock { state in
            state.wall = state.wall + duration
            state.uptime += UInt64(max(0, duration.wholeMilliseconds)) * 1_000_000
        }
    }

    /// Sets the wall forward or back, as an operator or a time service does.
    public func stepWall(by duration: Duration) {
        state.withLock { $0.wall = $0.wall + duration }
    }
}

/// Random numbers that repeat: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Whether something happens that happens in `percent` of a hundred cases.
    public mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// A number out of a range.
    public mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// An element; `nil` where there is none.
    public mutating func pick<Value>(_ values: [Value]) -> Value? { values.randomElement(using: &self) }
}
