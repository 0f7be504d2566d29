import Foundation
import GRDB
import Synchronization
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("One writer for a host and the store", .timeLimit(.minutes(1)))
struct SharedWriterTests {
    private func acceptance(_ id: String) -> StoreBatch {
        var batch = StoreBatch()
        batch.acceptances = [Acceptance(event: .sample(id), createdAt: Timestamp(milliseconds: 5), deliveries: nil)]
        return batch
    }

    @Test("The connection is durable afterwards, and everything else is the host's", arguments: [true, false])
    func settings(_ isPool: Bool) async throws {
        let host = try HostedDatabase(isPool ? .pool : .queue)
        let before = try await host.writer.writeWithoutTransaction { db in
            try Int.fetchOne(db, sql: "PRAGMA synchronous")
        }
        _ = try await host.store(.dispatcher)
        let settings = try await host.writer.writeWithoutTransaction { db in
            try ["synchronous", "wal_autocheckpoint", "journal_size_limit", "foreign_keys"].map {
                try Int.fetchOne(db, sql: "PRAGMA \($0)")
            }
        }
        #expect(settings == [2, 1000, Connection.keptWAL, 1])
        if isPool { #expect(before == 1) }
    }

    @Test("A limit of the log that a host has set stays, and so does EXTRA")
    func hostsOwnSettings() async throws {
        let host = try HostedDatabase(.pool)
        try await host.writer.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA synchronous = EXTRA; PRAGMA journal_size_limit = 4096")
        }
        _ = try await host.store(.dispatcher)
        let settings = try await host.writer.writeWithoutTransaction { db in
            try ["synchronous", "journal_size_limit"].map { try Int.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(settings == [3, 4096])
    }

    /// Tells whether something stands in the database's file, or in its log, which is emptied.
    private func isLeft(_ text: String, in host: HostedDatabase) async throws -> Bool {
        try await host.writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        return try [host.folder.file(), host.folder.file() + "-wal"].contains { path in
            try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data(text.utf8)) != nil
        }
    }

    @Test(
        "What is erased or pruned leaves nothing in a host's pages, and the host's setting stays",
        arguments: [true, false]
    )
    func leavesNothing(_ isExpunged: Bool) async throws {
        let host = try HostedDatabase(.pool)
        try await host.writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = FAST") }
        let store = try await host.store(.dispatcher)
        let canary = "canary-7531"
        let data = ByteString("{\"text\":\"\(String(repeating: canary, count: 2_000))\"}")
        _ = try await store.append(Event(topic: "a.b", data: data, id: "secret"), target: nil)
        _ = try await store.cancel(events: ["secret"], deliveries: [], subscription: nil, at: .now)
        #expect(try await isLeft(canary, in: host))
        if isExpunged {
            #expect(try await store.expunge(events: ["secret"], at: .now).events == ["secret"])
        } else {
            #expect(try await store.prune(olderThan: .now + .seconds(60), limit: 10).events == 1)
        }
        #expect(try await !isLeft(canary, in: host))
        let setting = try await host.writer.writeWithoutTransaction {
            try Int.fetchOne($0, sql: "PRAGMA secure_delete")
        }
        #expect(setting == 2)
    }

    @Test("A reader keeps the log for a moment only, however long the host's connection would wait; it waits so again")
    func readerInTheWay() async throws {
        let looks = Mutex(0)
        let callback: Database.BusyMode = .callback { _ in
            looks.withLock { $0 += 1 }
            return false
        }
        for mode in [Database.BusyMode.timeout(3600), callback] {
            var configuration = Configuration()
            configuration.busyMode = mode
            let folder = try TemporaryFolder()
            let pool = try DatabasePool(path: folder.file(), configuration: configuration)
            try await pool.write { try SQLiteStore.migrate($0) }
            let store = try await SQLiteStore(sharing: HostDatabase.open(pool), role: .dispatcher)
            var readers = Configuration()
            readers.allowsUnsafeTransactions = true
            let reader = try DatabaseQueue(path: folder.file(), configuration: readers)
            try await reader.writeWithoutTransaction { db in
                try db.execute(sql: "BEGIN")
                _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM webhooks_events")
            }
            _ = try await store.append(.sample("e1"), target: nil)
            #expect(try await store.emptyWAL(leavesNothing: true) == .readerInTheWay)
            try await reader.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            #expect(try await store.emptyWAL(leavesNothing: true) == .emptied)
            if case .timeout = mode {
                let timeout = try await pool.writeWithoutTransaction {
                    try Int.fetchOne($0, sql: "PRAGMA busy_timeout")
                }
                #expect(timeout == 3_600_000)
            } else {
                try await reader.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
                let before = looks.withLock(\.self)
                await #expect(throws: DatabaseError.self) {
                    try await pool.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
                }
                #expect(looks.withLock(\.self) == before + 1)
                try await reader.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            }
            try reader.close()
        }
    }

