package import GRDB
internal import GRDBSQLite
internal import Glibc
internal import Synchronization
package import WebhookCore

/// A database that a host has opened and shares with the store: one writer for both, whose queue is fair.
///
/// Nobody waits for SQLite's lock, and nobody but the host's connection checkpoints. The host opens it, keeps it open for
/// as long as it is used here, and closes it.
package final class HostDatabase: Sendable {
    let writer: any DatabaseWriter
    /// The beginning of the names of our tables.
    package let prefix: TablePrefix
    /// The database's file, symbolic links resolved; `nil` in memory.
    package let path: String?
    /// The tables that were found last.
    let tables: KnownTables

    /// The host's connection, by which dispatchers that share it know each other.
    package var connection: ObjectIdentifier { ObjectIdentifier(writer) }

    /// The database as messages name it.
    var name: String { path ?? "the database in memory" }

    private init(_ writer: any DatabaseWriter, _ prefix: TablePrefix, path: String?, tables: StoreIdentity) {
        self.writer = writer
        self.prefix = prefix
        self.path = path
        self.tables = KnownTables(tables)
    }

    /// Makes sure that a database can carry the store, and makes its writing connection durable.
    ///
    /// - Throws: ``StoreError``; `missing` where our tables are not there, `busy` where the host holds its writer.
    package static func open(
        _ writer: any DatabaseWriter,
        _ prefix: TablePrefix = .standard
    ) async throws(StoreError) -> HostDatabase {
        guard !writer.configuration.readonly else {
            throw StoreError(.readOnly, "\(writer.path) was opened for reading: give the dispatcher one that writes")
        }
        let found = try await turn(on: writer, name: writer.path) { db in try Self.prepare(db, prefix) }
        return HostDatabase(writer, prefix, path: found.path, tables: found.tables)
    }

    /// Makes sure of it once more: a host may have migrated, erased or closed its database since. A task that is cancelled
    /// doesn't wait.
    package func verify() async throws(StoreError) {
        let found = try await Self.turn(on: writer, name: name) { [prefix] db in try Self.prepare(db, prefix) }
        tables.identity = found.tables
    }

    /// Tells whether a connection is one to this database: one that is in memory can't be told.
    package func isOpen(in db: Database) -> Bool {
        guard let path, let name = sqlite3_db_filename(db.sqliteConnection, "main") else { return true }
        let file = String(cString: name)
        return file == path || StoreFiles(file).path == path
    }

    /// Tells whether a path leads to the database's file.
    package func isFile(_ path: String) -> Bool { self.path != nil && StoreFiles(path).path == self.path }

    private static func turn<Value: Sendable>(
        on writer: any DatabaseWriter,
        name: String,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let turns = HostTurns(name: name)
        let result: Result<Value, StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                turns.write(on: writer) { db in
                    let result = Result { try body(db) }
                    continuation.resume(returning: result.mapError { StoreError($0, path: name) })
                } orElse: { error in
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            turns.close()
        }
        return try result.get()
    }

    private static func prepare(
        _ db: Database,
        _ prefix: TablePrefix
    ) throws -> (path: String?, tables: StoreIdentity) {
        let file = sqlite3_db_filename(db.sqliteConnection, "main").map { String(cString: $0) } ?? ""
        let files = file.isEmpty ? nil : StoreFiles(file, prefix)
        let name = files?.path ?? "the database in memory"
        if let files { try OpenedFiles.vet(files) }
        try makeDurable(db, isInMemory: files == nil, name: name)
        let db = StoreDatabase(db, prefix)
        let version = try Schema.version(of: db)
        try Schema.check(version, path: name)
        guard version == Schema.version, let tables = try StoreIdentity.read(db) else {
            throw missingTables(name, prefix)
        }
        try Schema.compare(db)
        try UnfinishedCopy.refuse(db, path: name)
        return (files?.path, tables)
    }

    /// Sets what GRDB's pools undo after `prepareDatabase`, on the connection itself.
    private static func makeDurable(_ db: Database, isInMemory: Bool, name: String) throws {
        guard !isInMemory else { return }
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal" else {
            throw StoreError(
                .unavailable,
                """
                \(name) has no write-ahead log: open it as a DatabasePool, or as a DatabaseQueue with \
                `configuration.journalMode = .wal`
                """
            )
        }
        // 2 is FULL, 3 is EXTRA.
        if try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0 < 2 { try db.execute(sql: "PRAGMA synchronous = FULL") }
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0 >= 2 else {
            throw StoreError(
                .unavailable,
                """
                \(name) is not durable at commit: execute `PRAGMA synchronous = FULL` on the writer once it is open \
                (a pool sets NORMAL after `prepareDatabase`)
                """
            )
        }
        // Else the log's file would stay as large as it ever was.
        if try Int.fetchOne(db, sql: "PRAGMA journal_size_limit") ?? -1 < 0 {
            try db.execute(sql: "PRAGMA journal_size_limit = \(Connection.keptWAL)")
        }
    }

    // MARK: What a host may have done

    /// An error on a host's connection, as the store would put it.
    package static func storeError(_ error: any Error) -> StoreError { StoreError(error, path: "the database") }

    static func missingTables(_ name: String, _ prefix: TablePrefix) -> StoreError {
        let argument = prefix.isStandard ? "" : "prefix: \"\(prefix)\""
        return StoreError(
            .missing,
            """
            \(name) has no webhooks tables of this version: call `migrator.registerWebhooks(\(argument))` on the \
            DatabaseMigrator, and migrate before the dispatcher is made
            """
        )
    }

    static func closed(_ name: String) -> StoreError {
        StoreError(
            .closed,
            "\(name) was closed by the host while the dispatcher used it: end `run()` first, and close it then"
        )
    }

    static func erased(_ name: String) -> StoreError {
        StoreError(
            .replaced,
            """
            \(name): the host has erased the webhooks tables, or made new ones, under the running dispatcher \
            (`eraseDatabaseOnSchemaChange`, `erase()`), which ends `run()`: migrate first, and run the dispatcher then
            """
        )
    }
}

