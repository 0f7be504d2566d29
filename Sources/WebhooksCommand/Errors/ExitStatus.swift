/// How the process ends; thrown where all has been said already.
enum ExitStatus: Int32, Error {
    /// Done, and all delivered.
    case success = 0
    /// Done, but a delivery failed or waits, an id is unknown, something was refused or a check is negative.
    case negative = 1
    case usage = 64
    /// The configuration or an event is invalid.
    case data = 65
    /// The store is missing, locked, full or damaged.
    case unavailable = 69
    /// A bug.
    case software = 70
}
