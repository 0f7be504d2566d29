import Foundation
import GRDB
import Synchronization
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("The first start together")
struct FirstStartTests {
    @Test("Any number of connections make the same store at once")
    func together() throws {
        for round in 0..<40 {
            let folder = try TemporaryFolder()
            let path = folder.file("a/store.sqlite")
            let problems = Mutex<[String]>([])
            let stores = Mutex<[SQLiteStore]>([])
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                do {
                    let store = try SQLiteStore.open(path: path, role: .writer)
                    stores.withLock { $0.append(store) }
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }
            #expect(problems.withLock { $0 } == [], "round \(round)")
            #expect(stores.withLock { $0.count } == 8)
            #expect(try folder.mode(of: path) == 0o600)
            for store in stores.withLock({ $0 }) { store.close() }
        }
    }

    @Test("A host's database that is opened and changed meanwhile becomes a store as well")
    func besideAHost() throws {
        for _ in 0..<20 {
            let folder = try TemporaryFolder()
            let host = try DatabaseQueue(path: folder.file())
            let problems = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { index in
                do {
                    if index == 0 {
                        try host.write { try $0.execute(sql: "CREATE TABLE IF NOT EXISTS orders (id INTEGER)") }
                    } else {
                        try SQLiteStore.open(path: folder.file(), role: .writer).close()
                    }
                } catch let error as DatabaseError where index == 0 && error.isBusy {
                    // It has no busy timeout.
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }
            #expect(problems.withLock { $0 } == [])
        }
    }

    @Test("A symbolic link that leads nowhere is no place for a store; one to a file is")
    func links() async throws {
        let folder = try TemporaryFolder()
        let (link, target) = (folder.file("link.sqlite"), folder.file("target.sqlite"))
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        for role in [SQLiteStore.Role.dispatcher, .writer] {
            #expect(await storeError { try SQLiteStore.open(path: link, role: role) } == .unavailable)
        }
        #expect(!FileManager.default.fileExists(atPath: target))
        try SQLiteStore.open(path: target, role: .writer).close()
        let store = try SQLiteStore.open(path: link, role: .dispatcher)
        #expect(store.path == StoreFiles(target).path)
        #expect(!FileManager.default.fileExists(atPath: link + "-wal"))
    }
}
