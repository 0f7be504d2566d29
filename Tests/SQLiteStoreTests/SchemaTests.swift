import Foundation
import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("The schema")
struct SchemaTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "A newer schema is refused, and nothing is touched",
        arguments: [.dispatcher, .writer, .reader] as [SQLiteStore.Role]
    )
    func newer(_ role: SQLiteStore.Role) async throws {
        let queue = try DatabaseQueue(path: folder.file())
        try await queue.write { db in
            try SQLiteStore.migrate(db)
            try db.execute(sql: "UPDATE webhooks_schema SET version = version + 1")
        }
        try queue.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        #expect(await storeError { try SQLiteStore.open(path: folder.file(), role: role) } == .newerSchema)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store.sqlite"])
    }

    @Test("A migration that was cut off is finished")
    func resumes() async throws {
        let queue = try DatabaseQueue(path: folder.file())
        try await queue.write { db in
            try SQLiteStore.migrate(db)
            try db.execute(sql: "DELETE FROM webhooks_schema; DROP TABLE webhooks_attempts")
            try db.execute(sql: "DROP INDEX webhooks_deliveries_open")
        }
        try queue.close()
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        #expect(try await store.settleOne("e1") != nil)
        #expect(try await store.integrityProblems() == [])
    }

    @Test("The host's tables and version numbers stay as they are")
    func hostFile() async throws {
        let host = try DatabaseQueue(path: folder.file())
        var migrator = DatabaseMigrator()
        migrator.registerMigration("host") { db in
            try db.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY); PRAGMA user_version = 7")
            try SQLiteStore.migrate(db)
        }
        try migrator.migrate(host)
        let migrated = { [migrator] (host: DatabaseQueue) in
            try host.unsafeRead { try migrator.hasCompletedMigrations($0) }
        }
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        #expect(try store.pragma("user_version") == "7")
        #expect(try migrated(host))
        #expect(try await store.settleOne("e1") != nil)
    }

    @Test("A hot statement looks rows up by a key or an index", arguments: StatementKind.allCases)
    func plans(_ statement: StatementKind) throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .writer)
        let explain: (Database) throws -> [String] = { db in
            // Its parameters may stay without values.
            let rows = try PreparedStatement(db, "EXPLAIN QUERY PLAN " + statement.sql)
            var steps: [String] = []
            while try rows.next() { steps.append(rows.text(3)) }
            return steps
        }
        let plan = try #require(store.writer).unsafeRead(explain)
        for step in plan where step != "SCAN webhooks_schema" && !step.hasPrefix("SCAN CONSTANT") {
            #expect(!step.contains("SCAN") && !step.contains("TEMP B-TREE"), "\(plan)")
        }
    }

    @Test("Every term has its number")
    func codes() throws {
        func check<Word: StoredEnum & CaseIterable>(_ type: Word.Type) throws {
            for word in Word.allCases { #expect(try Word(code: word.code) == word) }
            #expect(Word.codes.count == Word.allCases.count)
            #expect(throws: StoreError.self) { try Word(code: Word.codes.count) }
            #expect(throws: StoreError.self) { try Word(code: -1) }
        }
        try check(DeliveryState.self)
        try check(DeliveryMode.self)
        try check(ContentType.self)
        try check(Attempt.Outcome.self)
        try check(FailureKind.self)
        #expect(DeliveryState.pending.code == 0 && DeliveryState.waiting.code == 1 && DeliveryState.inFlight.code == 2)
    }
}
