// The constants of the socket interface come with this module on Linux.
internal import CCurl
internal import Glibc
internal import WebhookCore

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
