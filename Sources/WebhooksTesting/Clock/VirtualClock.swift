internal import Synchronization
public import WebhookCore

/// A clock that stands still until it is told otherwise. The wall can be stepped without the monotonic clock noticing.
public final class VirtualClock: WebhookClock {
    private struct State {
        var wall: Timestamp
        var uptime: UInt64 = 0
    }

    private let state: Mutex<State>

    /// - Parameter wall: the moment on the wall; default: 2026-01-01T00:00:00Z.
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