extension HostDatabase {
    /// The right to be the one dispatcher of a database in memory, which has no file to lock and is this process's alone. Ends
    /// with the object.
    package final class Claim: StoreLock {
        fileprivate struct Key: Hashable {
            var writer: ObjectIdentifier
            var prefix: TablePrefix
        }

        fileprivate static let taken = Mutex<[Key: DispatcherLock.Holder]>([:])
        /// Held, so that no other database gets its address.
        private let writer: any DatabaseWriter
        private let key: Key
        private let isReleased = Atomic(false)

        fileprivate init(_ writer: any DatabaseWriter, _ key: Key) { (self.writer, self.key) = (writer, key) }

        deinit { release() }

        /// Lets go. Calling it again does nothing.
        package func release() {
            guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
            Self.taken.withLock { _ = $0.removeValue(forKey: key) }
        }

        // This process alone could ask.
        package func noteStopping() {}
        package func noteAlive() {}
        package func note(trouble: StoreError?) {}
    }

    /// Takes the right to be the dispatcher of a database in memory.
    ///
    /// - Throws: ``StoreError`` with `locked`.
    package func claim(role: String) throws(StoreError) -> Claim {
        let holder = DispatcherLock.Holder(processID: getpid(), role: role)
        let other = Claim.taken.withLock { taken -> DispatcherLock.Holder? in
            if let other = taken[claimKey] { return other }
            taken[claimKey] = holder
            return nil
        }
        if let other {
            throw StoreError(.locked, "\(name) is in use by another dispatcher of this process: `\(other.role)`")
        }
        return Claim(writer, claimKey)
    }

    /// The holder of that right; `nil`: nobody.
    package var claimHolder: DispatcherLock.Holder? { Claim.taken.withLock { $0[claimKey] } }

    private var claimKey: Claim.Key { Claim.Key(writer: ObjectIdentifier(writer), prefix: prefix) }
}

/// The tables that somebody works on: others in their place are noticed.
final class KnownTables: Sendable {
    private let state: Mutex<StoreIdentity>

    init(_ identity: StoreIdentity) { state = Mutex(identity) }

    var identity: StoreIdentity {
        get { state.withLock(\.self) }
        set { state.withLock { $0 = newValue } }
    }
}
