internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import WebhookCore

/// Moves a dispatcher's write-ahead log into the database.
///
/// SQLite before 3.51.3 damages the file when a checkpoint begins at a log that is moved already, and another
/// connection's commit starts the log again at the same time: the checkpoint then takes new pages for moved ones. One
/// checkpointing process is not enough to prevent that. So each checkpoint here follows a commit of the same
/// connection, with none in between: what that commit wrote is not moved yet, and until it is nobody starts the log
/// again. Or it is made by a second connection while this one holds the right to write: then nobody commits.
///
/// Unchecked, because it is touched on the writing connection's queue only.
final class Checkpointer: @unchecked Sendable {
    /// A commit that finds this number of pages (of 4 KiB) in the log moves them: 16 MiB of them, and less where that
    /// would be much of the disk.
    let pages: Int32
    /// The time between two vain tries to make room.
    static let roomPause: Duration = .seconds(1)
    /// The longest wait for readers, while nobody else can write.
    static let readerLimit: Duration = .milliseconds(200)
    /// The number of looks for readers while the rest is moved: one whose transaction is about to end is no obstacle.
    static let readerLooks = 20

    /// A log of this size, in bytes, is moved in our turn at once: moving first what others don't wait for would take
    /// time in which they write as much again.
    var largeLog = 64 * 1024 * 1024
    /// The longest wait for our turn to write: holds nobody up.
    var turnLimit: Duration = .seconds(1)
    /// For tests: what others do between two steps of emptying the log.
    var interlude: ((Step) -> Void)?

    /// Points at which others may get in while the log is emptied. For tests.
    enum Step: Hashable {
        /// Before the file is cut off.
        case cuttingOff
        /// Before our turn to write, in which the rest is moved.
        case takingTurn
        /// The rest is moved.
        case moved
    }

    /// Moves while the writing connection holds the right to write; opened when it is needed.
    private var mover: DatabaseQueue?
    /// Pages in the log after our last commit; `nil`: checkpointed since, or nothing was committed.
    private var logged: Int32?
    /// No try to make room before it.
    private var nextRoom: ContinuousClock.Instant?

    /// - Parameter diskSize: of the file system, in bytes; `nil` where it is not known.
    init(diskSize: Int?) {
        // On its way into the database everything takes its room twice.
        pages = Int32(clamping: min(4_000, max(64, (diskSize ?? .max) / 8 / 4_096)))
    }

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
    func committed(_ db: StoreDatabase) -> Bool {
        guard let logged, logged >= pages else { return false }
        // As for SQLite itself, a checkpoint that fails is no failure of the commit.
        _ = try? checkpoint(db, SQLITE_CHECKPOINT_PASSIVE)
        return true
    }

    /// Moves everything and empties the log's file, as far as nobody is in the way for longer than a moment.
    ///
    /// One turn to write is enough for the log to start again, however little of a gap others leave.
    /// - Parameters:
    ///   - size: the log's, in bytes.
    ///   - openMover: opens a second connection to the same files.
    func empty(
        _ db: StoreDatabase,
        size: Int,
        _ busyWait: BusyWait,
        openMover: () throws -> DatabaseQueue
    ) throws -> CheckpointResult {
        var isMoved = false
        do {
            if size < largeLog {
                // First what takes long, while others write. A full disk has no room for the commit before it.
                let hasRoom = try ifRoom { try busyWait.limited(to: turnLimit) { try commit(db) } }
                if hasRoom, try checkpoint(db, SQLITE_CHECKPOINT_PASSIVE).isWhole, try cutOff(db, busyWait) {
                    return .emptied
                }
            }
            // Then the rest, which holds writers up for as long as it takes to move it.
            interlude?(.takingTurn)
            isMoved = try moveInTurn(db, busyWait, openMover)
            guard isMoved else { return .readerInTheWay }
            interlude?(.moved)
            return try cutOff(db, busyWait) ? .emptied : .restarted
        } catch let error as DatabaseError where error.isBusy {
            return isMoved ? .restarted : .writerInTheWay
        } catch let error as DatabaseError where isMoved && error.isLackOfRoom {
            return .noRoom
        }
    }

