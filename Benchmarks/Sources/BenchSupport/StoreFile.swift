internal import CBench
internal import Foundation

/// A store's file as SQLite sees it from outside.
public struct StoreFile: Sendable {
    public let path: String

    public init(_ path: String) {
        self.path = path
    }

    /// The first number that a statement gives.
    public func number(_ sql: String) -> Int {
        var result: Int64 = 0
        guard cbench_sqlite(path, sql, &result) else { fail("\(path) can't be read") }
        return Int(result)
    }

    /// Bytes, the write-ahead log aside.
    public var size: Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    /// Removes the database and what stands beside it.
    public func remove() {
        for suffix in ["", "-wal", "-shm", ".lock"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}
