package import WebhookCore

/// Finds the addresses of a name. A transport asks it once for every request to a name; address literals never reach it.
package protocol HostResolver: Sendable {
    /// Starts a lookup and returns at once.
    ///
    /// - Parameter completion: called exactly once, on any thread.
    func resolve(_ query: HostQuery, completion: @escaping @Sendable (HostAnswer) -> Void)
}

/// A name to look up.
package struct HostQuery: Sendable, Hashable {
    /// The name in ASCII, lower case.
    package var host: String
    /// True when the endpoint has answered before, perhaps in an earlier process: its name goes first where names wait.
    package var isProven: Bool
    /// The longest time that the lookup may take, from the time at which it begins; the caller is answered then even if
    /// the lookup itself goes on. Waiting for the lookup to begin does not count.
    package var timeout: Duration

    package init(host: String, isProven: Bool = false, timeout: Duration) {
        self.host = host
        self.isProven = isProven
        self.timeout = timeout
    }
}

/// The result of a lookup.
package struct HostAnswer: Sendable {
    /// The addresses in the order to try them in, never none.
    package var result: Result<[IPAddress], ResolutionError>
    /// The time that the query waited before its lookup began: time that is not the delivery's.
    package var waited: Duration

    package init(_ result: Result<[IPAddress], ResolutionError>, waited: Duration = .zero) {
        self.result = result
        self.waited = waited
    }
}

/// A reason why a name has no addresses.
package enum ResolutionError: Error, Sendable, Hashable {
    /// There is no such name, or it has no address.
    case notFound
    /// The name servers failed for now.
    case unavailable
    /// Nothing came in time.
    case timedOut
    /// Local resources ran out (memory, file descriptors).
    case exhausted

    /// The error in words, without the name.
    var detail: String {
        switch self {
        case .notFound: "the name has no address"
        case .unavailable: "the name servers could not answer"
        case .timedOut: "the name servers did not answer in time"
        case .exhausted: "the lookup ran out of local resources"
        }
    }
}

/// The bounds of a ``SystemResolver``.
///
/// Names that wait for a thread have no bound of their own: a name waits for as long as a request does that needs it,
/// and whoever sends requests bounds those.
package struct ResolverLimits: Sendable {
    /// Threads that look names up; each blocks while it does. They start when they are needed. Defaults to 48.
    package var threads: Int
    /// The most threads for names that have not answered in time before. Defaults to two thirds.
    package var threadsForUnprovenNames: Int
    /// The most of those threads for names that are known to be slow or silent, so that they keep neither names with a
    /// record of answers nor names never tried waiting. Defaults to a sixth of the threads.
    package var threadsForSlowNames: Int
    /// The most threads that the unproven names of one registrable domain may occupy. Defaults to 4.
    package var threadsPerDomain: Int
    /// A lookup that takes longer counts against its name. Defaults to 1 s.
    package var slowLookup: Duration
    /// The time for which an answer is used. Defaults to 20 s.
    package var positiveAge: Duration
    /// The time for which a failure is used. Defaults to 1 s.
    package var negativeAge: Duration
    /// Names that are remembered. Defaults to 20,000.
    package var cachedNames: Int

    package init(
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