    /// Lets the log start again where there is no room to write on: what was committed goes to the pages that the
    /// database has, and the log's file is filled again. It keeps its size, which another program would take at once.
    ///
    /// - Returns: whether it is worth while to write again.
    func makeRoom(_ db: StoreDatabase, _ busyWait: BusyWait, openMover: () throws -> DatabaseQueue) -> Bool {
        if let nextRoom, ContinuousClock.now < nextRoom { return false }
        let hasRoom = (try? moveInTurn(db, busyWait, openMover)) ?? false
        // Where the database has to grow, all that is there is copied, and in vain.
        nextRoom = hasRoom ? nil : ContinuousClock.now + Self.roomPause
        return hasRoom
    }

    /// - Returns: whether there was room for what was to be written.
    private func ifRoom(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch let error as DatabaseError where error.isLackOfRoom {
            return false
        }
    }

    /// Lets go of the second connection.
    func close() {
        try? mover?.close()
        mover = nil
    }

    /// Moves what is left and cuts the log's file off, unless somebody is in the way.
    private func cutOff(_ db: StoreDatabase, _ busyWait: BusyWait) throws -> Bool {
        try busyWait.limited(to: turnLimit) { try commit(db) }
        interlude?(.cuttingOff)
        return try !busyWait.limited(to: Self.readerLimit) { try checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE) }.isBusy
    }

    /// Moves what is left while nobody else can write. If that was all, the log starts again with the next commit,
    /// whoever makes it.
    private func moveInTurn(
        _ db: StoreDatabase,
        _ busyWait: BusyWait,
        _ openMover: () throws -> DatabaseQueue
    ) throws -> Bool {
        let mover = try self.mover ?? openMover()
        self.mover = mover
        _ = try busyWait.limited(to: turnLimit) { try PreparedStatement(db, "BEGIN IMMEDIATE").run() }
        // Nothing is written in our turn: what a commit left in the log would keep it from starting again.
        defer { try? db.rollback() }
        for look in 0..<Self.readerLooks {
            if look > 0 { usleep(BusyWait.pause) }
            let move = try mover.writeWithoutTransaction { try Self.run($0, SQLITE_CHECKPOINT_PASSIVE) }
            if move.isWhole { return true }
        }
        return false
    }

    /// Moves what can be moved without anybody's help, although no commit of ours has preceded: for a log whose file
    /// has lost its name, in which nobody else can start again.
    func rescue(_ db: StoreDatabase) {
        logged = 1
        _ = try? checkpoint(db, SQLITE_CHECKPOINT_PASSIVE)
    }

    /// Leaves a page in the log that is not moved yet. A row that stays as it was would not be written.
    private func commit(_ db: StoreDatabase) throws {
        do {
            try PreparedStatement(db, "BEGIN IMMEDIATE").run()
            try PreparedStatement(db, "UPDATE webhooks_schema SET checkpoints = checkpoints + 1").run()
            try PreparedStatement(db, "COMMIT").run()
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            throw error
        }
    }

    private func checkpoint(_ db: StoreDatabase, _ mode: Int32) throws -> (isWhole: Bool, isBusy: Bool) {
        guard logged != nil else { return (isWhole: false, isBusy: true) }
        logged = nil
        return try Self.run(db.connection, mode)
    }

    /// Moves what nobody is in the way of.
    ///
    /// - Parameter cutsOff: whether to cut the file off as well.
    /// - Returns: whether that was all.
    static func move(_ db: Database, cutsOff: Bool) throws -> Bool {
        guard cutsOff else { return try run(db, SQLITE_CHECKPOINT_PASSIVE).isWhole }
        return try !run(db, SQLITE_CHECKPOINT_TRUNCATE).isBusy
    }

    private static func run(_ db: Database, _ mode: Int32) throws -> (isWhole: Bool, isBusy: Bool) {
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

/// The result of trying to empty the write-ahead log.
package enum CheckpointResult: Sendable, Hashable {
    /// All is in the database.
    case emptied
    /// All that the log held in our turn is in the database, and the log starts again with the next commit; its file
    /// keeps its size, for somebody writes without leaving a gap.
    case restarted
    /// Somebody reads, in a transaction that needs what is in the log.
    case readerInTheWay
    /// Somebody writes without leaving a gap.
    case writerInTheWay
    /// All that the log held in our turn is in the database, and there is no room for the commit after which its file is cut
    /// off.
    case noRoom
}
