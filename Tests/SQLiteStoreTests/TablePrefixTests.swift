import GRDB
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("Table prefixes")
struct TablePrefixTests {
    @Test(
        "Nothing but a plain name that ends with an underscore",
        arguments: [
            ("webhooks_", true), ("lms_hooks_", true), ("h2_", true), ("a_", true),
            (String(repeating: "a", count: 31) + "_", true),
            ("", false), ("_", false), ("hooks", false), ("Hooks_", false), ("2hooks_", false), ("hooks-_", false),
            ("h; DROP TABLE x; --_", false), ("h\"_", false), ("h\u{0}_", false), ("é_", false), ("sqlite_", false),
            ("sqlite_x_", false),
            (String(repeating: "a", count: 32) + "_", false),
        ]
    )
    func valid(_ text: String, _ isValid: Bool) {
        #expect((try? TablePrefix(text))?.description == (isValid ? text : nil))
        if !isValid {
            let error = #expect(throws: StoreError.self) { _ = try TablePrefix(text) }
            #expect(error?.code == .refused && error?.message.contains("such as lms_hooks_") == true)
        }
    }

    @Test("Every name of ours begins with it, and the standard ones stay as they are written")
    func names() throws {
        let prefix = try TablePrefix("lms_hooks_")
        let queue = try DatabaseQueue()
        let names = try queue.write { db in
            try SQLiteStore.migrate(db, prefix)
            return try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'")
        }
        #expect(names.count > 10 && names.allSatisfy { $0.hasPrefix("lms_hooks_") })
        #expect(TablePrefix.standard.sql("SELECT 1 FROM webhooks_events") == "SELECT 1 FROM webhooks_events")
        #expect(prefix.sql("SELECT 1 FROM webhooks_events") == "SELECT 1 FROM lms_hooks_events")
        #expect(try TablePrefix("webhooks_") == .standard)
    }

    @Test("Another table in place of ours, and one that is added to ours, are noticed under other names as well")
    func comparison() throws {
        let prefix = try TablePrefix("lms_hooks_")
        let queue = try DatabaseQueue()
        try queue.write { db in
            try SQLiteStore.migrate(db, prefix)
            // Ours is what has our names: these are the host's.
            try db.execute(sql: "CREATE TABLE lms_hooksters (id); CREATE TABLE lms_hooks_own (id)")
            try SQLiteStore.migrate(db, prefix)
            try db.execute(sql: "CREATE INDEX lms_hooks_more ON lms_hooks_events (topic)")
        }
        let error = #expect(throws: StoreError.self) { try queue.write { try SQLiteStore.migrate($0, prefix) } }
        #expect(error?.message.contains("index lms_hooks_more is not ours") == true)
    }

    @Test("The stores of one file have locks and marks of their own")
    func files() throws {
        let folder = try TemporaryFolder()
        let (one, other) = (try TablePrefix("a_"), try TablePrefix("b_"))
        let files = [TablePrefix.standard, one, other].map { StoreFiles(folder.file(), $0) }
        #expect(files.map { String($0.lock.dropFirst(files[0].path.count)) } == [".lock", ".a.lock", ".b.lock"])
        #expect(Set(files.map(\.mark)).count == 3)
    }

    @Test(
        "Dispatchers on one connection of a host's share the file; whoever has another is refused until all have ended"
    )
    func sharedConnection() throws {
        let folder = try TemporaryFolder()
        let (one, other) = (try TablePrefix("a_"), try TablePrefix("b_"))
        let hosts = [try DatabaseQueue(), try DatabaseQueue()].map { ObjectIdentifier($0) }
        func lock(_ prefix: TablePrefix, _ connection: ObjectIdentifier?) -> Result<DispatcherLock, StoreError> {
            Result { () throws(StoreError) in
                try DispatcherLock.acquire(path: folder.file(), prefix, role: "run", connection: connection)
            }
        }
        let locks = try [.standard, one].map { try lock($0, hosts[0]).get() }
        let refused: [(TablePrefix, ObjectIdentifier?)] = [(one, hosts[0]), (other, hosts[1]), (other, nil)]
        for (prefix, connection) in refused {
            guard case .failure(let error) = lock(prefix, connection) else {
                Issue.record("two connections would move one log")
                continue
            }
            #expect(error.code == .locked && error.message.contains("another"))
        }
        locks[0].release()
        guard case .failure = lock(other, nil) else {
            Issue.record("the second one still works on the file")
            return
        }
        locks[1].release()
        _ = try lock(other, nil).get()
    }

    @Test(
        "A file has one dispatcher with a connection of its own, whatever the prefixes",
        arguments: ["webhooks_", "a_"]
    )
    func wholeFile(_ text: String) throws {
        let folder = try TemporaryFolder()
        let (first, other) = (try TablePrefix(text), try TablePrefix("b_"))
        let lock = try DispatcherLock.acquire(path: folder.file(), first, role: "run")
        let error = #expect(throws: StoreError.self) {
            _ = try DispatcherLock.acquire(path: folder.file(), other, role: "run")
        }
        #expect(error?.code == .locked && error?.message.contains("another table prefix") == true)
        #expect(DispatcherLock.holder(path: folder.file(), other) == nil, "a refused one holds nothing")
        #expect(
            DispatcherLock.holder(path: folder.file())?.role == (first.isStandard ? "run" : nil),
            "the store with the standard names has no dispatcher for another's"
        )
        lock.release()
        _ = try DispatcherLock.acquire(path: folder.file(), other, role: "run")
    }
}
