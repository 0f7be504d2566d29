internal import WebhookCore

/// Decides how long a dispatcher waits for a lock that somebody else holds.
///
/// A command holds it for a moment, another `run` for good, unless they share it. Who can't be told is neither.
struct LockWait {
    /// The longest wait for a holder that doesn't say who it is.
    static let unknownLimit: Duration = .seconds(2)
    /// The longest wait for one and the same command.
    static let commandLimit: Duration = .seconds(600)

    private let role: DispatcherRole
    private let isStandby: Bool
    private let isShared: Bool
    private var holder: LockHolder?
    private var start: ContinuousClock.Instant?

    /// - Parameters:
    ///   - isStandby: whether to wait for whoever it is, for as long as it takes; defaults to `false`.
    ///   - isShared: whether several may `run` at the same time; defaults to `false`.
    init(role: DispatcherRole, isStandby: Bool = false, isShared: Bool = false) {
        (self.role, self.isStandby, self.isShared) = (role, isStandby, isShared)
    }

    /// The time until the next try. A standby may wait for weeks.
    var pause: Duration { isStandby ? .milliseconds(100) : .milliseconds(20) }

    /// Tells whether to try again, after the lock was refused.
    /// - Parameter holder: who holds the lock; `nil`: nobody any more, or somebody who doesn't say.
    mutating func triesAgain(_ holder: LockHolder?, at now: ContinuousClock.Instant) -> Bool {
        if isStandby { return true }
        guard role == .run else { return false }
        var holder = holder
        if holder?.role == DispatcherRole.run.rawValue {
            guard isShared else { return false }
            // It is no obstacle: whoever was has ended meanwhile, and nobody can tell any more who that was.
            holder = nil
        }
        if start == nil || holder != self.holder { (self.holder, start) = (holder, now) }
        let limit = holder == nil ? Self.unknownLimit : Self.commandLimit
        return start.map { now - $0 < limit } ?? true
    }
}
