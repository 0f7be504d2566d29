internal import GRDB
internal import WebhookCore

extension StoreError {
    /// Makes the error that the caller gets from one of SQLite's, of GRDB's or of our own.
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

    /// The disk of a store is full.
    static func noRoom(_ path: String) -> StoreError {
        StoreError(.full, "no room for \(path): free some and try again")
    }

    private init(_ error: DatabaseError, path: String) {
        // SQLite's terms name tables and columns, never values.
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self = .noRoom(path)
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
            // The shared index could not grow: on a full disk this comes before SQLITE_FULL.
            self.init(.full, "no room beside \(path): free some and try again")
        case .SQLITE_READONLY where error.extendedResultCode == .SQLITE_READONLY_DBMOVED:
            self.init(.replaced, "\(path) was moved or deleted while it was open: put it back, and start again")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            let file = StoreFiles(path).unwritable() ?? path
            self.init(.readOnly, "\(file) may not be written: \(reason)")
        case .SQLITE_IOERR where Self.lostParts.contains(error.extendedResultCode):
            // What must be there is not.
            self.init(.damaged, "\(path) or its write-ahead log was cut off: \(reason); restore it from a backup")
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_NOMEM:
            self.init(.unavailable, "not enough memory to work on \(path)")
        case .SQLITE_IOERR:
            // The disk, which may come back.
            let advice =
                "the system's log (`dmesg`) may say why, and whether this process may write as much (`ulimit -f`)"
            self.init(.unavailable, "\(path): \(reason); \(advice)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
            self.init(.damaged, "\(path) is damaged or no database: \(reason); restore it from a backup")
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            self.init(.busy, "\(path) was held by another program for too long")
        case _ where StoreFault(error) == .row:
            self.init(.refused, "\(path) refuses the row: \(reason)")
        case .SQLITE_NOMEM:
            self.init(.unavailable, "not enough memory to work on \(path)")
        case .SQLITE_MISUSE:
            self.init(.unavailable, "\(path) is closed")
        case .SQLITE_CANTOPEN:
            self.init(.unavailable, "\(path) or a file beside it can't be opened: check folder, rights and open files")
        case .SQLITE_NOLFS:
            self.init(.unavailable, "\(path) is larger than the system allows")
        default:
            // SQLITE_ERROR, SCHEMA, ABORT, INTERRUPT: passing trouble; that the schema is another is found by comparing it. The
            // rest is no answer to what a store asks.
            self.init(.unavailable, "\(path): \(reason)")
        }
    }

    /// Reads that ended before what must be there.
    private static let lostParts: [ResultCode] = [
        .SQLITE_IOERR_SHORT_READ, .SQLITE_IOERR_DATA, .SQLITE_IOERR_CORRUPTFS,
    ]
}
