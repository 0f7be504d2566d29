internal import GRDB
internal import Synchronization
package import WebhookCore

/// The store on an SQLite database, its own file or a host's.
///
/// One writing connection on its own queue, one reading connection on another: what is indexed never holds up what is
/// sent. Or a host's connections (``HostDatabase``), whose writer then is the only one for both. Every method may be called
/// from anywhere.
package final class SQLiteStore: DeliveryStore, EventLog {
    /// The role that the store was opened for.
    package let role: Role
    let files: StoreFiles
    let clock: any WebhookClock
    /// `nil` for a reader.
    let writer: (any DatabaseWriter)?
    let reader: any DatabaseReader
    /// Our turns on the connections, where they are a host's.
    let turns: HostTurns?
    /// The tables that the store works on, where the connections are a host's.
    let hostTables: KnownTables?
    let names = SubscriptionRowCache()
    let externalWrites = ExternalWrites()
    let checkpointer: Checkpointer
    let busyWait = BusyWait()
    /// True when there was no file before.
    package let isNew: Bool
    /// The files that the writing connection has open; `nil` for a reader, and in memory.
    let opened: OpenedFiles?
    /// The log as it was when there was no whole batch to list.
    let indexedWAL = Mutex<(stamp: WALStamp, batchSize: Int, result: IndexingResult)?>(nil)
    let prunePosition = Mutex<PrunePosition?>(nil)
    /// True when a look for others' writes is under way.
    private let isLooking = Atomic(false)
    private let quietWAL = Mutex(QuietWAL())

    /// The database's path, symbolic links resolved.
    package var path: String { files.path }
    /// The beginning of the names of its tables.
    package let prefix: TablePrefix

    /// Opens a store, and makes it where it is missing and the role writes. Touches the disk: not for a queue that may
    /// not wait.
    ///
    /// A dispatcher holds the ``DispatcherLock`` before it opens the store.
    /// - Parameters:
    ///   - path: the database's file; its folder is made (mode 0700), and the file (0600).
    ///   - prefix: of the store's tables.
    ///   - role: what this process does with it.
    ///   - lock: a dispatcher's, to be watched together with the store's own files.
    ///   - clock: dates what is appended through the log. Default: the machine's.
    ///   - isCopying: whether it may be an unfinished copy.
    /// - Throws: ``StoreError``: `missing` (reader only), `newerSchema`, `damaged`, `replaced`, `full`, `readOnly`,
    ///   `busy`, `unavailable`.
    package static func open(
        path: String,
        _ prefix: TablePrefix = .standard,
        role: Role,
        lock: DispatcherLock? = nil,
        clock: any WebhookClock = SystemClock(),
        isCopying: Bool = false
    ) throws(StoreError) -> SQLiteStore {
        var files = StoreFiles(path, prefix)
        var isNew = false
        if role.writes {
            isNew = try files.create()
            files = StoreFiles(path, prefix)
        } else if let absence = files.absence() {
            throw absence
        }
        try OpenedFiles.vet(files)
        do {
            return try SQLiteStore(files, role: role, isNew: isNew, lock: lock, clock: clock, isCopying: isCopying)
        } catch {
            throw StoreError(error, path: files.path)
        }
    }

    private init(
        _ files: StoreFiles,
        role: Role,
        isNew: Bool,
        lock: DispatcherLock?,
        clock: any WebhookClock,
        isCopying: Bool
    ) throws {
        self.files = files
        prefix = files.prefix
        self.isNew = isNew
        self.role = role
        self.clock = clock
        checkpointer = Checkpointer(diskSize: DiskSpace(of: files.path)?.size)
        (turns, hostTables) = (nil, nil)
        guard role.writes else {
            (writer, opened) = (nil, nil)
            reader = try Connection.openReader(files, isCopying: isCopying)
            return
        }
        let writer = try Connection.openWriter(files, role: role, busyWait: busyWait, isCopying: isCopying)
        do {
            opened = try OpenedFiles(files, lock: lock)
            reader = try Connection.openReader(files, isCopying: isCopying)
        } catch {
            try? writer.close()
            throw error
        }
        self.writer = writer
        try writer.writeWithoutTransaction { db in
            if role == .dispatcher { checkpointer.attach(to: db) }
            _ = try externalWrites.check(db)
            if let lock, let identity = try StoreIdentity.read(StoreDatabase(db, prefix)) { lock.remember(identity) }
        }
        if let opened, let lock { lock.note(opened.description) }
        if role == .writer { try compareWithDispatcher() }
    }

    /// Opens a store on a database that a host has opened, without a look at it: that was ``HostDatabase/verify()``.
    ///
    /// - Parameters:
    ///   - role: what this process does with it; not `reader`.
    ///   - lock: a dispatcher's, to be watched together with the database's files; `nil` in memory.
    ///   - turnLimit: the longest wait for a host that holds its connection.
    package init(
        sharing host: HostDatabase,
        role: Role,
        lock: DispatcherLock? = nil,
        clock: any WebhookClock = SystemClock(),
        turnLimit: Duration = .seconds(5)
    ) throws(StoreError) {
        self.role = role
        self.clock = clock
        prefix = host.prefix
        files = host.path.map { StoreFiles($0, host.prefix) } ?? StoreFiles(inMemory: host.name)
        isNew = false
        (writer, reader) = (host.writer, host.writer)
        checkpointer = Checkpointer(diskSize: nil)
        turns = HostTurns(name: host.name, limit: turnLimit)
        let tables = host.tables.identity
        hostTables = KnownTables(tables)
        guard host.path != nil else {
            opened = nil
            return
        }
        let opened = try OpenedFiles(files, lock: lock)
        self.opened = opened
        if let lock {
            lock.remember(tables)
            lock.note(opened.description)
        }
        if role == .writer { try compareWithDispatcher() }
    }

    /// True when the connections are a host's.
    package var isHosts: Bool { turns != nil }

    /// Closes the connections once they are idle; what was committed is durable already. Without it they close when
    /// the store is gone.
    package func close() {
        if let turns {
            // The connections stay the host's, and so does the log.
            opened?.forget()
            return turns.close()
        }
        if role == .dispatcher {
            do throws(StoreError) {
                try opened?.check()
                // A store that only short-lived dispatchers use is kept searchable by them.
                indexNewRowsNow(batches: 200)
                try checkpoint()
            } catch {
                // What is there stays as it is, but for what this process alone still has.
                if opened?.hasLostWALAlone == true {
                    writer?.writeWithoutTransaction { [checkpointer, prefix] db in
                        checkpointer.rescue(StoreDatabase(db, prefix))
                    }
                }
            }
        }
        opened?.forget()
        writer?.writeWithoutTransaction { [checkpointer] _ in checkpointer.close() }
        try? reader.close()
        // Last, so that a dispatcher's can take the emptied log's files away.
        try? writer?.close()
    }

    // MARK: The engine's side

    package func commit(
        _ batch: StoreBatch,
        completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void
    ) {
        let batches = BatchSource([batch])
        commit(next: batches.take) { result in completion(result.map { $0[0] }) }
    }

    package func commit(
        next: @escaping @Sendable () -> StoreBatch?,
        completion: @escaping @Sendable (Result<[StoreBatchResult], StoreError>) -> Void
    ) {
        onWriter { [self] db in
            // Taken before the transaction: where that can't begin, it is the batch that fails.
            guard var first = next() else { return completion(.success([])) }
            if first.isTrial, let free = freeSpace(), free < Self.leastRoom {
                return completion(.failure(.noRoom(path)))
            }
            var done: [StoreBatchResult] = []
            // What only reads waits for no other writer. Where what follows fails, it has had no effect.
            while first.isReadOnly {
                let batch = first
                guard let result = reading(db, { try $0.apply(batch) }) else { break }
                switch result {
                case .success(let result): done.append(result)
                case .failure(let error): return completion(.failure(error))
                }
                guard let more = next() else { return completion(.success(done)) }
                first = more
            }
            completion(commit(first, next, db).map { done + $0 })
        } orElse: { error in
            // It is what was to be stored that fails.
            completion(next() == nil ? .success([]) : .failure(error))
        }
    }

    /// With less room on the disk, in bytes, a trial tells nothing: the log may have room of its own for that and for nothing else.
    package static let leastRoom = 1 << 20

    /// A transaction of this number of changes takes no more: it is worth its wait for the disk.
    static let fullTransaction = 64

    package func ping(_ completion: @escaping @Sendable () -> Void) {
        onWriter { _ in
            completion()
        } orElse: { _ in
            // Somebody else holds it, and what is given to it fails in time.
            completion()
        }
    }

    package func checkExternalWrites(completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
        guard writer != nil else { return completion(.success(false)) }
        // What a host writes on its own connection has not reached the log yet.
        let isQuiet = !isHosts && quietWAL.withLock { !$0.asks(WALStamp(files.wal, rest: QuietWAL.rest)) }
        if isQuiet { return completion(.success(false)) }
        // A host may hold its writer for long: one look waits for it, not one for every call.
        let isWaiting = isLooking.exchange(true, ordering: .relaxed)
        if isWaiting { return completion(.success(false)) }
        onWriter { [self] db in
            isLooking.store(false, ordering: .relaxed)
            do {
                try verifyFiles(db)
                try verifyHostTables(db)
                completion(.success(try externalWrites.check(db.connection)))
            } catch {
                let error = StoreError(error, path: path)
                completion(error.isFinal ? .failure(error) : .success(false))
            }
        } orElse: { [self] error in
            isLooking.store(false, ordering: .relaxed)
            completion(error.isFinal ? .failure(error) : .success(false))
        }
    }
}
