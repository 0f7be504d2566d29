import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Writes to the log, gathered until it is synced")
struct GatheredWritesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Pages for the bodies of a transaction, of which a small cache holds few.
    private static func insert(_ count: Int, _ db: Database) throws {
        for _ in 0..<count {
            try db.execute(sql: "INSERT INTO webhooks_bodies (checksum, content) VALUES (0, randomblob(3000))")
        }
    }

    private func counts(_ store: SQLiteStore) async throws -> [Int] {
        try await store.read { db in
            try ["SELECT count(*) FROM webhooks_events", "SELECT count(*) FROM webhooks_bodies"].map {
                try Int.fetchOne(db.connection, sql: $0) ?? -1
            }
        }
    }

    @Test("what a transaction has written before it was rolled back is never written over another's commit")
    func rolledBack() async throws {
        let one = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let other = try SQLiteStore.open(path: folder.file(), role: .writer)
        let writer = try #require(one.writer)
        try await writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA cache_size = 10") }
        for round in 0..<20 {
            try await writer.writeWithoutTransaction { db in
                try db.execute(sql: "BEGIN IMMEDIATE")
                // So many that pages are written before the end.
                try Self.insert(20 + round, db)
                try db.execute(sql: "ROLLBACK")
            }
            _ = try await other.append(.sample("other\(round)"), target: nil)
            _ = try await one.append(.sample("one\(round)"), target: nil)
            #expect(try await counts(one) == [2 * (round + 1), 0])
            #expect(try await counts(other) == [2 * (round + 1), 0])
        }
        #expect(try one.pragma("integrity_check") == "ok")
        other.close()
        one.close()
    }

    @Test("a commit of any size is there for everybody at once", arguments: [1, 30, 31, 32, 200])
    func sizes(_ count: Int) async throws {
        let one = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        let other = try SQLiteStore.open(path: folder.file(), role: .writer)
        for round in 1...3 {
            try await one.writer?.write { try Self.insert(count, $0) }
            #expect(try await counts(other) == [0, round * count])
            if round == 2 { try one.checkpoint() }
        }
        #expect(try other.pragma("integrity_check") == "ok")
        other.close()
        one.close()
    }
}
