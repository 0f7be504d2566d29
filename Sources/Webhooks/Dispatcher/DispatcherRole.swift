/// Why a process holds a store's dispatcher lock.
public enum DispatcherRole: String, Sendable, Hashable {
    /// It delivers everything.
    case run
    /// It delivers what it emits, and ends.
    case emit
    /// It sends a test, and ends.
    case test
    /// It sends again what it was asked to, and ends.
    case retrigger
}
