internal import GRDB
internal import Glibc
public import WebhookCore

extension SQLiteStore {
    /// The size of the write-ahead log in bytes; 0 where there is none.
    ///
    /// It grows while a reader holds its transaction: a dispatcher looks now and then, and warns.
    public func walSize() -> Int {
        var status = stat()
        return stat(files.wal, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Moves the log into the database and empties it as far as no reader needs it. For a dispatcher that is idle;
    /// takes as long as the disk does.
    ///
    /// - Throws: ``StoreError``; `readOnly` unless the store is a dispatcher's.
    public func checkpoint() throws(StoreError) {
        guard role == .dispatcher, let writer else {
            throw StoreError(.readOnly, "only a dispatcher checkpoints")
        }
        do {
            try writer.writeWithoutTransaction { db in
                // Waits for nobody: what a reader keeps stays for the next time.
                _ = try db.checkpoint(.passive)
                try db.execute(sql: "PRAGMA busy_timeout = 0")
                defer { try? db.execute(sql: "PRAGMA busy_timeout = \(Int(Connection.busyTimeout * 1_000))") }
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }
}
