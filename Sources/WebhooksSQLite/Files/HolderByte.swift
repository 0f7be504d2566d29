internal import Glibc

/// The one byte of a lock's file that its holder locks, far beyond the file's end: its place says who holds the lock.
///
/// It needs no room on the disk, and goes with its process as the lock itself does.
enum HolderByte {
    // Linux's F_OFD_GETLK and F_OFD_SETLK, which the C library shows under _GNU_SOURCE alone.
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37

    private static let start: off_t = 1 << 40
    private static let roles = ["dispatcher", "run", "emit", "test", "retrigger"]
    private static let placesPerProcess: off_t = 16
    private static let end = start + (off_t(Int32.max) + 1) * placesPerProcess

    static func place(of holder: DispatcherLock.Holder) -> off_t {
        start + off_t(holder.processID) * placesPerProcess + off_t(roles.firstIndex(of: holder.role) ?? 0)
    }

    /// - Returns: `nil` where the place is nobody's.
    static func holder(at place: off_t) -> DispatcherLock.Holder? {
        guard (start..<end).contains(place) else { return nil }
        let (processID, role) = (place - start).quotientAndRemainder(dividingBy: placesPerProcess)
        guard processID > 0, role < roles.count else { return nil }
        return DispatcherLock.Holder(processID: Int32(processID), role: roles[Int(role)])
    }

    /// Locks the holder's byte. A file system that knows no such locks is no reason to go without the dispatcher's.
    static func lock(_ descriptor: Int32, for holder: DispatcherLock.Holder) {
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = place(of: holder)
        range.l_len = 1
        // Of the open file, not of the process: another descriptor of the file may be closed.
        _ = fcntl(descriptor, setLock, &range)
    }

    /// Locks the byte that stands for the database's file as a whole (``WholeFileLock``).
    ///
    /// - Parameter descriptor: of the lock's file of the store with the standard prefix.
    /// - Returns: `false` where another dispatcher has it. A file system that knows no such locks grants it.
    static func lockWholeFile(_ descriptor: Int32) -> Bool {
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = start - 1
        range.l_len = 1
        return fcntl(descriptor, setLock, &range) == 0 || (errno != EAGAIN && errno != EACCES)
    }

    /// The holder of the lock on a byte of the file; `nil`: nobody, or the file system knows no such locks.
    static func holder(_ descriptor: Int32) -> DispatcherLock.Holder? {
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = start
        range.l_len = end - start
        guard fcntl(descriptor, getLock, &range) == 0, range.l_type != Int16(F_UNLCK) else { return nil }
        return holder(at: range.l_start)
    }
}
