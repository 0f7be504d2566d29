/// Why a store did not do what it was asked to.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// There is no store at that place.
        case missing
        /// It can't be opened, read or written.
        case unavailable
        /// Another dispatcher holds the lock.
        case locked
        /// A writer held the database for too long.
        case busy
        /// No room on the disk.
        case full
        /// The folder or file may not be written.
        case readOnly = "read_only"
        /// Not our database, or damaged.
        case damaged
        /// It won't take this one row: its size, a constraint, a trigger. Others are taken as before.
        case refused
        /// One of its files was deleted, renamed, replaced, cut off or given a second name while it was open.
        case replaced
        /// The schema is newer than this program.
        case newerSchema = "newer_schema"
    }

    public var code: Code
    /// For people: what happened, to which file, and what to do next.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// Whether trying again can't mend it: what works on the store has to stop.
    public var isFinal: Bool {
        switch code {
        case .damaged, .replaced, .newerSchema: true
        case .missing, .unavailable, .locked, .busy, .full, .readOnly, .refused: false
        }
    }
}
