extension SubscriptionHealth {
    /// A pause: deliveries are held, first attempts too; none is cancelled, and nothing counts as failure.
    public struct Paused: Sendable, Hashable {
        /// When it was asked for.
        public var at: Timestamp
        /// When it ends by itself; `nil`: when somebody lifts it.
        public var until: Timestamp?

        public init(at: Timestamp, until: Timestamp? = nil) {
            self.at = at
            self.until = until
        }

        /// How long it lasts from now on; `nil` without an end.
        ///
        /// Never longer than was asked for, also where the clock that wrote it was ahead, or the one that reads it is
        /// behind.
        public func remaining(at now: Timestamp) -> Duration? {
            guard let until else { return nil }
            return .milliseconds(max(0, until.milliseconds - max(now, at).milliseconds))
        }

        /// Whether it holds deliveries at a moment.
        public func isInForce(at now: Timestamp) -> Bool { remaining(at: now) != .zero }
    }
}
