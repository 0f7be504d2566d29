internal import WebhookCore

/// Looks names up with the system's resolver (getaddrinfo), on a bounded pool of threads of its own.
///
/// getaddrinfo blocks and can't be cancelled: a caller is answered at its deadline, while the lookup goes on in its
/// thread. One lookup runs per name at a time, and others join it; answers and failures are kept for a short while.
/// Where names wait for a thread, those go first that have answered before, then those never tried, then those that are
/// known to be slow; the time that a name waits is not counted as the lookup's.
public final class SystemResolver: HostResolver {
    private let pool: LookupPool

    /// Makes a resolver; threads start with the first lookups.
    public convenience init(limits: ResolverLimits = ResolverLimits()) {
        self.init(limits: limits, lookup: AddressLookup.addresses)
    }

    /// Makes a resolver that looks names up with `lookup`, which may block.
    init(
        limits: ResolverLimits,
        lookup: @escaping @Sendable (String) -> Result<[IPAddress], ResolutionError>
    ) {
        pool = LookupPool(limits: limits, lookup: lookup)
    }

    deinit { pool.stop() }

    public func resolve(_ query: HostQuery, completion: @escaping @Sendable (HostAnswer) -> Void) {
        pool.request(query, completion: completion)
    }
}
