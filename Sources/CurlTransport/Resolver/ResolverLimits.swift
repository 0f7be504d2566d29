/// The bounds of a ``SystemResolver``.
public struct ResolverLimits: Sendable {
    /// Threads that look names up; each blocks while it does. Defaults to 16.
    public var threads: Int
    /// How many of the threads names without an answer so far may occupy, so that names whose servers are silent can't
    /// keep the others waiting. Defaults to 12.
    public var threadsForUnprovenNames: Int
    /// Names that may wait for a thread. Defaults to 10,000.
    public var queuedNames: Int
    /// How long an answer is used. Defaults to 20 s.
    public var positiveAge: Duration
    /// How long a failure is used. Defaults to 1 s.
    public var negativeAge: Duration
    /// Answers that are kept. Defaults to 20,000.
    public var cachedNames: Int

    public init(
        threads: Int = 16,
        threadsForUnprovenNames: Int = 12,
        queuedNames: Int = 10_000,
        positiveAge: Duration = .seconds(20),
        negativeAge: Duration = .seconds(1),
        cachedNames: Int = 20_000
    ) {
        self.threads = max(1, threads)
        self.threadsForUnprovenNames = max(1, min(threadsForUnprovenNames, threads))
        self.queuedNames = max(1, queuedNames)
        self.positiveAge = positiveAge
        self.negativeAge = negativeAge
        self.cachedNames = max(1, cachedNames)
    }
}
