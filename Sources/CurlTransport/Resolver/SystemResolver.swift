internal import Dispatch
public import WebhookCore

/// Looks names up with the system's resolver (getaddrinfo), on a bounded pool of threads of its own.
///
/// getaddrinfo blocks and can't be cancelled: a caller is answered at its deadline, while the lookup goes on in its
/// thread. One lookup runs per name at a time, and others join it; answers and failures are kept for a short while.
public final class SystemResolver: HostResolver {
    private let pool: LookupPool
    private let timers = DispatchQueue(label: "webhooks.resolver.timers")

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

    public func resolve(
        _ host: String,
        timeout: Duration,
        completion: @escaping @Sendable (Result<[IPAddress], ResolutionError>) -> Void
    ) {
        guard let ticket = pool.request(host, completion: completion) else { return }
        let pool = pool
        timers.asyncAfter(deadline: .now() + .nanoseconds(Int(clamping: timeout.wholeNanoseconds))) {
            pool.giveUp(host, ticket: ticket)
        }
    }
}
