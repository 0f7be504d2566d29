internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import Synchronization
package import WebhookCore

extension SQLiteStore {
    /// Writes a copy of the store as it is at one time, while others go on writing: a new file (mode 0600), whole and
    /// checked before it gets its name.
    ///
    /// It reads in one transaction (`VACUUM INTO`) and checkpoints nothing; until it is done the write-ahead log can't start
    /// again. Cancelling the task ends it and leaves nothing behind.
    /// - Returns: the copy's size in bytes.
    /// - Throws: ``StoreError`` with `refused` where there is such a file; `full`, `readOnly` or `unavailable` where it
    ///   can't be written; `damaged` where the copy is.
    package func backUp(to path: String) async throws(StoreError) -> Int64 {
        let target = BackupTarget(path)
        do throws(StoreError) {
            try target.create()
        } catch {
            var error = error
            error.message = error.message.replacing(target.partial, with: path)
            throw error
        }
        let interruption = Interruption()
        do throws(StoreError) {
            try await copy(to: target.partial, interruption)
            let size = try target.sync()
            try await verify(target.partial, interruption)
            if Task.isCancelled { throw StoreError(.unavailable, "the backup was interrupted") }
            try target.publish()
            return size
        } catch {
            unlink(target.partial)
            // What SQLite would have needed to take a half-made copy back.
            unlink("\(target.partial)-journal")
            // The partial file is gone, and nobody has named it.
            var error = error
            error.message = error.message.replacing(target.partial, with: path)
            throw error
        }
    }

    private func copy(to partial: String, _ interruption: Interruption) async throws(StoreError) {
        let connection: DatabaseQueue
        do {
            connection = try Connection.openReader(files)
        } catch {
            throw StoreError(error, path: path)
        }
        defer { try? connection.close() }
        let result: Result<Void, StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.asyncWriteWithoutTransaction { [path] db in
                    do {
                        try interruption.heeding(db) { try db.execute(sql: "VACUUM INTO ?", arguments: [partial]) }
                        continuation.resume(returning: .success(()))
                    } catch let error as DatabaseError where error.isLackOfRoom {
                        // The copy's disk, not the store's.
                        let message =
                            "the copy \(partial) could not be written: its disk is full, or bounds what may be written"
                        continuation.resume(returning: .failure(StoreError(.unavailable, message)))
                    } catch {
                        continuation.resume(returning: .failure(StoreError(error, path: path)))
                    }
                }
            }
        } onCancel: {
            interruption.request(connection)
        }
        if Task.isCancelled { throw StoreError(.unavailable, "the backup was interrupted") }
        try result.get()
    }

    /// Reads all of a copy, as `check` does.
    private func verify(_ path: String, _ interruption: Interruption) async throws(StoreError) {
        let copy = try SQLiteStore.open(path: path, prefix, role: .reader)
        defer { copy.close() }
        let result: Result<[String], StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) {
                return .success(try await copy.integrityProblems(interruption))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            interruption.request(copy.reader)
        }
        if Task.isCancelled { throw StoreError(.unavailable, "the backup was interrupted") }
        let problems = try result.get()
        guard let first = problems.first else { return }
        let others = problems.count > 1 ? ", and \(problems.count - 1) more" : ""
        throw StoreError(
            .damaged,
            "the copy breaks a rule of the store: \(first)\(others)",
            remedy: .checkStore
        )
    }
}

/// The end of long work on a connection, asked for by another thread: also before it begins, and between two of its
/// statements, when SQLite's own interrupt would be lost.
final class Interruption: Sendable {
    private let isRequested = Atomic(false)
    /// The number of SQLite's instructions between two looks.
    private static let pace: Int32 = 1000

    /// Ends what is under way on a connection, and what it begins from now on.
    func request(_ connection: some DatabaseReader) {
        isRequested.store(true, ordering: .releasing)
        connection.interrupt()
    }

    /// Does work that a request ends, with SQLite's `SQLITE_INTERRUPT`.
    func heeding<Value>(_ db: Database, _ work: () throws -> Value) throws -> Value {
        sqlite3_progress_handler(
            db.sqliteConnection,
            Self.pace,
            { context in
                guard let context else { return 0 }
                let interruption = Unmanaged<Interruption>.fromOpaque(context).takeUnretainedValue()
                return interruption.isRequested.load(ordering: .acquiring) ? 1 : 0
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
        defer { sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil) }
        try check()
        return try work()
    }

    /// Throws once it was requested: for work that is none of SQLite's.
    func check() throws {
        if isRequested.load(ordering: .acquiring) { throw DatabaseError(resultCode: .SQLITE_INTERRUPT) }
    }
}

/// The files that a backup is written to: a partial one beside the one that it becomes.
private struct BackupTarget {
    let path: String
    let partial: String

    init(_ path: String) {
        self.path = path
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? ""
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        partial = "\(folder).\(name).\(getpid()).partial"
    }

    /// Makes the partial file; nothing that is there is touched.
    func create() throws(StoreError) {
        if FileIdentity(path) != nil { throw exists }
        let file = open(partial, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw StoreFiles.error("make", partial) }
        close(file)
    }

    /// Brings it to the disk.
    func sync() throws(StoreError) -> Int64 {
        let file = open(partial, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw StoreFiles.error("open", partial) }
        defer { close(file) }
        guard fchmod(file, 0o600) == 0, fsync(file) == 0, let found = FileIdentity(descriptor: file) else {
            throw StoreFiles.error("write", partial)
        }
        return found.size
    }

    /// Gives it its name, unless something has taken that meanwhile.
    func publish() throws(StoreError) {
        if link(partial, path) == 0 {
            unlink(partial)
        } else {
            if errno == EEXIST { throw exists }
            // A file system without hard links.
            if FileIdentity(path) != nil { throw exists }
            guard rename(partial, path) == 0 else { throw StoreFiles.error("make", path) }
        }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private var exists: StoreError { StoreError(.refused, "\(path) is there already; a backup overwrites nothing") }
}
