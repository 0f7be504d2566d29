internal import Glibc

/// Why a receiver can't listen, or a wait ended early.
public enum ReceiverError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The host is no address.
    case host(String)
    /// A system call failed; `code` is `errno`.
    case system(call: String, code: Int32)
    /// The receiver was stopped while somebody waited for a request.
    case stopped

    /// The failure of a call that has just returned.
    static func last(_ call: String) -> ReceiverError { .system(call: call, code: errno) }

    public var description: String {
        switch self {
        case .host(let host): "\(host) is not an address to listen on"
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .stopped: "the receiver was stopped"
        }
    }
}
