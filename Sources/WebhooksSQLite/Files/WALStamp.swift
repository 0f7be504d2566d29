internal import Glibc

/// A stamp of a write-ahead log that changes with every write. Reading it takes no lock and no connection.
package struct WALStamp: Equatable, Sendable {
    private var file: UInt64
    private var size: Int64
    private var seconds: Int
    private var nanoseconds: Int

    /// Times of files advance in steps: what was written so short a time ago, in nanoseconds, may not be the last that
    /// was written at its time.
    private static let step = 100_000_000

    /// - Parameter rest: how long nobody must have written, in nanoseconds, for the stamp to tell anything.
    /// - Returns: `nil` where the log is not there, or was written so recently that the stamp may stay the same although
    ///   more is written.
    init?(_ path: String, rest: Int = step) {
        var status = stat()
        var now = timespec()
        guard stat(path, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
        file = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        let age = (now.tv_sec - seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !age.overflow, age.partialValue + now.tv_nsec - nanoseconds > rest else { return nil }
    }
}

/// Decides when a look for external writes has to ask SQLite: an idle dispatcher looks several times a second, and a look at
/// the log's date is all that it takes while nobody writes.
///
/// The date alone can't tell: a commit is seen once the disk has it, as long as that may take, and changes nothing by then. So
/// for a while after each write every look asks, and later one of some.
struct QuietWAL {
    /// The time after a write in which every look asks, in nanoseconds: most disks have it by then.
    static let rest = 2_000_000_000
    /// The number of looks that go by before one asks in any case, about one a second: for a disk that takes longer.
    static let mostSkipped = 6

    private var stamp: WALStamp?
    private var skipped = 0

    /// - Parameter found: the log's stamp now; `nil`: it was written, or may be, within ``rest``.
    /// - Returns: whether to ask.
    mutating func asks(_ found: WALStamp?) -> Bool {
        if let found, found == stamp, skipped < Self.mostSkipped {
            skipped += 1
            return false
        }
        (stamp, skipped) = (found, 0)
        return true
    }
}
