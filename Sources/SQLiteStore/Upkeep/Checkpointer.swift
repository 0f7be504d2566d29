internal import GRDB
internal import GRDBSQLite
internal import WebhookCore

/// Moves a dispatcher's write-ahead log into the database.
///
/// SQLite before 3.51.3 damages the file when a checkpoint begins at a log that is moved already, and another connection's
/// commit begins the log anew in the same moment: the checkpoint then takes new pages for moved ones. One checkpointing
/// process is not enough to prevent that. So each checkpoint here follows a commit of the same connection, with none in
/// between: what that commit wrote is not moved yet, and until it is nobody begins the log anew.
///
/// Unchecked, because it is touched on the writing connection's queue only.
final class Checkpointer: @unchecked Sendable {
    /// A commit that finds so many pages (of 4 KiB) in the log moves them.
    static let pages: Int32 = 4_000
    /// How long to wait for our turn to write: holds nobody up.
    static let turnLimit: Duration = .seconds(1)
    /// How long to wait for readers, while nobody else can write.
    static let readerLimit: Duration = .milliseconds(200)

    /// Pages in the log after our last commit; `nil`: checkpointed since, or nothing was committed.
    private var logged: Int32?

    /// Begins to count what our commits leave in the log.
    func attach(to db: Database) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            db.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<Checkpointer>.fromOpaque(context).takeUnretainedValue().logged = pages
                return SQLITE_OK
            },
            context
        )
    }

    /// To be called after every commit of ours.
    /// - Returns: whether it has checkpointed.
    func committed(_ db: Database) -> Bool {
        guard let logged, logged >= Self.pages else { return false }
        // As for SQLite itself, a checkpoint that fails is no failure of the commit.
        _ = try? checkpoint(db, SQLITE_CHECKPOINT_PASSIVE)
        return true
    }

    /// Moves everything and empties the log's file, as far as nobody is in the way for longer than a moment.
    func empty(_ db: Database, _ busyWait: BusyWait) throws -> CheckpointResult {
        do {
            // First what takes long, while others write.
            try busyWait.limited(to: Self.turnLimit) { try commit(db) }
            guard try checkpoint(db, SQLITE_CHECKPOINT_PASSIVE).isWhole else { return .readerInTheWay }
            // Then the rest, which holds writers up.
            let waits = busyWait.waits
            try busyWait.limited(to: Self.turnLimit) { try commit(db) }
            let areOthersWriting = busyWait.waits > waits
            let end = try busyWait.limited(to: Self.readerLimit) { try checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE) }
            if !end.isBusy { return .emptied }
            return areOthersWriting ? .writerInTheWay : .readerInTheWay
        } catch let error as DatabaseError where error.isBusy {
            return .writerInTheWay
        }
    }

    /// Moves what can be moved without anybody's help, although no commit of ours has preceded: for a log whose file has
    /// lost its name, in which nobody else can begin anew.
    func rescue(_ db: Database) {
        logged = 1
        _ = try? checkpoint(db, SQLITE_CHECKPOINT_PASSIVE)
    }

    /// Leaves a page in the log that is not moved yet. A row that stays as it was would not be written.
    private func commit(_ db: Database) throws {
        do {
            try RawStatement(db, "BEGIN IMMEDIATE").run()
            try RawStatement(db, "UPDATE webhooks_schema SET checkpoints = checkpoints + 1").run()
            try RawStatement(db, "COMMIT").run()
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            throw error
        }
    }

    private func checkpoint(_ db: Database, _ mode: Int32) throws -> (isWhole: Bool, isBusy: Bool) {
        guard logged != nil else { return (isWhole: false, isBusy: true) }
        logged = nil
        var (all, moved): (Int32, Int32) = (-1, -1)
        let code = sqlite3_wal_checkpoint_v2(db.sqliteConnection, nil, mode, &all, &moved)
        switch code & 0xFF {
        case SQLITE_OK: return (all == moved, false)
        case SQLITE_BUSY, SQLITE_LOCKED: return (all >= 0 && all == moved, true)
        default:
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code),
                message: sqlite3_errmsg(db.sqliteConnection).map { String(cString: $0) }
            )
        }
    }
}

/// What an attempt to empty the write-ahead log came to.
public enum CheckpointResult: Sendable, Hashable {
    /// All is in the database.
    case emptied
    /// Somebody reads, in a transaction that needs what is in the log.
    case readerInTheWay
    /// Somebody writes without leaving a gap.
    case writerInTheWay
}
