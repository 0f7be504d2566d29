/// How far the first attempts of emitted events are.
public struct FirstAttempts: Sendable, Hashable {
    /// Whether every delivery has had its first attempt, has settled without one, or is held by a pause.
    public var areDone: Bool
    /// Deliveries without a finished first attempt, those that a pause holds aside.
    public var outstanding: Int
    /// Deliveries that a pause holds: nobody waits for them.
    public var paused: Int

    public init(areDone: Bool, outstanding: Int, paused: Int = 0) {
        self.areDone = areDone
        self.outstanding = outstanding
        self.paused = paused
    }
}