    @Test("A transaction that can't be committed is taken back, and the host goes on")
    func uncommitted() async throws {
        let host = try HostedDatabase(.queue)
        let turns = HostTurns(name: "the host's")
        try await host.writer.write { db in
            try db.execute(
                sql: "CREATE TABLE child (parent INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        }
        let isDone = await withCheckedContinuation { continuation in
            turns.read(on: host.writer) { db in
                let done = Result { try db.get().execute(sql: "INSERT INTO child VALUES (404)") }
                continuation.resume(returning: (try? done.get()) != nil)
            } orElse: { _ in
                continuation.resume(returning: false)
            }
        }
        #expect(isDone)
        let count = try await host.writer.write { try Int.fetchOne($0, sql: "SELECT count(*) FROM child") }
        #expect(count == 0)
    }

    @Test("A database that can't carry the store is refused with what to do")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        let noLog = try DatabaseQueue(path: folder.file("delete"))
        try await noLog.write { try SQLiteStore.migrate($0) }
        let noTables = try DatabasePool(path: folder.file("empty"))
        var configuration = Configuration()
        configuration.readonly = true
        let host = try HostedDatabase(.pool)
        let reading = try DatabaseQueue(path: host.folder.file(), configuration: configuration)
        let cases: [(any DatabaseWriter, StoreError.Code, String)] = [
            (noLog, .unavailable, "journalMode = .wal"), (noTables, .missing, "registerWebhooks()"),
            (reading, .readOnly, "opened for reading"),
        ]
        for (database, code, text) in cases {
            let error = await #expect(throws: StoreError.self) { _ = try await HostDatabase.open(database) }
            #expect(error?.code == code && error?.message.contains(text) == true, "\(String(describing: error))")
        }
        try host.writer.close()
        let error = await #expect(throws: StoreError.self) { _ = try await HostDatabase.open(host.writer) }
        #expect(error?.code == .closed)
    }

    @Test("Who waits too long for a host that holds its writer is told, and nothing is stored later")
    func held() async throws {
        let host = try HostedDatabase(.pool)
        let store = try await host.store(.dispatcher, turnLimit: .milliseconds(20))
        let held = host.hold()
        let error = await store.commit(acceptance("e1")).error
        #expect(error?.code == .busy && error?.message.contains("the host has held") == true)
        #expect(error?.isFinal == false)
        await #expect(throws: StoreError.self) { _ = try await store.append(.sample("e2"), target: nil) }
        held.letGo()
        // With the usual patience: a busy machine may not give a turn within a fiftieth of a second.
        let patient = try await host.store(.dispatcher)
        _ = try await patient.commit(acceptance("e3")).get()
        #expect(try await patient.events(EventQuery()).map(\.id) == ["e3"])
    }

    @Test("A queue's readers wait no longer either")
    func heldQueue() async throws {
        let host = try HostedDatabase(.queue)
        let store = try await host.store(.dispatcher, turnLimit: .milliseconds(20))
        let held = host.hold()
        #expect(await storeError { try await store.events(EventQuery()) } == .busy)
        held.letGo()
    }

    @Test("What a store has asked for doesn't begin once it is closed")
    func closedStore() async throws {
        let host = try HostedDatabase(.pool)
        let store = try await host.store(.dispatcher)
        let held = host.hold()
        async let result = store.commit(acceptance("e1"))
        // It stands in line before the store is closed.
        while store.turns?.waitingCount == 0 { await Task.yield() }
        store.close()
        #expect(await result.error?.code == .unavailable)
        held.letGo()
        #expect(try await host.writer.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM webhooks_events") } == 0)
        #expect(await store.commit(acceptance("e2")).error?.code == .unavailable)
        // The connections are still the host's.
        try await host.writer.write { try $0.execute(sql: "INSERT INTO notes (text) VALUES (x'00')") }
    }

    @Test("A host that closes the database first gets a sentence", arguments: HostedDatabase.Kind.allCases)
    func closedDatabase(_ kind: HostedDatabase.Kind) async throws {
        let host = try HostedDatabase(kind)
        let store = try await host.store(.dispatcher)
        try host.writer.close()
        let error = await store.commit(acceptance("e1")).error
        #expect(error?.code == .closed && error?.isFinal == true)
        #expect(error?.message.contains("was closed by the host") == true)
        #expect(await storeError { try await store.events(EventQuery()) } == .closed)
        let looks: Result<Bool, StoreError> = await withCheckedContinuation { continuation in
            store.checkExternalWrites { continuation.resume(returning: $0) }
        }
        #expect(looks.error?.code == .closed)
        store.close()
    }

    @Test("A host that erases its schema stops the dispatcher, not those who only append", arguments: [true, false])
    func erased(_ isMadeAnew: Bool) async throws {
        let host = try HostedDatabase(.pool)
        let store = try await host.store(.dispatcher)
        let other = try await host.store(.writer)
        _ = try await store.commit(acceptance("e1")).get()
        try await host.writer.erase()
        if isMadeAnew { try await host.writer.write { try SQLiteStore.migrate($0) } }
        let error = await store.commit(acceptance("e2")).error
        #expect(error?.code == .replaced && error?.message.contains("eraseDatabaseOnSchemaChange") == true)
        var reads = StoreBatch()
        reads.reads.health = true
        #expect(await store.commit(reads).error?.code == .replaced)
        let found = await storeError { try await other.append(.sample("e3"), target: nil) }
        #expect(found == (isMadeAnew ? nil : .missing))
    }

    @Test("A transaction that a host leaves open is not touched")
    func openTransaction() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let pool = try DatabasePool(path: folder.file(), configuration: configuration)
        try await pool.write { db in
            try SQLiteStore.migrate(db)
            try db.execute(sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY)")
        }
        let store = try await SQLiteStore(sharing: HostDatabase.open(pool), role: .dispatcher)
        try await pool.writeWithoutTransaction { db in
            try db.beginTransaction()
            try db.execute(sql: "INSERT INTO notes VALUES (1)")
        }
        #expect(await store.commit(acceptance("e1")).error?.code == .busy)
        try await pool.writeWithoutTransaction { try $0.commit() }
        #expect(try pool.rows("notes") == 1)
        _ = try await store.commit(acceptance("e1")).get()
    }

