internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import Synchronization

/// The files that a host's connection has open, to be compared with those that have their names.
///
/// Kept by the connection itself, as the context of an SQL function: it goes when the connection does.
final class HostFiles: Sendable {
    private let path: String
    private let opened = Mutex<[String: FileIdentity]>([:])

    private init(path: String) { self.path = path }

    /// Says what is wrong with the files of a connection; `nil`: nothing.
    static func problem(_ db: Database) throws -> String? {
        do {
            return try ask(db)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            // The connection doesn't know the function yet.
            guard let connection = db.sqliteConnection, let name = sqlite3_db_filename(connection, "main") else {
                return nil
            }
            let path = String(cString: name)
            guard !path.isEmpty else { return nil }
            register(HostFiles(path: path), connection)
            return try ask(db)
        }
    }

    private static func ask(_ db: Database) throws -> String? {
        let statement = try PreparedStatement(db, "SELECT webhooks_file_problem()")
        defer { statement.reset() }
        return try statement.next() ? statement.optionalText(0) : nil
    }

    private static func register(_ files: HostFiles, _ connection: OpaquePointer) {
        sqlite3_create_function_v2(
            connection,
            "webhooks_file_problem",
            0,
            SQLITE_UTF8 | SQLITE_DIRECTONLY,
            Unmanaged.passRetained(files).toOpaque(),
            { context, _, _ in
                guard let context, let data = sqlite3_user_data(context) else { return }
                guard let problem = Unmanaged<HostFiles>.fromOpaque(data).takeUnretainedValue().problem() else {
                    return sqlite3_result_null(context)
                }
                sqlite3_result_text(context, problem, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
            },
            nil,
            nil,
            { data in
                if let data { Unmanaged<HostFiles>.fromOpaque(data).release() }
            }
        )
    }

    /// Looks at three names: some microseconds. The first look at a file makes sure that this process has it open.
    private func problem() -> String? {
        opened.withLock { opened in
            for suffix in ["", "-wal", "-shm"] {
                let (name, known) = (path + suffix, opened[suffix])
                guard let found = FileIdentity(name) else {
                    let isGone = errno == ENOENT || errno == ENOTDIR
                    let unseen = StoreFiles.error("look at", name).message
                    // A database without a write-ahead log has but the one file.
                    if known == nil && !suffix.isEmpty && !Self.hasOpen(named: name) { continue }
                    return isGone ? "\(name) was deleted or renamed while it was open" : unseen
                }
                if found.links > 1 { return "\(name) has \(found.links) names (hard links)" }
                if let known {
                    if !known.isSameFile(as: found) { return "\(name) was replaced by another file while it was open" }
                } else {
                    if !Self.hasOpen(found) {
                        // SQLite leaves the log of another time alone until it is needed.
                        if !suffix.isEmpty && !Self.hasOpen(named: name) { continue }
                        return "\(name) was replaced by another file while it was open"
                    }
                    opened[suffix] = found
                }
            }
            return nil
        }
    }

    /// Tells whether this process has a file open. Opening it to see would give up SQLite's locks.
    private static func hasOpen(_ file: FileIdentity) -> Bool {
        descriptors().contains { FileIdentity(descriptor: $0)?.isSameFile(as: file) == true }
    }

    /// Tells whether this process has a file open that had a name.
    private static func hasOpen(named name: String) -> Bool {
        descriptors().contains { descriptor in
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            let count = readlink("/proc/self/fd/\(descriptor)", &buffer, Int(PATH_MAX))
            guard count > 0 else { return false }
            let target = String(decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return target == name || target == name + " (deleted)"
        }
    }

    private static func descriptors() -> [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            // In place: a copy would take 256 bytes, and the last entry of a buffer has fewer.
            let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
            if let descriptor = Int32(name) { found.append(descriptor) }
        }
        return found
    }
}
