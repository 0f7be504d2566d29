import Foundation
import Testing
import WebhooksSQLite

/// SQLite's locks are the process's: closing any descriptor of the file takes all of them away.
@Suite("Locks on the database's file")
struct ProcessLockTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A second connection of the process leaves the first one's lock in place")
    func secondConnection() async throws {
        let path = folder.file("store.sqlite")
        let dispatcher = try SQLiteStore.open(path: path, role: .dispatcher)
        // While a connection uses the write-ahead log, it holds a shared lock on the database's file. Without it another
        // program that closes the database would remove the log.
        let before = try locks(on: path)
        #expect(before > 0)
        let writer = try SQLiteStore.open(path: path, role: .writer)
        #expect(try locks(on: path) == before)
        writer.close()
        #expect(try locks(on: path) == before)
        dispatcher.close()
    }

    /// The number of locks on a file, of any process.
    private func locks(on path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let inode = try #require(attributes[.systemFileNumber] as? NSNumber)
        // The kernel hands the list out in pieces, and may skip a line between two while other tests lock and unlock.
        return try (0..<10).map { _ in try allLocks().count { $0.contains(":\(inode) ") } }.max() ?? 0
    }

    private func allLocks() throws -> [Substring] {
        // The list states no size: read it to its end.
        let handle = try #require(FileHandle(forReadingAtPath: "/proc/locks"))
        var list = Data()
        while let chunk = try handle.read(upToCount: 1 << 16), !chunk.isEmpty { list += chunk }
        return String(decoding: list, as: UTF8.self).split(separator: "\n")
    }
}
