internal import GRDB
internal import WebhookCore

/// Batches that failed as a whole, applied again with each member in a savepoint of its own, so that the store refuses
/// only what it can't take.
///
/// A trigger may roll the whole transaction back (`RAISE(ROLLBACK)`): then everything starts again, and what is known
/// to be refused is left out.
final class RowTrial {
    /// The transaction was rolled back and must begin again.
    struct Restart: Error {}

    /// A step in applying a member of a batch.
    struct Step: Hashable {
        enum Kind: Hashable {
            case result, settlement, health, resumption, acceptance, fanOut, openCancellation, setAside, claim
            case body, delivery, failedDelivery
            case event, subscription
        }

        var kind: Kind
        var member: Int
        var part: Int64 = 0
        fileprivate(set) var batch = 0
    }

    private struct Refused {
        var error: DatabaseError
        var isUnclear: Bool
    }

    /// The index of the batch that is being applied.
    var batch = 0
    private var refused: [Step: Refused] = [:]
    private var passed: Set<Step.Kind> = []

    /// Takes a step in a savepoint.
    ///
    /// - Returns: `nil` where the store refuses it; ``reason(_:)`` says why.
    /// - Throws: what is the store's fault, or ``Restart``.
    func take<Value>(_ step: Step, in session: BatchSession, _ body: () throws -> Value) throws -> Value? {
        let step = placed(step)
        guard refused[step] == nil else { return nil }
        let db = session.db
        try PreparedStatement(db, "SAVEPOINT webhooks_row").run()
        let known = session.names.uncommittedCount
        do {
            let value = try body()
            try PreparedStatement(db, "RELEASE webhooks_row").run()
            passed.insert(step.kind)
            return value
        } catch let error as DatabaseError where StoreFault(error) != .store {
            session.resetStatements()
            refused[step] = Refused(error: error, isUnclear: StoreFault(error) == .unclear)
            guard db.isInsideTransaction else { throw Restart() }
            try PreparedStatement(db, "ROLLBACK TO webhooks_row").run()
            try PreparedStatement(db, "RELEASE webhooks_row").run()
            session.names.rollback(to: known)
            session.forgetIDs()
            return nil
        }
    }

    /// The reason why a step was refused.
    func reason(_ step: Step) -> String {
        guard let error = refused[placed(step)]?.error else { return "the store refuses it" }
        return error.message ?? "\(error.resultCode)"
    }

    /// The error of a refused step, for the member that can't do without it.
    func error(of step: Step) -> DatabaseError {
        refused[placed(step)]?.error ?? DatabaseError(resultCode: .SQLITE_CONSTRAINT)
    }

    /// Checks that no unclear error stands alone: where no other member of its kind passed, it is the store's.
    ///
    /// - Throws: that error.
    func checkVerdicts() throws {
        for (step, refusal) in refused where refusal.isUnclear && !passed.contains(step.kind) { throw refusal.error }
    }

    private func placed(_ step: Step) -> Step {
        var step = step
        step.batch = batch
        return step
    }
}

/// The part that is to blame for an error: one row, or the store.
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
