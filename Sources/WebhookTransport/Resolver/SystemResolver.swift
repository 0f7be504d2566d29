internal import CWebhooksCurl
internal import Glibc
internal import WebhookCore

/// Looks names up with the system's resolver (getaddrinfo), on a bounded pool of threads of its own.
///
/// getaddrinfo blocks and can't be cancelled: a caller is answered at its deadline, while the lookup goes on in its
/// thread. One lookup runs per name at a time, and others join it; answers and failures are kept for a short while.
/// Where names wait for a thread, those go first that have answered before, then those never tried, then those that are
/// known to be slow; the time that a name waits is not counted as the lookup's.
package final class SystemResolver: HostResolver {
    private let pool: LookupPool

    /// Makes a resolver; threads start with the first lookups.
    ///
    /// - Parameter onLookup: told of every lookup that has ended, on its thread: what failed, if anything, and how long it
    ///   took. `nil`: nobody is.
    package convenience init(
        limits: ResolverLimits = ResolverLimits(),
        onLookup: (@Sendable (ResolutionError?, Duration) -> Void)? = nil
    ) {
        self.init(limits: limits) { host in
            guard let onLookup else { return AddressLookup.addresses(of: host) }
            let start = MonotonicTime.now
            let answer = AddressLookup.addresses(of: host)
            let error: ResolutionError? = if case .failure(let error) = answer { error } else { nil }
            onLookup(error, .now - start)
            return answer
        }
    }

    /// Makes a resolver that looks names up with `lookup`, which may block.
    init(
        limits: ResolverLimits,
        lookup: @escaping @Sendable (String) -> Result<[IPAddress], ResolutionError>
    ) {
        pool = LookupPool(limits: limits, lookup: lookup)
    }

    deinit { pool.stop() }

    package func resolve(_ query: HostQuery, completion: @escaping @Sendable (HostAnswer) -> Void) {
        pool.request(query, completion: completion)
    }
}

// The constants of the socket interface come with this module on Linux.

/// The system's blocking name lookup, with /etc/hosts and nsswitch.conf honoured.
enum AddressLookup {
    /// Looks up a name. Blocks for as long as the system's resolver sees fit.
    ///
    /// Both families are asked for, whatever this machine can reach: every address has to be vetted. The system sorts
    /// those that can't be reached from here last (RFC 6724).
    static func addresses(of host: String) -> Result<[IPAddress], ResolutionError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(error(code, errno)) }
        defer { freeaddrinfo(list) }

        var addresses: [IPAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let pointer = entry.ai_addr,
                let found = SocketAddress(pointer, length: Int(entry.ai_addrlen)),
                !addresses.contains(found.address)
            else { continue }
            addresses.append(found.address)
        }
        return addresses.isEmpty ? .failure(.notFound) : .success(addresses)
    }

    private static func error(_ code: Int32, _ reason: Int32) -> ResolutionError {
        switch code {
        case EAI_NONAME, noData, noFamily: .notFound
        case EAI_MEMORY: .exhausted
        case EAI_SYSTEM where [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(reason): .exhausted
        default: .unavailable
        }
    }

    // EAI_NODATA and EAI_ADDRFAMILY of <netdb.h>, which hides them behind _GNU_SOURCE.
    private static let noData: Int32 = -5
    private static let noFamily: Int32 = -9
}
