internal import Glibc
internal import Synchronization
package import WebhookCore

/// The right to be the one dispatcher of a store: an advisory lock on `<store>.lock` that dies with its process.
///
/// The file stays, and is never cut off: it also says which store was here (``StoreIdentity``). Who holds the lock is
/// told by a byte that it locks as well, on a full disk, too (``HolderByte``); people read it in the file
/// (``LockRecord``).
package final class DispatcherLock: StoreLock {
    /// The process that holds the lock.
    package typealias Holder = LockHolder

    private struct State {
        /// Below zero once it is released.
        var descriptor: Int32
        /// The right to move the log of the database's file.
        var wholeFile: WholeFileLock?
        var record: LockRecord
        /// True when the file holds the record.
        var isSigned = false
        /// The identity that the file does not hold yet.
        var unwritten: StoreIdentity?

        /// Best effort: without its record the lock holds all the same.
        mutating func sign() {
            guard descriptor >= 0 else { return }
            if !isSigned { isSigned = pwrite(descriptor, record.bytes, LockRecord.size, 0) == LockRecord.size }
            if let bytes = unwritten?.bytes, pwrite(descriptor, bytes, bytes.count, StoreIdentity.place) == bytes.count
            {
                unwritten = nil
            }
        }
    }

    private let state: Mutex<State>
    private let path: String
    private let identity: FileIdentity

    private init(descriptor: Int32, path: String, holder: Holder, identity: FileIdentity) {
        let record = LockRecord(holder: holder, program: .current(at: .now))
        state = Mutex(State(descriptor: descriptor, record: record))
        self.path = path
        self.identity = identity
        HolderByte.lock(descriptor, for: holder)
        state.withLock { $0.sign() }
    }

    deinit { release() }

    /// Lets go of the lock. Calling it again does nothing.
    package func release() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            _ = pwrite(state.descriptor, LockRecord.blank, LockRecord.size, 0)
            SignOfLife.clear(state.descriptor)
            // Releases the lock.
            close(state.descriptor)
            state.descriptor = -1
            state.wholeFile?.release()
            state.wholeFile = nil
        }
    }

    /// Takes the lock, or fails at once. It is held until ``release()``, or until the object is gone.
    ///
    /// Makes the store's folder where it is missing.
    /// - Parameters:
    ///   - path: the database's path.
    ///   - prefix: of the store's tables; a database may hold several stores.
    ///   - role: what for, in one word.
    ///   - connection: a host's that the dispatcher works on, and others of the same file may; `nil`: one of its own.
    /// - Throws: ``StoreError`` with `locked`, naming the holder; or why the file can't be opened.
    package static func acquire(
        path: String,
        _ prefix: TablePrefix = .standard,
        role: String,
        connection: ObjectIdentifier? = nil
    ) throws(StoreError) -> DispatcherLock {
        let files = StoreFiles(path, prefix)
        let lock = try acquire(files, role: role, tries: 10)
        let wholeFile = try WholeFileLock.acquire(StoreFiles(files.path), connection: connection)
        lock.state.withLock { $0.wholeFile = wholeFile }
        return lock
    }

    static func openFile(_ files: StoreFiles) throws(StoreError) -> Int32 {
        let descriptor = open(files.lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == ELOOP { throw refusal(files.lock, "is a symbolic link") }
            throw StoreFiles.error("open", files.lock)
        }
        return descriptor
    }

    private static func acquire(_ files: StoreFiles, role: String, tries: Int) throws(StoreError) -> DispatcherLock {
        guard tries > 0 else {
            throw StoreError(.unavailable, "\(files.lock) is deleted again and again: stop what deletes it")
        }
        try files.createFolder()
        let descriptor = try openFile(files)
        let identity: FileIdentity
        do throws(StoreError) {
            identity = try vet(descriptor, files)
        } catch {
            close(descriptor)
            throw error
        }
        // Whoever asks for the holder takes the lock for a moment (``holder(path:)``): a refusal counts only once a
        // living holder has signed, or after some tries.
        for _ in 0..<100 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                // Whoever held it may have deleted the file meanwhile: the lock counts on the file that has the name.
                guard FileIdentity(files.lock).map({ $0.isSameFile(as: identity) }) == true else {
                    close(descriptor)
                    return try acquire(files, role: role, tries: tries - 1)
                }
                let holder = Holder(processID: getpid(), role: role)
                return DispatcherLock(descriptor: descriptor, path: files.lock, holder: holder, identity: identity)
            }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                let error = StoreFiles.error("lock", files.lock)
                close(descriptor)
                throw error
            }
            if let holder = read(descriptor)?.holder {
                let age = SignOfLife.read(descriptor, of: holder.processID)?.age()
                close(descriptor)
                let silence = age.flatMap { $0 > SignOfLife.mostSilence ? $0 : nil }.map {
                    "; it doesn't respond: its last sign of life is \($0.components.seconds) s old"
                }
                throw StoreError(
                    .locked,
                    "\(files.path) is in use by another dispatcher: \(holder.shown)"
                        + (silence ?? "")
                )
            }
            poll(nil, 0, 1)
        }
        close(descriptor)
        throw StoreError(.locked, "\(files.path) is in use: another process holds the lock \(files.lock)")
    }

    /// The holder of a store's lock; `nil`: nobody, or somebody who has not signed yet.
    package static func holder(path: String, _ prefix: TablePrefix = .standard) -> Holder? {
        record(path: path, prefix)?.holder
    }

    /// The holder of a store's lock, and the files that this dispatcher has open, as far as it has said.
    static func record(path: String, _ prefix: TablePrefix = .standard) -> LockRecord? {
        let descriptor = open(StoreFiles(path, prefix).lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if HolderByte.holder(descriptor) == nil && flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        return read(descriptor)
    }

    /// Writes down which files the dispatcher has open, for those that open the store beside it.
    func note(_ files: String) {
        state.withLock { state in
            state.record.files = files
            state.isSigned = false
            state.sign()
        }
    }

    /// Writes down that the dispatcher makes no more attempts: what is emitted now is for the next one.
    package func noteStopping() {
        state.withLock { state in
            state.record.isStopping = true
            state.isSigned = false
            state.sign()
        }
    }

    /// Writes down that the dispatcher works, as of now. One small write in place, and none to the database.
    package func noteAlive() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            SignOfLife(processID: state.record.holder.processID).write(state.descriptor)
        }
    }

    /// Writes down to which subscriptions the dispatcher can't send because of their settings.
    package func note(_ unusable: UnusableSubscriptions) {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            HeldSubscriptions(unusable.lines).write(state.descriptor, of: state.record.holder.processID)
        }
    }

    /// Writes down that the configuration on the disk was refused.
    package func note(refusedProblems: Int) {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            RefusedConfiguration.write(refusedProblems, state.descriptor, of: state.record.holder.processID)
        }
    }

    /// Writes down that the store doesn't take what the dispatcher records, for those who wait for it; `nil`: it does.
    package func note(trouble: StoreError?) {
        state.withLock { state in
            state.record.trouble = trouble?.code.rawValue
            state.isSigned = false
            state.sign()
        }
    }

    /// Lets go of the lock, and deletes its file where nothing is remembered in it: for whoever has made it beside a file that turns
    /// out to be no store.
    func discard() {
        let isOurs = FileIdentity(path).map { $0.isSameFile(as: identity) } == true
        if isOurs, StoreIdentity.remembered(in: path) == nil { unlink(path) }
        release()
    }

    /// Writes down which store this is, for whoever opens it next; it stays when the lock is released.
    func remember(_ identity: StoreIdentity) {
        guard StoreIdentity.remembered(in: path) != identity else { return }
        state.withLock { state in
            state.unwritten = identity
            state.sign()
        }
    }

    /// Throws where the lock's file is gone, is another, or has a second name: another dispatcher may take it.
    ///
    /// Signs the file if that was not possible before.
    /// - Throws: ``StoreError`` with `replaced`; another one where nobody can tell.
    func check() throws(StoreError) {
        guard let found = try FileIdentity.look(at: path), found.isSameFile(as: identity), found.links == 1 else {
            throw StoreError(
                .replaced,
                "\(path) was deleted, replaced or linked while it was held: leave it where it is, and start again"
            )
        }
        state.withLock { $0.sign() }
    }

    /// Makes sure that what is written to the file can only land in it.
    static func vet(_ descriptor: Int32, _ files: StoreFiles) throws(StoreError) -> FileIdentity {
        guard let found = FileIdentity(descriptor: descriptor) else { throw StoreFiles.error("look at", files.lock) }
        guard found.isRegular else { throw refusal(files.lock, "is no regular file") }
        guard found.links <= 1 else { throw refusal(files.lock, "has \(found.links) names (hard links)") }
        // The store's own owner may do with it as they like.
        let owners = [geteuid()] + [files.path, files.folder].compactMap { FileIdentity($0)?.owner }
        guard owners.contains(found.owner) else { throw refusal(files.lock, "belongs to another user") }
        return found
    }

    private static func refusal(_ path: String, _ what: String) -> StoreError {
        StoreError(.unavailable, "\(path) \(what): remove it, the dispatcher makes its own")
    }

    private static func read(_ descriptor: Int32) -> LockRecord? {
        var bytes = [UInt8](repeating: 0, count: LockRecord.size)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let record = LockRecord(bytes.prefix(max(0, count)))
        if let holder = HolderByte.holder(descriptor) {
            // It may not have had the room to sign.
            return record.flatMap { $0.holder == holder ? $0 : nil } ?? LockRecord(holder: holder)
        }
        // What a killed holder has left says nothing about the one that took the lock a moment ago.
        return record.flatMap { isAlive($0.holder.processID) ? $0 : nil }
    }

    private static func isAlive(_ processID: Int32) -> Bool {
        kill(processID, 0) == 0 || errno == EPERM
    }
}
