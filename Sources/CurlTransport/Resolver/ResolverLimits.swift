/// The bounds of a ``SystemResolver``.
///
/// Names that wait for a thread have no bound of their own: a name waits for as long as a request does that needs it,
/// and whoever sends requests bounds those.
public struct ResolverLimits: Sendable {
    /// Threads that look names up; each blocks while it does. They start when they are needed. Defaults to 48.
    public var threads: Int
    /// How many of the threads names may occupy that have not answered in time before. Defaults to two thirds.
    public var threadsForUnprovenNames: Int
    /// How many of those names may occupy that are known to be slow or silent, so that they keep neither names with a
    /// record of answers nor names never tried waiting. Defaults to a sixth of the threads.
    public var threadsForSlowNames: Int
    /// How many threads the unproven names of one registrable domain may occupy. Defaults to 4.
    public var threadsPerDomain: Int
    /// A lookup that takes longer counts against its name. Defaults to 1 s.
    public var slowLookup: Duration
    /// How long an answer is used. Defaults to 20 s.
    public var positiveAge: Duration
    /// How long a failure is used. Defaults to 1 s.
    public var negativeAge: Duration
    /// Names that are remembered. Defaults to 20,000.
    public var cachedNames: Int

    public init(
        threads: Int = 48,
        threadsForUnprovenNames: Int? = nil,
        threadsForSlowNames: Int? = nil,
        threadsPerDomain: Int = 4,
        slowLookup: Duration = .seconds(1),
        positiveAge: Duration = .seconds(20),
        negativeAge: Duration = .seconds(1),
        cachedNames: Int = 20_000
    ) {
        self.threads = max(1, threads)
        self.threadsForUnprovenNames = max(1, min(threadsForUnprovenNames ?? threads * 2 / 3, threads))
        self.threadsForSlowNames = max(1, min(threadsForSlowNames ?? threads / 6, self.threadsForUnprovenNames))
        self.threadsPerDomain = max(1, threadsPerDomain)
        self.slowLookup = slowLookup
        self.positiveAge = positiveAge
        self.negativeAge = negativeAge
        self.cachedNames = max(1, cachedNames)
    }
}
