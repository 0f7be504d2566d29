internal import Glibc
internal import Synchronization
public import WebhookCore

/// The right to be the one dispatcher of a store: an advisory lock on `<store>.lock` that dies with its process.
///
/// The file stays; who holds the lock has written its process id and role into it.
public final class DispatcherLock: Sendable {
    /// Who holds the lock.
    public struct Holder: Sendable, Hashable {
        public var processID: Int32
        /// Such as `run`, `emit`, `test` or `retrigger`.
        public var role: String

        public init(processID: Int32, role: String) {
            self.processID = processID
            self.role = role
        }
    }

    /// Below zero once it is released.
    private let descriptor: Mutex<Int32>

    private init(descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets go of the lock. Calling it again does nothing.
    public func release() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // An empty file tells readers that nobody holds it; closing releases the lock.
            ftruncate(descriptor, 0)
            close(descriptor)
            descriptor = -1
        }
    }

    /// Takes the lock, or fails at once. It is held until ``release()``, or until the object is gone.
    ///
    /// Makes the store's folder where it is missing.
    /// - Parameters:
    ///   - path: the database's path.
    ///   - role: what for, in one word.
    /// - Throws: ``StoreError`` with `locked`, naming the holder; or why the file can't be opened.
    public static func acquire(path: String, role: String) throws(StoreError) -> DispatcherLock {
        let files = StoreFiles(path)
        try files.createFolder()
        let descriptor = open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFiles.error("open", files.lock) }
        // Whoever asks for the holder takes the lock for a moment (``holder(path:)``): a refusal counts only once a
        // living holder has signed, or after some tries.
        for _ in 0..<100 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                write(Holder(processID: getpid(), role: role), to: descriptor)
                return DispatcherLock(descriptor: descriptor)
            }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                let error = StoreFiles.error("lock", files.lock)
                close(descriptor)
                throw error
            }
            if let holder = read(descriptor), isAlive(holder.processID) {
                close(descriptor)
                throw StoreError(
                    .locked,
                    "\(files.path) is in use by another dispatcher: `\(holder.role)`, process \(holder.processID)"
                )
            }
            poll(nil, 0, 1)
        }
        close(descriptor)
        throw StoreError(.locked, "\(files.path) is in use by another dispatcher")
    }

    /// Who holds a store's lock; `nil`: nobody, or somebody who has not signed yet.
    public static func holder(path: String) -> Holder? {
        let descriptor = open(StoreFiles(path).lock, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        // What a killed holder has left says nothing about the one that took the lock a moment ago.
        return read(descriptor).flatMap { isAlive($0.processID) ? $0 : nil }
    }

    private static func write(_ holder: Holder, to descriptor: Int32) {
        let text = "\(holder.processID) \(holder.role)\n"
        ftruncate(descriptor, 0)
        // Best effort: without the text the lock holds all the same, only nameless.
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    private static func read(_ descriptor: Int32) -> Holder? {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        let line = String(decoding: buffer[0..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let processID = Int32(parts[0]), processID > 0 else { return nil }
        return Holder(processID: processID, role: String(parts[1]))
    }

    private static func isAlive(_ processID: Int32) -> Bool {
        kill(processID, 0) == 0 || errno == EPERM
    }
}
