#if PostgreSQL
    internal import WebhookCore

    /// An error as the server, or libpq, reports it.
    struct PostgresFailure: Error, Sendable {
        /// The five characters of SQLSTATE; `nil`: libpq's own, such as a lost connection.
        var state: String?
        /// The primary message alone: it names tables and columns. Details, which quote values, are left out.
        var message: String
        /// True when the connection can't be used any more.
        var isConnectionLost: Bool
        /// The index of the statement among those that were sent together.
        var statement: Int?
        /// The constraint that a row breaks.
        var constraint: String?

        /// The part that is to blame.
        var fault: StoreFault { StoreFault(state: isConnectionLost ? nil : state) }

        /// True when the same transaction may succeed at once: it met another one.
        var isCollision: Bool {
            state == "40001" || state == "40P01"
                || isTaken && ["messages_event_id", "answers_pkey"].contains(constraint)
        }

        /// Tells whether another row has what must be one row's alone.
        var isTaken: Bool { state == "23505" }

        /// True when the tables are not what a statement expects.
        var isSchemaMismatch: Bool { ["42P01", "42703", "42883", "42804", "3F000"].contains(state) }
    }

    /// The part that is to blame for an error: one row, or the store.
    enum StoreFault: Equatable {
        /// The one row's that was written: it would be refused again, and others are not.
        case row
        /// The store's: whoever writes fails now, and may succeed later.
        case store
        /// The server doesn't say. Whether others pass decides.
        case unclear

        /// - Parameter state: SQLSTATE.
        init(state: String?) {
            guard let state, state.utf8.count == 5 else {
                self = .store
                return
            }
            switch state.prefix(2) {
            // Data, constraints, a view's check, program limits.
            case "22", "23", "44", "54": self = .row
            // Connections, transactions, rights, resources, an operator's doing, the system, damage.
            case "08", "25", "28", "2D", "3B", "3D", "40", "53", "55", "57", "58", "72", "XX", "0A": self = .store
            case "42": self = .store
            // P0001 is what a trigger raises.
            default: self = .unclear
            }
        }
    }

    extension PostgresTarget {
        /// Does what needs the server: an error is one of the store's, and names this database.
        func access<Value>(_ body: () throws -> Value) throws(StoreError) -> Value {
            do {
                return try body()
            } catch {
                throw StoreError(error, self)
            }
        }
    }

    extension StoreError {
        /// Makes the error that the caller gets: the cause, and what to do.
        init(_ error: any Error, _ target: PostgresTarget) {
            switch error {
            case let error as StoreError: self = error
            case let error as PostgresFailure: self.init(error, target)
            default: self.init(.unavailable, "\(target): \(error)")
            }
        }

        /// - Parameter message: libpq's, which names hosts and users and no password. It has no SQLSTATE for a connection
        ///   that didn't come about: the server's words say what it was.
        init(connecting message: String, _ target: PostgresTarget) {
            let advice: String
            func says(_ words: String...) -> Bool { words.contains { message.contains($0) } }
            if says("not permitted to log in") {
                advice = "the login is refused; ALTER ROLE … LOGIN lets the role in again"
            } else if says("authentication failed", "no pg_hba.conf entry", "no password supplied")
                || (says("role \"") && says("\" does not exist"))
            {
                advice = "the login is refused; check user, password and pg_hba.conf"
            } else if says("database \""), says("\" does not exist") {
                advice = "create the database (createdb), or correct the URL"
            } else if says("too many clients", "remaining connection slots", "too many connections") {
                advice = "raise max_connections, or close some connections"
            } else if says("starting up", "shutting down", "in recovery mode") {
                advice =
                    "the server starts or stops; a dispatcher tries again by itself, an emit may be repeated under its id"
            } else if says("timeout expired") {
                advice = "nothing answers; check host, port and firewalls"
            } else {
                advice = "check that the server runs there and takes connections"
            }
            // What a server has answered was reached.
            let what = says("FATAL:") ? "can't be used" : "can't be reached"
            self.init(.unavailable, "\(target) \(what): \(message): \(advice)")
        }

        private init(_ failure: PostgresFailure, _ target: PostgresTarget) {
            let reason = failure.message
            switch failure.state ?? "" {
            case "28P01", "28000":
                self.init(.unavailable, "\(target) refuses the login: \(reason); check user, password and pg_hba.conf")
            case "3D000":
                self.init(
                    .unavailable,
                    "\(target): there is no such database: create it (createdb), or correct the URL"
                )
            case "42501":
                self.init(.readOnly, "\(target): \(reason): GRANT the role that right", remedy: .inMessage)
            case "53100":
                self.init(.full, "no room on the disk of \(target): free some and try again", remedy: .inMessage)
            case "53200":
                self.init(.unavailable, "the server of \(target) is out of memory: \(reason)")
            case "53300":
                self.init(
                    .unavailable,
                    "\(target) takes no more connections: raise max_connections, or close some"
                )
            case "25006":
                self.init(
                    .readOnly,
                    "\(target) is read-only: it may be a standby; connect to the primary",
                    remedy: .inMessage
                )
            case "26000", "42P05":
                self.init(
                    .unavailable,
                    """
                    \(target) forgets prepared statements: a transaction pooler is in between; connect past it, or let it pool \
                    sessions
                    """
                )
            case "57P01", "57P02", "57P03":
                self.init(.unavailable, "\(target) is shutting down or starting: \(reason)")
            case "57014", "55P03":
                self.init(.busy, "\(target) was held by another program for too long: \(reason)")
            case "40001", "40P01":
                self.init(.busy, "\(target): other transactions were in the way again and again: \(reason)")
            case "XX001", "XX002":
                self.init(
                    .damaged,
                    "\(target) is damaged: \(reason); restore it from a backup",
                    remedy: .restoreDatabase
                )
            case "22012" where failure.message.contains("fenced"):
                self.init(.locked, reason)
            case _ where failure.isSchemaMismatch:
                self.init(
                    .damaged,
                    "\(target): the tables are not what this program makes: \(reason)",
                    remedy: .restoreDatabase
                )
            case _ where failure.fault == .row:
                self.init(.refused, "\(target) refuses the row: \(reason)")
            default:
                self.init(.unavailable, "\(target): \(reason)")
            }
        }
    }
#endif
