internal import CBench

/// The number of times, and the time, that this process has waited for the disk.
public struct DiskWaits: Sendable {
    public var count: Int
    public var seconds: Double

    public static var now: DiskWaits {
        var (count, nanoseconds): (UInt64, UInt64) = (0, 0)
        cbench_syncs(&count, &nanoseconds)
        return DiskWaits(count: Int(count), seconds: Double(nanoseconds) / 1e9)
    }

    public static func - (lhs: DiskWaits, rhs: DiskWaits) -> DiskWaits {
        DiskWaits(count: lhs.count - rhs.count, seconds: lhs.seconds - rhs.seconds)
    }
}
