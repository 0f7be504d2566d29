import Foundation
import GRDB
import Glibc
import WebhookCore
import WebhookSimulation
import WebhooksSQLite

/// A host with tables of its own in the store's database: a row and an event exist both or not at all. A process, so that it
/// can be killed.
package enum HostProcess {
    static let idPrefix = "host-"

    /// Commits rows with their events for some seconds, and prints the id of each once it is committed.
    ///
    /// - Parameters:
    ///   - arguments: the store, the name of this run, the seed, how long in milliseconds, and the pause between
    ///     transactions in milliseconds.
    package static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 5, let seed = UInt64(arguments[2]), let length = Int(arguments[3]),
            let pause = Int(arguments[4])
        else { return 64 }
        do {
            try commit(arguments[0], name: arguments[1], random: SeededGenerator(seed: seed), length, pause)
            return 0
        } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_FULL, .SQLITE_IOERR].contains(error.resultCode)
        {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            return 69
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            return 70
        }
    }

    private static func commit(
        _ store: String,
        name: String,
        random: SeededGenerator,
        _ length: Int,
        _ pause: Int
    ) throws {
        var random = random
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        let pool = try DatabasePool(path: store, configuration: configuration)
        try SQLiteStore.prepare(pool)
        try pool.write { database in
            try database.execute(sql: "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, notes TEXT)")
            try database.execute(sql: "CREATE TABLE IF NOT EXISTS audits (id INTEGER PRIMARY KEY, text TEXT)")
        }
        let end = ContinuousClock.now + .milliseconds(length)
        var number = 0
        while .now < end {
            number += 1
            let id = "\(idPrefix)\(name)-\(number)"
            let isRolledBack = random.chance(10)
            let isSilent = random.chance(70)
            let rows = random.pick(0...100)
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for _ in 0..<rows {
                        try database.execute(sql: "INSERT INTO audits (text) VALUES (?)", arguments: ["of \(id)"])
                    }
                    if isSilent { return .commit }
                    try database.execute(sql: "INSERT INTO orders VALUES (?, '')", arguments: [id])
                    let event = try Event(topic: Topic.hosted, data: ByteString(EventData.text(id)), id: id)
                    _ = try SQLiteStore.append(event, in: database)
                    return isRolledBack ? .rollback : .commit
                }
            }
            if !isSilent && !isRolledBack { FileHandle.standardOutput.write(Data("\(id)\n".utf8)) }
            if pause > 0 { usleep(UInt32(random.pick(0...pause)) * 1000) }
        }
    }
}
