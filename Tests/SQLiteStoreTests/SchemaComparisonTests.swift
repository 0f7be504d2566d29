import Foundation
import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("A schema that is not ours")
struct SchemaComparisonTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Makes a store, changes it, and says what opening it says.
    private func error(after sql: String, as role: SQLiteStore.Role) throws -> StoreError? {
        try SQLiteStore.open(path: folder.file(), role: .dispatcher).close()
        try change(sql)
        do throws(StoreError) {
            try SQLiteStore.open(path: folder.file(), role: role).close()
            return nil
        } catch {
            return error
        }
    }

    private func removeStore() {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.file() + suffix) }
    }

    private func change(_ sql: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA ignore_check_constraints = 1") }
        let queue = try DatabaseQueue(path: folder.file(), configuration: configuration)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private static let roles: [SQLiteStore.Role] = [.dispatcher, .writer, .reader]

    @Test(
        "Every difference is refused with its name, by everybody",
        arguments: [
            ("DROP INDEX webhooks_deliveries_open", "index webhooks_deliveries_open is missing"),
            ("DROP TABLE webhooks_attempts", "table webhooks_attempts is missing"),
            ("ALTER TABLE webhooks_events DROP COLUMN target", "table webhooks_events is another"),
            ("ALTER TABLE webhooks_events ADD COLUMN extra TEXT", "table webhooks_events is another"),
            (
                "DROP INDEX webhooks_pending_due; CREATE INDEX webhooks_pending_due ON webhooks_pending (event)",
                "index webhooks_pending_due is another"
            ),
            (
                "CREATE TRIGGER webhooks_more AFTER INSERT ON webhooks_events BEGIN SELECT 1; END",
                "trigger webhooks_more is not ours"
            ),
            (
                "ALTER TABLE webhooks_bodies RENAME TO b; CREATE VIEW webhooks_bodies AS SELECT * FROM b",
                "webhooks_bodies is a view"
            ),
            ("DROP TABLE webhooks_schema; CREATE VIEW webhooks_schema AS SELECT 1 AS version", "is a view"),
            ("DROP TABLE webhooks_schema; CREATE TABLE webhooks_schema (x)", "webhooks_schema is another"),
        ]
    )
    func differences(_ sql: String, _ words: String) throws {
        for role in Self.roles {
            removeStore()
            let error = try error(after: sql, as: role)
            #expect(error?.code == .damaged, "\(role)")
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains(folder.file()) == true)
        }
    }

    @Test(
        "A version that no program writes is refused",
        arguments: [
            ("-1", StoreError.Code.damaged), ("0", .damaged), ("-9223372036854775808", .damaged),
            ("2", .newerSchema), ("9223372036854775807", .newerSchema),
        ]
    )
    func versions(_ version: String, _ code: StoreError.Code) throws {
        for role in Self.roles {
            removeStore()
            #expect(try error(after: "UPDATE webhooks_schema SET version = \(version)", as: role)?.code == code)
        }
    }

    @Test("Text, NULL, fractions and two rows as a version are refused", arguments: ["'one'", "NULL", "1.5", "x'01'"])
    func kinds(_ value: String) throws {
        let table = "DROP TABLE webhooks_schema; CREATE TABLE webhooks_schema (version);"
        let sql = table + "INSERT INTO webhooks_schema VALUES "
        for role in Self.roles {
            for rows in ["(\(value))", "(1), (2)"] {
                removeStore()
                #expect(try error(after: sql + rows, as: role)?.code == .damaged)
            }
        }
    }

    @Test("What a host adds under names of its own is the host's: it works, and is known")
    func hostsOwn() async throws {
        let sql = """
            CREATE TABLE seen (event TEXT);
            CREATE TRIGGER keep AFTER INSERT ON webhooks_events BEGIN INSERT INTO seen VALUES (new.event_id); END;
            CREATE INDEX by_topic ON webhooks_events (topic);
            CREATE TABLE webhooks_of_the_host (id INTEGER)
            """
        #expect(try error(after: sql, as: .reader) == nil)
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        #expect(try await store.settleOne("e1") != nil)
        #expect(try await store.reader.read { try String.fetchAll($0, sql: "SELECT event FROM seen") } == ["e1"])
        #expect(try await store.hostTriggers() == ["keep"])
        #expect(try await store.integrityProblems() == [])
    }

    @Test("A trigger that reaches outside of the database doesn't run")
    func distrust() async throws {
        try SQLiteStore.open(path: folder.file(), role: .dispatcher).close()
        try change("CREATE TRIGGER reach AFTER INSERT ON webhooks_events BEGIN SELECT load_extension('x'); END")
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        #expect(await storeError { try await store.append(.sample("e1"), target: nil) } != nil)
        #expect(try await store.event("e1") == nil)
    }

    @Test("An index that is dropped while the store is open stops it, and the check says so")
    func whileOpen() async throws {
        let store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
        _ = try await store.settleOne("e1")
        try change("DROP INDEX webhooks_deliveries_open")
        #expect(await storeError { try await store.integrityProblems() } == .damaged)
        var batch = StoreBatch()
        batch.reads.openSubscriptions = true
        guard case .failure(let error) = await store.commit(batch) else {
            Issue.record("read without its index")
            return
        }
        #expect(error.isFinal && error.message.contains("webhooks_deliveries_open is missing"))
    }
}
