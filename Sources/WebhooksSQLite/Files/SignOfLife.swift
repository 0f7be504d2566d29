internal import Glibc

/// A dispatcher's last sign of life: when it last showed that its engine works and that no transaction hangs.
///
/// It stands in the lock's file, behind ``EmptyingRequest``, and is written in place every few seconds. The lock alone says
/// only that there is a process: one that is stopped, or hangs on its disk, holds it as well.
package struct SignOfLife: Sendable, Hashable {
    /// The time between two signs.
    package static let interval: Duration = .seconds(5)
    /// A dispatcher whose last sign is older is stopped or hung. Some signs may be late on a busy machine.
    package static let mostSilence: Duration = .seconds(20)

    private static let place: off_t = 1280
    private static let size = 64
    private static let lineFeed = UInt8(ascii: "\n")

    var processID: Int32
    /// Milliseconds of the machine's monotonic clock, which no correction of the time moves.
    var at: Int64

    init(processID: Int32, at: Int64 = Self.now) {
        self.processID = processID
        self.at = at
    }

    /// - Returns: `nil` for anything but a sign.
    init?(_ bytes: some Sequence<UInt8>) {
        let parts = String(decoding: bytes.prefix { $0 != Self.lineFeed }, as: UTF8.self).split(separator: " ")
        guard parts.count == 2, let processID = Int32(parts[0]), processID > 0, let at = Int64(parts[1]), at >= 0 else {
            return nil
        }
        self.init(processID: processID, at: at)
    }

    var bytes: [UInt8] {
        let text = Array("\(processID) \(at)\n".utf8)
        return text + [UInt8](repeating: Self.lineFeed, count: max(0, Self.size - text.count))
    }

    /// - Returns: `nil` where the sign is of a time to come: from another machine, or before it was started again.
    package func age(now: Int64 = Self.now) -> Duration? { at <= now ? .milliseconds(now - at) : nil }

    /// Milliseconds of the machine's monotonic clock.
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    // MARK: In the file

    /// The last sign of a store's dispatcher; `nil`: that process has given none.
    package static func read(
        storePath: String,
        _ prefix: TablePrefix = .standard,
        of processID: Int32
    ) -> SignOfLife? {
        let descriptor = open(StoreFiles(storePath, prefix).lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor, of: processID)
    }

    static func read(_ descriptor: Int32, of processID: Int32) -> SignOfLife? {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, place)
        guard let sign = SignOfLife(bytes.prefix(max(0, count))), sign.processID == processID else { return nil }
        return sign
    }

    /// Best effort: on a full disk the file takes it all the same once it has held one.
    func write(_ descriptor: Int32) { _ = pwrite(descriptor, bytes, Self.size, Self.place) }

    static func clear(_ descriptor: Int32) {
        let blank = [UInt8](repeating: lineFeed, count: size)
        _ = pwrite(descriptor, blank, size, place)
    }
}
