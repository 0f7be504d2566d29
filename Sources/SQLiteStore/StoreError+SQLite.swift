internal import GRDB
internal import WebhookCore

extension StoreError {
    /// What an error of SQLite's, of GRDB's or of our own means to the caller.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as StoreError:
            self = error
            // Whatever it is, the reader of the message must know which file to look at.
            if !message.contains(path) { message = "\(path): \(message)" }
        case let error as DatabaseError: self.init(error, path: path)
        default: self.init(.unavailable, "\(path): \(error)")
        }
    }

    private init(_ error: DatabaseError, path: String) {
        // SQLite's words name tables and columns, never values.
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.full, "no room for \(path): free some and try again")
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
            // The shared index could not grow: on a full disk this comes before SQLITE_FULL.
            self.init(.full, "no room beside \(path): free some and try again")
        case .SQLITE_READONLY where error.extendedResultCode == .SQLITE_READONLY_DBMOVED:
            self.init(.unavailable, "\(path) was moved or deleted while it was open")
        case .SQLITE_READONLY, .SQLITE_PERM:
            self.init(.readOnly, "\(path) may not be written: \(reason)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
            self.init(.damaged, "\(path) is damaged or no database: \(reason); restore it from a backup")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "\(path) was held by another program for too long")
        case _ where StoreFault(error) == .row:
            self.init(.refused, "\(path) refuses the row: \(reason)")
        default:
            self.init(.unavailable, "\(path): \(reason)")
        }
    }

    /// Something is written in the database that this program would not write.
    static func damaged(_ what: String) -> StoreError {
        StoreError(.damaged, "the data is damaged: \(what)")
    }
}
