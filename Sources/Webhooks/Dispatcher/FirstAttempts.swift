/// How far the first attempts of emitted events are.
public struct FirstAttempts: Sendable, Hashable {
    /// Whether every delivery has had its first attempt, or has settled without one.
    public var areDone: Bool
    /// Deliveries without a finished first attempt.
    public var outstanding: Int

    public init(areDone: Bool, outstanding: Int) {
        self.areDone = areDone
        self.outstanding = outstanding
    }
}
