internal import Glibc
internal import WebhookCore

/// A database's files. What is made here is for its owner alone.
struct StoreFiles: Sendable {
    /// The database.
    let path: String
    /// The beginning of the tables' names, which tells the stores of one database apart.
    let prefix: TablePrefix

    var lock: String { prefix.isStandard ? path + ".lock" : "\(path).\(prefix.name).lock" }
    /// The mark of what is being rendered.
    var mark: String { prefix.isStandard ? path + "-rendering" : "\(path).\(prefix.name)-rendering" }
    var wal: String { path + "-wal" }
    var sharedMemory: String { path + "-shm" }
    /// There while a database without a write-ahead log is changed, or if that was cut short.
    var journal: String { path + "-journal" }

    /// - Parameter path: resolved as far as it exists, so that two spellings of one file share one lock.
    init(_ path: String, _ prefix: TablePrefix = .standard) {
        self.path = Self.resolved(path)
        self.prefix = prefix
    }

    /// No files: a database in memory, as messages name it.
    init(inMemory name: String) { (path, prefix) = (name, .standard) }

    /// True when the database is there.
    var exists: Bool { access(path, F_OK) == 0 }

    /// The reason why a reader can't have the database: there is none, or nobody may tell this user.
    func absence() -> StoreError? {
        if exists { return nil }
        guard errno == EACCES else {
            if let loss = loss() { return StoreError(.missing, loss, remedy: .inMessage) }
            return StoreError(.missing, "there is no store at \(path)")
        }
        return StoreError(.readOnly, "cannot open \(path): \(String(cString: strerror(EACCES)))")
    }

    /// Makes the folder (mode 0700) and an empty database (0600) where they are missing.
    ///
    /// Never through a symbolic link: whoever has left one that leads nowhere would choose where the file comes to be,
    /// and SQLite would make it for everybody to read.
    /// - Returns: whether the database was made.
    func create() throws(StoreError) -> Bool {
        try createFolder()
        if let loss = loss() { throw StoreError(.replaced, loss, remedy: .inMessage) }
        // Never opens a database that is there: closing it again would take away the locks that other connections of
        // this process hold on it (POSIX locks belong to the process), and a program that closes the database then
        // believes to be the last one and removes the write-ahead log under us.
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            guard errno == EEXIST else { throw Self.error("open", path) }
            try refuseLink()
            return false
        }
        close(file)
        return true
    }

    /// Says that the database is missing, although one was here; `nil`: it is there, or there was none.
    ///
    /// A new one in its place would be lost, or damage it, once it is put back.
    func loss() -> String? {
        // In this order: all of these are made after their database.
        let wasHere = StoreIdentity.remembered(in: lock) != nil
        let rest = [wal, sharedMemory, journal].filter { FileIdentity($0) != nil }
        guard wasHere || !rest.isEmpty, !exists, FileIdentity(path) == nil else { return nil }
        let marks = (wasHere ? [lock] : []) + rest
        // What is in its log is a part of it, and of no copy.
        let logs = rest.isEmpty ? "" : " (a copy of it: delete \(rest.joined(separator: ", ")) first)"
        return """
            \(path) is missing, and a store was here: put it back\(logs), or delete \(marks.joined(separator: ", ")) to begin with a new one
            """
    }

    /// The file that this process may not write, where SQLite has said no more than that it may not; `nil`: any.
    ///
    /// - Parameter isWritable: asks the system.
    func unwritable(
        isWritable: (_ path: String) -> Bool = { faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) == 0 }
    ) -> String? {
        let there = [path, wal, sharedMemory].filter { FileIdentity($0) != nil }
        return there.first { !isWritable($0) }
    }

    /// Throws where the path, which is resolved, is a symbolic link all the same.
    private func refuseLink() throws(StoreError) {
        guard FileIdentity(path)?.isLink == true else { return }
        throw StoreError(
            .unavailable,
            "\(path) is a symbolic link that leads nowhere: make the file it names, or remove the link"
        )
    }

    /// Makes the folder and those above it where they are missing.
    func createFolder() throws(StoreError) {
        let parts = Self.folder(of: path).split(separator: "/", omittingEmptySubsequences: true)
        var folder = path.hasPrefix("/") ? "" : "."
        for part in parts {
            let parent = folder.isEmpty ? "/" : folder
            folder += "/" + part
            if mkdir(folder, 0o700) == 0 {
                Self.sync(parent)
            } else if errno != EEXIST && access(folder, F_OK) != 0 {
                throw Self.error("create", folder)
            }
        }
    }

    /// An error of the system's about a file.
    static func error(_ action: String, _ path: String) -> StoreError {
        let code = errno
        let reason = String(cString: strerror(code))
        let storeCode: StoreError.Code =
            switch code {
            case ENOSPC, EDQUOT: .full
            case EACCES, EPERM, EROFS: .readOnly
            default: .unavailable
            }
        return StoreError(storeCode, "cannot \(action) \(path): \(reason)")
    }

    /// Makes a new name in a folder outlast a power failure; best effort, for not every file system can.
    private static func sync(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The folder that everything is in.
    var folder: String { Self.folder(of: path) }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    private static func resolved(_ path: String) -> String {
        if let whole = real(path) { return whole }
        guard let folder = real(folder(of: path)) else { return path }
        let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
        return folder == "/" ? "/" + name : folder + "/" + name
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension SQLiteStore {
    /// Says that a store is missing, although one was at its path; `nil`: it is there, or there was none.
    package static func loss(of path: String, _ prefix: TablePrefix = .standard) -> String? {
        StoreFiles(path, prefix).loss()
    }
}