    @Test("A host's observers learn of our commits, and may refuse them")
    func observers() async throws {
        final class Observer: TransactionObserver {
            let commits = Mutex(0)
            let refuses = Mutex(false)
            func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
            func databaseDidChange(with event: DatabaseEvent) {}
            func databaseWillCommit() throws {
                if refuses.withLock(\.self) { throw CancellationError() }
            }
            func databaseDidCommit(_ db: Database) { commits.withLock { $0 += 1 } }
            func databaseDidRollback(_ db: Database) {}
        }
        let host = try HostedDatabase(.pool)
        let store = try await host.store(.dispatcher)
        let observer = Observer()
        host.writer.add(transactionObserver: observer)
        _ = try await store.commit(acceptance("e1")).get()
        #expect(observer.commits.withLock(\.self) == 1)
        observer.refuses.withLock { $0 = true }
        #expect(await store.commit(acceptance("e2")).error != nil)
        observer.refuses.withLock { $0 = false }
        _ = try await store.commit(acceptance("e3")).get()
        #expect(try await store.events(EventQuery()).map(\.id) == ["e3", "e1"])
    }

    @Test("A log that somebody has kept large begins again, on the host's connection")
    func log() async throws {
        let host = try HostedDatabase(.pool)
        try await host.writer.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 100000")
        }
        let store = try await host.store(.dispatcher)
        try await host.writer.write { db in
            for _ in 0..<50 { try db.execute(sql: "INSERT INTO notes (text) VALUES (zeroblob(20000))") }
        }
        #expect(store.walSize() > 1_000_000)
        // Below the limit it is left alone.
        #expect(try await store.emptyWAL() == .emptied)
        #expect(store.walSize() > 1_000_000)
        #expect(try await store.moveWAL() == .restarted)
        #expect(store.walSize() <= 100_000)
        // What was erased must not stay in it, however small it is.
        #expect(store.walSize() > 0)
        #expect(try await store.emptyWAL(leavesNothing: true) == .emptied)
        #expect(store.walSize() == 0)
        #expect(try await store.integrityProblems() == [])
    }

    @Test("A host's vacuum takes no page for one that was cut off")
    func vacuum() async throws {
        let host = try HostedDatabase(.pool)
        try await host.writer.write { db in
            for _ in 0..<50 { try db.execute(sql: "INSERT INTO notes (text) VALUES (zeroblob(20000))") }
        }
        try await host.writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        let store = try await host.store(.dispatcher)
        _ = try await store.commit(acceptance("e1")).get()
        try await host.writer.write { try $0.execute(sql: "DELETE FROM notes") }
        try await host.writer.vacuum()
        try await host.writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try await host.writer.write { db in
            for _ in 0..<5 { try db.execute(sql: "INSERT INTO notes (text) VALUES (zeroblob(20000))") }
        }
        _ = try await store.commit(acceptance("e2")).get()
    }
}

extension Result {
    var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
