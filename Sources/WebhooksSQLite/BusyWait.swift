internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import Synchronization
internal import WebhookCore

/// Waits while another connection holds a lock: looks often, and gives up after a bounded time.
///
/// SQLite's own handler looks after 1, 2, 5, … 100 ms, and never gets its turn beside a program that begins its next
/// transaction within microseconds of its last.
final class BusyWait: Sendable {
    /// The longest wait for another connection's transaction.
    static let usualLimit: Duration = .seconds(5)
    /// The sleep between two looks, in microseconds.
    static let pause: UInt32 = 200

    private struct State {
        var limit = usualLimit
        var start = ContinuousClock.Instant.now
        var waits = 0
    }

    private let state = Mutex(State())

    /// The number of waits for a lock.
    var waits: Int { state.withLock { $0.waits } }

    /// Tells whether to look again; sleeps before it says so.
    ///
    /// - Parameter tries: how often was looked already; 0 when a wait begins.
    func looksAgain(after tries: Int) -> Bool {
        let mayWait = state.withLock { state in
            let now = ContinuousClock.now
            if tries == 0 { (state.start, state.waits) = (now, state.waits + 1) }
            return now - state.start < state.limit
        }
        if mayWait { usleep(Self.pause) }
        return mayWait
    }

    /// Waits at most so long for each lock during an operation.
    func limited<R>(to limit: Duration, _ operation: () throws -> R) rethrows -> R {
        let usual = state.withLock { state in
            defer { state.limit = limit }
            return state.limit
        }
        defer { state.withLock { $0.limit = usual } }
        return try operation()
    }
}

extension Database {
    /// Waits for a lock no longer than a limit during an operation, however long the connection's owner would have it wait.
    func limitingBusyWait<Value>(to limit: Duration, _ operation: () throws -> Value) rethrows -> Value {
        switch configuration.busyMode {
        case .immediateError: return try operation()
        case .timeout(let seconds):
            guard seconds * 1000 > Double(limit.wholeMilliseconds) else { return try operation() }
            sqlite3_busy_timeout(sqliteConnection, Int32(clamping: limit.wholeMilliseconds))
            defer { sqlite3_busy_timeout(sqliteConnection, Int32(min(seconds * 1000, Double(Int32.max)))) }
            return try operation()
        case .callback:
            sqlite3_busy_timeout(sqliteConnection, Int32(clamping: limit.wholeMilliseconds))
            defer { restoreBusyCallback() }
            return try operation()
        }
    }

    /// Has SQLite ask the callback of the connection's configuration again. The connection is open no longer than the
    /// database object is there.
    private func restoreBusyCallback() {
        sqlite3_busy_handler(
            sqliteConnection,
            { context, tries in
                guard let context else { return 0 }
                let db = Unmanaged<Database>.fromOpaque(context).takeUnretainedValue()
                guard case .callback(let callback) = db.configuration.busyMode else { return 0 }
                return callback(Int(tries)) ? 1 : 0
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }
}
