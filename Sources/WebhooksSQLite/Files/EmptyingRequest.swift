internal import Glibc

/// A request to the dispatcher that runs on a store to empty the write-ahead log, and its file: nobody else may.
///
/// It stands in the lock's file, behind what its holder and the store's identity need there, and goes away when it is done.
enum EmptyingRequest {
    private static let place: off_t = 1024
    private static let mark = Array("empty\n".utf8)
    private static let none = [UInt8](repeating: UInt8(ascii: "\n"), count: mark.count)

    /// - Returns: whether it could be written.
    static func set(in lock: String) -> Bool { write(mark, lock) }

    static func clear(in lock: String) { _ = write(none, lock) }

    static func isSet(in lock: String) -> Bool {
        let descriptor = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: mark.count)
        return pread(descriptor, &bytes, bytes.count, place) == bytes.count && bytes == mark
    }

    private static func write(_ bytes: [UInt8], _ lock: String) -> Bool {
        let descriptor = open(lock, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return pwrite(descriptor, bytes, bytes.count, place) == bytes.count
    }
}

extension SQLiteStore {
    /// Asks the dispatcher that runs on the store to empty the write-ahead log.
    ///
    /// - Returns: whether the request could be left.
    package func requestEmptyWAL() -> Bool { EmptyingRequest.set(in: files.lock) }

    /// Whether somebody has asked for it, and it is not done.
    package var isEmptyWALRequested: Bool { EmptyingRequest.isSet(in: files.lock) }

    /// Takes the request away, once it is done or nobody waits for it any more.
    package func clearEmptyWALRequest() { EmptyingRequest.clear(in: files.lock) }
}
