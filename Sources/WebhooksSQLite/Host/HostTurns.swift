internal import Dispatch
internal import GRDB
internal import Synchronization
internal import WebhookCore

/// The store's turns on connections that a host uses as well.
///
/// Who waits for one longer than the limit is told, and does without. Once the store is closed, nothing of it begins any
/// more: a turn that was asked for by a dispatcher that has ended must not write beside the next one.
final class HostTurns: Sendable {
    /// The longest wait for a host that holds its connection.
    static let usualLimit: Duration = .seconds(5)

    private struct Waiting {
        var number: UInt64
        var end: ContinuousClock.Instant
        var giveUp: @Sendable (StoreError) -> Void
    }

    private struct State {
        /// In the order in which they were asked for, which is that of their ends.
        var waiting: [Waiting] = []
        var lastNumber: UInt64 = 0
        var isWatched = false
        var isClosed = false
    }

    private let name: String
    private let limit: Duration
    private let state = Mutex(State())
    /// Held while a turn on the writing connection is under way.
    private let underWay = Mutex(())

    /// - Parameters:
    ///   - name: the database's, for messages.
    ///   - limit: the longest wait for a turn; defaults to ``usualLimit``.
    init(name: String, limit: Duration = usualLimit) {
        (self.name, self.limit) = (name, limit)
    }

    /// Runs work on a host's writing connection, in the order of the calls.
    ///
    /// - Parameters:
    ///   - work: done on the connection's queue, outside of a transaction.
    ///   - giveUp: called instead, on any queue, where there was no turn; then nothing was done, and nothing will be.
    func write(
        on writer: any DatabaseWriter,
        _ work: @escaping @Sendable (Database) -> Void,
        orElse giveUp: @escaping @Sendable (StoreError) -> Void
    ) {
        guard let number = ask(giveUp) else { return giveUp(closed) }
        writer.asyncWriteWithoutTransaction { [self] db in
            underWay.withLock { _ in
                guard begin(number) else { return }
                if let error = refusal(db) { giveUp(error) } else { work(db) }
            }
        }
    }

    /// Runs work that reads one consistent state, on one of a pool's readers, or on the only connection that a host has.
    func read(
        on database: any DatabaseWriter,
        _ work: @escaping @Sendable (Result<Database, any Error>) -> Void,
        orElse giveUp: @escaping @Sendable (StoreError) -> Void
    ) {
        guard let pool = database as? DatabasePool else {
            // A queue's own way to read ends the process where the queue is closed.
            let reading: @Sendable (Database) -> Void = { db in
                do {
                    try PreparedStatement(db, "BEGIN").run()
                } catch {
                    return work(.failure(error))
                }
                work(.success(db))
                db.endReading()
            }
            return write(on: database, reading, orElse: giveUp)
        }
        guard let number = ask(giveUp) else { return giveUp(closed) }
        pool.asyncRead { [self] db in
            guard begin(number) else { return }
            work(db)
        }
    }

    /// The number of turns that are waited for.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Lets nothing begin any more; returns once nothing is under way. Whoever waits is told.
    func close() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return state.waiting
        }
        for turn in waiting { turn.giveUp(closed) }
        underWay.withLock { _ in }
    }

    private func ask(_ giveUp: @escaping @Sendable (StoreError) -> Void) -> UInt64? {
        let (number, needsWatch) = state.withLock { state -> (UInt64?, Bool) in
            guard !state.isClosed else { return (nil, false) }
            state.lastNumber += 1
            state.waiting.append(Waiting(number: state.lastNumber, end: .now + limit, giveUp: giveUp))
            defer { state.isWatched = true }
            return (state.lastNumber, !state.isWatched)
        }
        if needsWatch { watch(for: limit) }
        return number
    }

    /// Takes the turn out of those that are waited for; false where nobody waits for it any more.
    private func begin(_ number: UInt64) -> Bool {
        state.withLock { state in
            guard let position = state.waiting.firstIndex(where: { $0.number == number }) else { return false }
            state.waiting.remove(at: position)
            return true
        }
    }

    /// Looks, after a time, for those who have waited too long.
    private func watch(for time: Duration) {
        let milliseconds = Int(clamping: time.wholeMilliseconds) + 1
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(max(1, milliseconds))) { [weak self] in
            self?.look()
        }
    }

    private func look() {
        let now = ContinuousClock.now
        let (late, next) = state.withLock { state in
            let late = state.waiting.prefix { $0.end <= now }
            state.waiting.removeFirst(late.count)
            let next = state.waiting.first?.end
            state.isWatched = next != nil
            return (late, next)
        }
        if let next { watch(for: next - now) }
        for turn in late { turn.giveUp(held) }
    }

    private func refusal(_ db: Database) -> StoreError? {
        guard db.sqliteConnection != nil else { return HostDatabase.closed(name) }
        // Somebody else's: to end it would take back, or commit, what they have done.
        guard !db.isInsideTransaction else {
            return StoreError(
                .busy,
                "\(name): the host leaves a transaction open between two accesses to its writer, and nothing can be stored"
            )
        }
        return nil
    }

    private var held: StoreError {
        StoreError(
            .busy,
            """
            \(name): the host has held its database for \(limit) (a long transaction, or something else that waits \
            within `write { … }`), and nothing can be stored until it lets go
            """
        )
    }

    private var closed: StoreError { StoreError(.unavailable, "\(name): the dispatcher has ended") }
}
