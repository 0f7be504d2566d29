internal import CWebhooksSQLite
internal import Glibc
internal import Synchronization
internal import WebhookCore

/// The files that a store has open, to be compared with those that have their names.
///
/// SQLite keeps what it has opened, whatever happens to the names. Whoever opens the store next then works on other
/// files: each of the two overwrites what the other has acknowledged, and neither notices.
final class OpenedFiles: Sendable {
    private let files: StoreFiles
    private let database: FileIdentity
    private let wal: FileIdentity
    private let sharedMemory: FileIdentity
    private let lock: DispatcherLock?
    /// Below it the database never gets without a checkpoint of this process.
    private let leastSize: Mutex<Int64>

    /// Looks at files that a connection has just opened and has read from.
    ///
    /// - Parameter lock: a dispatcher's, watched as well.
    init(_ files: StoreFiles, lock: DispatcherLock?) throws(StoreError) {
        self.files = files
        self.lock = lock
        database = try Self.identity(of: files.path)
        wal = try Self.identity(of: files.wal)
        sharedMemory = try Self.identity(of: files.sharedMemory)
        leastSize = Mutex(database.size)
    }

    /// Throws where a database must not be opened by this name, since another name leads to other files beside it.
    static func vet(_ files: StoreFiles) throws(StoreError) {
        // SQLite waits for a pipe's other end, and cuts off what it takes for an old log.
        for path in [files.path, files.wal, files.sharedMemory, files.journal, files.lock] {
            guard let found = FileIdentity(path) else { continue }
            guard found.isRegular else { throw StoreError(.unavailable, "\(path) is no regular file") }
            // Not looked at again: a host's journal comes and goes.
            try refuseOtherNames(found, path)
        }
        guard webhooks_is_mount_point(files.path) == 0 else {
            throw StoreError(
                .unavailable,
                "\(files.path) is mounted as a single file, and its write-ahead log would lie elsewhere: mount its folder"
            )
        }
    }

    /// Throws where a file is gone, is another, or has a second name.
    ///
    /// Three or four looks at the file system, a microsecond each: for once a transaction.
    /// - Returns: the database's size.
    /// - Throws: ``StoreError`` with `replaced`; another one where nobody can tell, such as without rights to the folder: nothing may
    ///   be written until that is mended.
    @discardableResult
    func check() throws(StoreError) -> Int64 {
        let size = try check(files.path, database)
        _ = try check(files.wal, wal)
        _ = try check(files.sharedMemory, sharedMemory)
        try lock?.check()
        return size
    }

    /// The same once a transaction is committed. Where nobody can tell whether that is in the right file, nothing goes on from here.
    func checkCommitted() throws(StoreError) {
        do throws(StoreError) {
            try check()
        } catch {
            if error.isFinal { throw error }
            throw StoreError(
                .replaced,
                "\(error.message); what was recorded just then may be in another file: mend that, and start again"
            )
        }
    }

    private func check(_ path: String, _ opened: FileIdentity) throws(StoreError) -> Int64 {
        let found = try Self.identity(of: path)
        guard found.isSameFile(as: opened) else {
            throw StoreError(.replaced, "\(path) was replaced by another file while it was open: \(Self.advice)")
        }
        return found.size
    }

    /// Tells whether the database is smaller than it can have become by itself.
    func hasShrunk(to size: Int64) -> Bool {
        leastSize.withLock { leastSize in
            if size < leastSize { return true }
            leastSize = size
            return false
        }
    }

    /// Lets nobody compare any more: the store is about to close, and may take its files away.
    func forget() { lock?.note("") }

    /// The database may have shrunk, and rightly so: a checkpoint has ended, or its pages are all there.
    func noteSize() {
        guard let size = FileIdentity(files.path)?.size else { return }
        leastSize.withLock { $0 = size }
    }

    /// True when only the write-ahead log's name is lost: what this process has open of it is all there is of it.
    var hasLostWALAlone: Bool {
        guard let found = FileIdentity(files.path), found.isSameFile(as: database) else { return false }
        return FileIdentity(files.wal).map { !$0.isSameFile(as: wal) } ?? true
    }

    /// Database, log and shared memory, to be compared with another process's.
    var description: String {
        [database, wal, sharedMemory].map { "\($0.device):\($0.inode)" }.joined(separator: " ")
    }

    private static let advice = """
        stop every program that uses the store, put the right files in place (where a new store was made meanwhile, move \
        that away first, with its -wal and -shm), and start again
        """

    private static func identity(of path: String) throws(StoreError) -> FileIdentity {
        guard let found = try FileIdentity.look(at: path) else {
            throw StoreError(.replaced, "\(path) was deleted or renamed while it was open: \(advice)")
        }
        guard found.isRegular else {
            throw StoreError(.replaced, "\(path) is no regular file: \(advice)")
        }
        try refuseOtherNames(found, path)
        return found
    }

    private static func refuseOtherNames(_ found: FileIdentity, _ path: String) throws(StoreError) {
        guard found.links > 1 else { return }
        throw StoreError(
            .replaced,
            """
            \(path) has \(found.links) names (hard links), and a store that is opened by two of them is damaged: \
            remove the other name (`find -samefile` shows it); copy a store with SQLite's .backup
            """
        )
    }
}

/// The identity of a file behind a name. The number of an inode stays its own for as long as somebody has the file
/// open.
struct FileIdentity: Sendable, Hashable {
    var device: UInt64
    var inode: UInt64
    /// The number of names that the file has.
    var links: Int
    /// In bytes.
    var size: Int64
    var owner: UInt32
    private var type: UInt32

    var isLink: Bool { type == UInt32(S_IFLNK) }
    var isRegular: Bool { type == UInt32(S_IFREG) }

    /// - Returns: `nil` where nothing has the name. A symbolic link is looked at itself.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Looks at what has a name.
    ///
    /// - Returns: `nil` where nothing has it.
    /// - Throws: ``StoreError`` where nobody can tell.
    static func look(at path: String) throws(StoreError) -> FileIdentity? {
        if let found = FileIdentity(path) { return found }
        guard errno != ENOENT, errno != ENOTDIR else { return nil }
        let isForbidden = errno == EACCES
        var error = StoreFiles.error("look at", path)
        if isForbidden { error.message += "; give this user the rights to its folder back" }
        throw error
    }

    /// Identifies an open file.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        links = Int(status.st_nlink)
        size = Int64(status.st_size)
        owner = status.st_uid
        type = status.st_mode & UInt32(S_IFMT)
    }

    func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }
}
