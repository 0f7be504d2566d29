internal import GRDB
internal import Synchronization
public import WebhookCore

/// The store on an SQLite database, its own file or a host's.
///
/// One writing connection on its own queue, one reading connection on another: what is listed never holds up what is
/// sent. Every method may be called from anywhere.
public final class SQLiteStore: DeliveryStore, EventLog {
    /// What the store was opened for.
    public let role: Role
    let files: StoreFiles
    let clock: any WebhookClock
    /// `nil` for a reader.
    let writer: DatabaseQueue?
    let reader: DatabaseQueue
    let names = SubscriptionNames()
    let foreignWrites = ForeignWrites()
    /// The log as it was at the last look for foreign writes.
    private let checkedLog = Mutex<LogStamp?>(nil)
    /// The log as it was when there was no whole portion to list.
    let listedLog = Mutex<(stamp: LogStamp, portion: Int, result: ListingResult)?>(nil)
    let prunePosition = Mutex<PrunePosition?>(nil)

    /// The database's path, symbolic links resolved.
    public var path: String { files.path }

    /// Opens a store, and makes it where it is missing and the role writes. Touches the disk: not for a queue that may
    /// not wait.
    ///
    /// A dispatcher holds the ``DispatcherLock`` before it opens the store.
    /// - Parameters:
    ///   - path: the database's file; its folder is made (mode 0700), and the file (0600).
    ///   - role: what this process does with it.
    ///   - clock: dates what is appended through the log. Default: the machine's.
    /// - Throws: ``StoreError``: `missing` (reader only), `newerSchema`, `damaged`, `full`, `readOnly`, `busy`,
    ///   `unavailable`.
    public static func open(
        path: String,
        role: Role,
        clock: any WebhookClock = SystemClock()
    ) throws(StoreError) -> SQLiteStore {
        let files = StoreFiles(path)
        if role.writes {
            try files.create()
        } else if !files.exists {
            throw StoreError(.missing, "there is no store at \(files.path)")
        }
        do {
            return try SQLiteStore(StoreFiles(path), role: role, clock: clock)
        } catch {
            throw StoreError(error, path: files.path)
        }
    }

    private init(_ files: StoreFiles, role: Role, clock: any WebhookClock) throws {
        self.files = files
        self.role = role
        self.clock = clock
        if role.writes {
            writer = try Connection.openWriter(files, role: role, foreignWrites: foreignWrites)
        } else {
            writer = nil
        }
        reader = try Connection.openReader(files)
    }

    /// Closes the connections once they are idle; what was committed is durable already. Without it they close when
    /// the store is gone.
    public func close() {
        if role == .dispatcher {
            // A store that only short-lived dispatchers use is kept searchable by them.
            listNewRowsNow(portions: 200)
            try? checkpoint()
        }
        try? reader.close()
        // Last, so that a dispatcher's can take the emptied log's files away.
        try? writer?.close()
    }

    // MARK: The engine's side

    public func commit(
        _ batch: StoreBatch,
        completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void
    ) {
        let batches = BatchSource([batch])
        commit(next: batches.take) { result in completion(result.map { $0[0] }) }
    }

    public func commit(
        next: @escaping @Sendable () -> StoreBatch?,
        completion: @escaping @Sendable (Result<[StoreBatchResult], StoreError>) -> Void
    ) {
        guard let writer else {
            return completion(.failure(StoreError(.readOnly, "\(path) was opened for reading")))
        }
        writer.asyncWriteWithoutTransaction { [names, path] db in
            // Taken before the transaction: where that can't begin, it is the batch that fails.
            guard let first = next() else { return completion(.success([])) }
            completion(Self.commit(first, next, db, names: names, path: path))
        }
    }

    /// A transaction of so many changes takes no more: it is worth its wait for the disk.
    static let fullTransaction = 64

    public func checkForeignWrites(completion: @escaping @Sendable (Bool) -> Void) {
        guard let writer else { return completion(false) }
        // Taken before the look: what is written after it changes it.
        let stamp = LogStamp(files.wal)
        if let stamp, checkedLog.withLock({ $0 == stamp }) { return completion(false) }
        writer.asyncWriteWithoutTransaction { [self] db in
            let found = try? foreignWrites.check(db)
            if found != nil { checkedLog.withLock { $0 = stamp } }
            completion(found ?? false)
        }
    }

    // MARK: Access

    /// Runs one transaction on the writing connection, in the order of the calls.
    func write<Value: Sendable>(
        completion: @escaping @Sendable (Result<Value, StoreError>) -> Void,
        _ body: @escaping @Sendable (BatchSession) throws -> Value
    ) {
        guard let writer else {
            return completion(.failure(StoreError(.readOnly, "\(path) was opened for reading")))
        }
        writer.asyncWriteWithoutTransaction { [names, path] db in
            completion(Self.transaction(db, names: names, path: path, body))
        }
    }

    /// Runs one transaction on the writing connection.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (BatchSession) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            write(completion: { continuation.resume(returning: $0) }, body)
        }
        return try result.get()
    }

    /// Reads one consistent state on the reading connection.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            reader.asyncRead { [path] db in
                do {
                    continuation.resume(returning: .success(try body(db.get())))
                } catch {
                    continuation.resume(returning: .failure(StoreError(error, path: path)))
                }
            }
        }
        return try result.get()
    }

    static func transaction<Value>(
        _ db: Database,
        names: SubscriptionNames,
        path: String,
        _ body: (BatchSession) throws -> Value
    ) -> Result<Value, StoreError> {
        do {
            // What a failed rollback may have left behind.
            if db.isInsideTransaction { try db.rollback() }
            try RawStatement(db, "BEGIN IMMEDIATE").run()
            let value = try body(BatchSession(db, names: names))
            try RawStatement(db, "COMMIT").run()
            names.commit()
            return .success(value)
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            names.rollback()
            return .failure(StoreError(error, path: path))
        }
    }
}
