/// Why a name has no addresses.
public enum ResolutionError: Error, Sendable, Hashable {
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
