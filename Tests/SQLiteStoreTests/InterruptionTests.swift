import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Interruptions", .timeLimit(.minutes(1)))
struct InterruptionTests {
    private static let endless = """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT count(*) FROM numbers
        """

    @Test("A request ends what is under way, and what begins after it, between two statements as well")
    func requests() async throws {
        let queue = try DatabaseQueue()
        let interruption = Interruption()
        try await queue.writeWithoutTransaction { db in
            try interruption.heeding(db) { try db.execute(sql: "CREATE TABLE t (n)") }
            #expect(throws: DatabaseError.self) {
                try interruption.heeding(db) {
                    // SQLite's own interrupt is lost on a connection that is idle.
                    interruption.request(queue)
                    _ = try Int.fetchOne(db, sql: Self.endless)
                }
            }
            #expect(throws: DatabaseError.self) { try interruption.heeding(db) {} }
            // The connection is free again.
            try db.execute(sql: "INSERT INTO t VALUES (1)")
        }
    }

    @Test("A check that is interrupted is an error, and finds no damage")
    func check() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore.open(path: folder.file(), role: .writer)
        _ = try await store.append(.sample("e1"), target: nil)
        let interruption = Interruption()
        #expect(try await store.integrityProblems(interruption).isEmpty)
        interruption.request(store.reader)
        let error = await #expect(throws: StoreError.self) { _ = try await store.integrityProblems(interruption) }
        #expect(error?.code != .damaged)
    }

    @Test("A backup whose task is cancelled leaves nothing behind")
    func backup() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore.open(path: folder.file(), role: .writer)
        _ = try await store.append(.sample("e1"), target: nil)
        let copying = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await store.backUp(to: folder.file("copy"))
        }
        copying.cancel()
        let error = await #expect(throws: StoreError.self) { _ = try await copying.value }
        #expect(error?.message == "the backup was interrupted")
        #expect(FileIdentity(folder.file("copy")) == nil)
    }
}
