internal import Glibc
package import WebhookCore

/// A request to the dispatcher that runs on a store to empty the write-ahead log, and its file: nobody else may.
///
/// It stands in the lock's file, behind what its holder and the store's identity need there, and goes away when it is done.
/// Until then the dispatcher writes behind it what keeps it from doing so.
enum EmptyingRequest {
    private static let place: off_t = 1024
    private static let mark = Array("empty\n".utf8)
    private static let size = 64
    private static let lineFeed = UInt8(ascii: "\n")

    /// - Returns: whether it could be written.
    static func set(in lock: String) -> Bool { write(padded(mark), at: place, lock) }

    static func clear(in lock: String) { _ = write(padded([]), at: place, lock) }

    static func isSet(in lock: String) -> Bool { read(lock).starts(with: mark) }

    static func note(_ obstacle: EmptyingObstacle, in lock: String) {
        _ = write(padded(mark + Array("\(obstacle.word)\n".utf8)), at: place, lock)
    }

    /// The obstacle that the dispatcher has met so far; `nil`: nothing, or nothing was asked for.
    static func obstacle(in lock: String) -> EmptyingObstacle? {
        let bytes = read(lock)
        guard bytes.starts(with: mark) else { return nil }
        return EmptyingObstacle(
            word: String(decoding: bytes.dropFirst(mark.count).prefix { $0 != lineFeed }, as: UTF8.self)
        )
    }

    /// Fills up to one size, so that what was longer leaves nothing.
    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes.prefix(size - 1) + [UInt8](repeating: lineFeed, count: max(1, size - bytes.count))
    }

    private static func read(_ lock: String) -> [UInt8] {
        let descriptor = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, place)
        return Array(bytes.prefix(max(0, count)))
    }

    private static func write(_ bytes: [UInt8], at place: off_t, _ lock: String) -> Bool {
        let descriptor = open(lock, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return pwrite(descriptor, bytes, bytes.count, place) == bytes.count
    }
}

extension EmptyingObstacle {
    /// - Returns: `nil` where the log was emptied.
    package init?(_ result: CheckpointResult) {
        switch result {
        case .emptied: return nil
        case .readerInTheWay: self = .reader
        case .writerInTheWay, .restarted: self = .writer
        case .noRoom: self = .store(StoreError.Code.full.rawValue)
        }
    }
}

extension SQLiteStore {
    /// Asks the dispatcher that runs on the store to empty the write-ahead log.
    ///
    /// - Returns: whether the request could be left.
    package func requestEmptyWAL() -> Bool { EmptyingRequest.set(in: files.lock) }

    /// True when somebody has asked for it, and it is not done.
    package var isEmptyWALRequested: Bool { EmptyingRequest.isSet(in: files.lock) }

    /// The obstacle that has kept the dispatcher from it so far.
    package var emptyingObstacle: EmptyingObstacle? { EmptyingRequest.obstacle(in: files.lock) }

    /// Tells whoever has asked for it what came of a try: the request goes away once the log is empty.
    ///
    /// - Parameter obstacle: `nil`: it is empty.
    package func answerEmptyWALRequest(_ obstacle: EmptyingObstacle?) {
        guard let obstacle else { return clearEmptyWALRequest() }
        if emptyingObstacle != obstacle { EmptyingRequest.note(obstacle, in: files.lock) }
    }

    /// Takes the request away, once it is done or nobody waits for it any more.
    package func clearEmptyWALRequest() { EmptyingRequest.clear(in: files.lock) }
}
