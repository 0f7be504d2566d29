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

    /// - Returns: `nil` where the log is not there, or was written so recently that the stamp may stay the same although
    ///   more is written.
    init?(_ path: String) {
        var status = stat()
        var now = timespec()
        guard stat(path, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
        file = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        let age = (now.tv_sec - seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !age.overflow, age.partialValue + now.tv_nsec - nanoseconds > Self.step else { return nil }
    }
}
