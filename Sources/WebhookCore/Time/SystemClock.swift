#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension Timestamp {
    /// The system's wall clock.
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// A clock's two faces: the wall for what is written down, the monotonic one for deadlines inside a process.
public protocol WebhookClock: Sendable {
    /// The moment on the wall clock.
    var now: Timestamp { get }
    /// Nanoseconds since some start; never steps back.
    var uptimeNanoseconds: UInt64 { get }
}

/// The machine's clocks.
public struct SystemClock: WebhookClock {
    public init() {}

    public var now: Timestamp { .now }

    public var uptimeNanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
