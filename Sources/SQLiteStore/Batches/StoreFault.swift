internal import GRDB
internal import WebhookCore

/// Whose fault an error is.
enum StoreFault: Equatable {
    /// The one row's that was written: it would be refused again, and others are not.
    case row
    /// The store's: whoever writes fails now, and may succeed later.
    case store
    /// SQLite doesn't say. Whether others pass decides.
    case unclear

    init(_ error: any Error) {
        guard let error = error as? DatabaseError else {
            self = .store
            return
        }
        switch error.resultCode {
        case .SQLITE_TOOBIG, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_RANGE:
            self = .row
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CORRUPT, .SQLITE_NOTADB,
            .SQLITE_FORMAT, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL, .SQLITE_INTERRUPT,
            .SQLITE_SCHEMA, .SQLITE_NOLFS, .SQLITE_AUTH:
            self = .store
        default:
            self = .unclear
        }
    }
}
